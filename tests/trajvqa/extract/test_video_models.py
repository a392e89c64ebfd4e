from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from helpers.videos import moving_square
from trajvqa.extract.video_models import VideoModel

IMAGES = moving_square(8)


def test_features_are_the_mean_state_of_evenly_sampled_frames(models):
    import torch
    import transformers

    model = VideoModel(models / "videomae")
    found = model.encode([model.prepared(image) for image in IMAGES])
    processor = transformers.AutoImageProcessor.from_pretrained(models / "videomae", backend="pil")
    library = transformers.AutoModel.from_pretrained(models / "videomae").eval()
    chosen = [IMAGES[row] for row in (0, 2, 5, 7)]
    with torch.inference_mode():
        expected = library(**processor(chosen, return_tensors="pt")).last_hidden_state.mean(dim=1)[0]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_short_clips_repeat_frames(models):
    model = VideoModel(models / "videomae")
    assert model.encode([model.prepared(IMAGES[0])]).shape == (model.size,) == (12,)


def test_an_image_model_is_refused(models):
    with pytest.raises(ValueError, match="resnet: found a model of resnet, which has no number of frames, expected a"):
        VideoModel(models / "resnet")


def test_a_model_whose_own_processor_needs_torchvision_is_prepared_as_its_file_says(tmp_path):
    import transformers

    config = transformers.VJEPA2Config(
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        mlp_ratio=1,
        crop_size=32,
        pred_hidden_size=12,
        pred_num_hidden_layers=1,
        pred_num_attention_heads=2,
        frames_per_clip=4,
    )
    transformers.VJEPA2Model(config).save_pretrained(tmp_path)
    (tmp_path / "video_preprocessor_config.json").write_text(
        json.dumps({"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}})
    )
    model = VideoModel(tmp_path)
    frames = [model.prepared(image) for image in IMAGES]
    assert tuple(frames[0].shape) == (3, 32, 32)
    assert model.encode(frames).shape == (model.size,)


def test_a_folder_without_weights_is_refused(models, tmp_path):
    folder = shutil.copytree(models / "videomae", tmp_path / "videomae")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"videomae: found no \*\.safetensors"):
        VideoModel(folder)
