from __future__ import annotations

import shutil

import numpy as np
import pytest

from helpers.videos import square_image
from trajvqa.extract.image_models import ImageModel

IMAGE = square_image(40, 24)
BOXES = np.array([[40, 24, 56, 40], [0, 0, 16, 16], [10, 2, 90, 60]], np.float32)


@pytest.mark.parametrize(
    ("name", "size"), [("resnet", 16), ("dinov2", 16), ("vit", 16), ("clip", 10)], ids=lambda each: str(each)
)
def test_images_have_the_pooled_output_or_the_embedding_of_the_library(models, name, size):
    import torch
    import transformers

    model = ImageModel(models / name)
    assert model.size == size
    found = model.encode([model.prepared(IMAGE)] * 3)
    processor = transformers.AutoImageProcessor.from_pretrained(models / name, backend="pil")
    library = transformers.AutoModel.from_pretrained(models / name).eval()
    inputs = processor(images=[IMAGE], return_tensors="pt", input_data_format="channels_last")
    with torch.inference_mode():
        if name == "clip":
            expected = library.get_image_features(**inputs).pooler_output
        elif name == "vit":
            # Its classifier reads the first state; the pooler has no weights.
            expected = library(**inputs).last_hidden_state[:, 0]
        else:
            expected = library(**inputs).pooler_output.flatten(1)
    np.testing.assert_allclose(found, np.repeat(expected.numpy(), 3, axis=0), atol=1e-5)


@pytest.mark.parametrize("name", ["resnet", "dinov2", "clip"])
def test_boxes_are_told_apart_by_what_they_show(models, name):
    model = ImageModel(models / name, batch_size=2)
    square, ground, whole = model.describe(IMAGE, BOXES)
    again = model.describe(square_image(8, 24), np.array([[8, 24, 24, 40]], np.float32))[0]
    assert square.shape == (model.size,)
    assert np.abs(square - again).max() < np.abs(square - ground).max()
    assert not np.allclose(square, whole)


@pytest.mark.parametrize("name", ["resnet", "clip"])
def test_boxes_that_are_empty_or_outside_of_the_image_have_finite_features(models, name):
    boxes = np.array([[5, 5, 5, 5], [-500, -500, -400, -400], [90, 60, 5000, 5000], [-1e6, 0, 1e6, 1]], np.float32)
    assert np.isfinite(ImageModel(models / name).describe(IMAGE, boxes)).all()


def test_a_frame_without_boxes_has_no_rows(models):
    assert ImageModel(models / "resnet").describe(IMAGE, np.empty((0, 4), np.float32)).shape == (0, 16)


def test_a_folder_without_an_image_processor_is_refused(models, tmp_path):
    folder = shutil.copytree(models / "resnet", tmp_path / "resnet")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match=r"resnet: found no preprocessor_config\.json, expected a folder of Transf"):
        ImageModel(folder)


def test_a_model_of_another_kind_is_refused(models, tmp_path):
    folder = shutil.copytree(models / "bert", tmp_path / "bert")
    shutil.copy(models / "resnet" / "preprocessor_config.json", folder)
    with pytest.raises(ValueError, match="found a model that takes no images"):
        ImageModel(folder)
