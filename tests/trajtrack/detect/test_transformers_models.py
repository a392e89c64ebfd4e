from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers import tiny_detectors
from helpers.videos import moving_square, write_video
from trajtrack.detect import TransformersDetector
from trajtrack.detect.sources import source_of

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("av")

IMAGES = [np.full((48, 64, 3), level, np.uint8) for level in (0, 120, 240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_detectors.save(tmp_path_factory.mktemp("models") / "rt-detr")


@pytest.fixture
def own_folder(folder: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder that a test may change."""
    return Path(shutil.copytree(folder, tmp_path / "model"))


@pytest.mark.parametrize("make", [tiny_detectors.rt_detr, tiny_detectors.d_fine, tiny_detectors.detr])
def test_boxes_are_those_of_the_librarys_own_post_processing(tmp_path, make):
    import torch
    import transformers

    tiny_detectors.save(tmp_path, make)
    detector = TransformersDetector(tmp_path)
    assert detector.names == tiny_detectors.NAMES
    processor = transformers.AutoImageProcessor.from_pretrained(tmp_path)
    model = transformers.AutoModelForObjectDetection.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        output = model(**processor(images=IMAGES, return_tensors="pt"))
    expected = processor.post_process_object_detection(output, threshold=0, target_sizes=[(48, 64)] * 3)
    for found, own in zip(detector(IMAGES), expected, strict=True):
        assert {name: found[name].tolist() for name in own} == {name: own[name].tolist() for name in own}


def test_a_video_has_detections_with_class_names(folder, tmp_path):
    video = write_video(tmp_path / "video.mp4", moving_square(5))
    found = trajtrack.detect(video, folder, threads=1)
    assert (found.num_frames, found.label_names) == (5, tiny_detectors.NAMES)
    assert len(found) == 50


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_folder_without_a_file_is_refused_before_anything_is_loaded(own_folder, name):
    (own_folder / name).unlink()
    with pytest.raises(ValueError, match=r"model: found no .*, expected a folder of Transformers with config\.json, "):
        source_of(own_folder)


def test_a_model_that_does_not_detect_is_refused(own_folder):
    config = json.loads((own_folder / "config.json").read_text())
    (own_folder / "config.json").write_text(json.dumps({**config, "architectures": ["CLIPModel"]}))
    with pytest.raises(ValueError, match=r"config\.json: found the architecture CLIPModel, expected one for object"):
        source_of(own_folder)


def test_a_configuration_that_is_not_json_is_refused(own_folder):
    (own_folder / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config\.json, line 1"):
        source_of(own_folder)


def test_weights_that_are_no_weights_are_refused(own_folder):
    (own_folder / "model.safetensors").write_bytes(b"git-lfs pointer")
    with pytest.raises(ValueError, match=r"model: found a model that cannot be loaded \("):
        TransformersDetector(own_folder)


def test_missing_weights_are_not_made_up(own_folder):
    safetensors = pytest.importorskip("safetensors.numpy")
    weights = safetensors.load_file(own_folder / "model.safetensors")
    absent = sorted(name for name in weights if "class_embed" in name)
    for name in absent:
        del weights[name]
    safetensors.save_file(weights, own_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"model: found no weights for \d+ parameters, the first of which is .*embed"):
        TransformersDetector(own_folder)


def test_a_device_that_does_not_exist_is_refused(folder):
    with pytest.raises(ValueError, match=r"^device: found 'tpu9' \(.*\), expected a device such as cpu or cuda$"):
        TransformersDetector(folder, device="tpu9")


def test_the_recipe_changes_with_the_weights(folder, own_folder):
    before = source_of(folder).recipe()
    assert source_of(own_folder).recipe() == before
    tiny_detectors.save(own_folder, seed=1)
    assert source_of(own_folder).recipe() != before


def test_loading_prints_nothing(folder, capfd):
    TransformersDetector(folder)
    assert capfd.readouterr() == ("", "")


def test_without_the_library_the_error_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"need its library: pip install 'trajtrack\[detect\]'$"):
        TransformersDetector(folder)


@pytest.mark.parametrize("make", [tiny_detectors.rt_detr, tiny_detectors.d_fine, tiny_detectors.detr])
def test_features_are_the_states_of_the_queries_whose_boxes_are_returned(tmp_path, monkeypatch, make):
    import torch

    detector = TransformersDetector(tiny_detectors.save(tmp_path, make), threads=1)
    assert detector.feature_size == 16
    outputs = detector._outputs(IMAGES)
    # The states of a model without training hardly differ.
    outputs.last_hidden_state = torch.arange(10.0).expand(3, 10).unsqueeze(2)
    outputs.logits = torch.randn(outputs.logits.shape, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(detector, "_outputs", lambda frames: outputs)
    for image, (plain, found) in enumerate(zip(detector(IMAGES), detector.with_features(IMAGES), strict=True)):
        queries = found.pop("features")[:, 0].astype(int)
        assert {name: found[name].tolist() for name in found} == {name: plain[name].tolist() for name in plain}
        assert len(set(queries)) > 1
        centres = outputs.pred_boxes[image, queries, :2].numpy() * [64, 48]
        assert np.allclose((found["boxes"][:, :2] + found["boxes"][:, 2:]) / 2, centres, atol=1e-3)
