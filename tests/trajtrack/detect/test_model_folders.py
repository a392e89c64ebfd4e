from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers import tiny_detectors
from trajtrack.detect.model_folders import CONFIG, WEIGHTS, check_folder, folder_identity, load_folder, read_config

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_detectors.save(tmp_path_factory.mktemp("models") / "rt-detr")


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match="absent: found no such folder, expected a folder of Transformers"):
        check_folder(tmp_path / "absent", CONFIG)


def test_a_missing_file_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"found no \*\.safetensors, expected .* with config\.json and \*\.safe"):
        check_folder(tmp_path, CONFIG, WEIGHTS)


def test_a_configuration_that_is_no_object_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"config\.json: found \[1\], expected a JSON object"):
        read_config(tmp_path)


def test_a_copy_has_the_same_identity_and_other_weights_another(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    identity = folder_identity(folder, CONFIG, WEIGHTS)
    assert sorted(identity["files"]) == ["config.json", "model.safetensors"]
    assert folder_identity(copy, CONFIG, WEIGHTS) == identity
    with open(copy / "model.safetensors", "ab") as file:
        file.write(b" ")
    assert folder_identity(copy, CONFIG, WEIGHTS) != identity


def test_weights_that_may_be_absent_are_listed(folder, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    weights = safetensors.load_file(copy / "model.safetensors")
    absent = [name for name in sorted(weights) if name.startswith("model.backbone")][:2]
    safetensors.save_file({name: weights[name] for name in weights if name not in absent}, copy / "model.safetensors")
    with pytest.raises(ValueError, match="found no weights for 2 parameters"):
        load_folder(copy, "AutoModelForObjectDetection")
    _, _, listed = load_folder(copy, "AutoModelForObjectDetection", optional="model.backbone")
    assert listed == absent
