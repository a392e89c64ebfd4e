from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import h5py
import pytest
import torch

from helpers.data_examples import CLASSES, CLIPS, small_experiment, write_data
from trajvqa.evaluation.accuracy import read_predictions
from trajvqa.evaluation.predict import predict
from trajvqa.training.checkpoints import load_checkpoint, load_model
from trajvqa.training.recipes import open_split_for
from trajvqa.training.trainer import train


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    train(small_experiment(epochs=1), write_data(folder / "data", ("train", "val")), folder / "run")
    return folder / "run" / "last.pt"


def changed(path: Path, folder: Path, *place_and_value: Any) -> Path:
    """Write a copy of a checkpoint with the value at a location replaced."""
    *place, last, value = place_and_value
    holder = content = torch.load(path, weights_only=True)
    for key in place:
        holder = holder[key]
    holder[last] = value
    torch.save(content, folder / "changed.pt")
    return folder / "changed.pt"


def test_a_checkpoint_is_read_with_its_model(path):
    model, checkpoint = load_model(path)
    assert checkpoint.epoch == 1
    assert not model.training


@pytest.mark.parametrize(
    ("model", "settings", "data"),
    [
        ("trajectory", {}, {}),
        ("trajectory", {"text": "bert"}, {"bert": True}),
        ("trajectory", {"trajectory_encoder": "segments"}, {"segment_clips": CLIPS}),
        ("l-gcn", {"trajectory_encoder": "segments"}, {"segment_clips": CLIPS}),
        ("hq-gau", {}, {"regions": True}),
    ],
    ids=["words", "text features", "segments", "segments of l-gcn", "regions"],
)
def test_a_checkpoint_of_each_kind_of_data_answers_as_its_run_did(tmp_path, model, settings, data):
    write_data(tmp_path / "data", **data)
    train(small_experiment(model, epochs=1, **settings), tmp_path / "data", tmp_path / "run")
    loaded, checkpoint = load_model(tmp_path / "run" / "best.pt")
    split = open_split_for(tmp_path / "run" / "best.pt", checkpoint, tmp_path / "data", "test")
    chosen = predict(loaded, split, checkpoint.experiment.training)
    assert dict(zip(split.questions.keys, chosen, strict=True)) == read_predictions(
        tmp_path / "run" / "predictions_test.json", split.questions
    )


def test_the_first_class_that_differs_from_those_of_the_training_data_is_named(path, tmp_path):
    data = write_data(tmp_path / "data")
    with h5py.File(data / "traj_feat" / "trajectories_test.h5", "r+") as file:
        file.attrs["classes"] = [CLASSES[0], "goose", *CLASSES[2:], "elk"]
    _, checkpoint = load_model(path)
    message = f"classes, row 1: found 'goose', expected {CLASSES[1]!r} as in the training data"
    with pytest.raises(ValueError, match=f"trajectories_test\\.h5: {message}$"):
        open_split_for(path, checkpoint, data, "test")


TABLE = torch.zeros(2, 2)


@pytest.mark.parametrize(
    ("place_and_value", "message"),
    [
        (("version", TABLE), "version: found tensor"),
        (("version", True), "version: found True, expected 1"),
        (("epoch", "1"), "epoch: found '1', expected a number of epochs"),
        (("epoch", -1), "epoch: found -1, expected a number of epochs"),
        (("weights", TABLE), "weights: found Tensor, expected tensors by name"),
        (("weights", {"a": 1}), "weights: found dict, expected tensors by name"),
        (("training", [1]), "training: found [1], expected the state of a run"),
        (("schema", TABLE), "schema: found tensor"),
        (("schema", "depth", 3), "schema: found {"),
        (("schema", "frame_size", TABLE), "schema: frame_size: found tensor"),
        (
            ("schema", "frame_size", 2**62),
            f"schema: frame_size: found {2**62}, expected a width of at most 1048576, or None",
        ),
        (("schema", "classes", ["a", 1]), "schema: classes: found ['a', 1], expected a list of texts, or None"),
        (("experiment", "model", TABLE), "model: found tensor"),
    ],
)
def test_a_field_that_is_not_as_expected_is_named(path, tmp_path, place_and_value, message):
    broken = changed(path, tmp_path, *place_and_value)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{broken}: {message}')}.*$"):
        load_checkpoint(broken)


@pytest.mark.parametrize(
    ("place_and_value", "message"),
    [
        (("experiment", "model", "other"), "model: found 'other', expected one of "),
        (("schema", "trajectory_size", None), "streams: found 'trajectory', but the data have no trajectory features"),
        (("schema", "frame_size", 9), "weights: frames.project.weight: found shape (16, 7), expected shape (16, 9)"),
        (("experiment", "settings", "hidden_size", 65536), "weights: "),
    ],
)
def test_a_model_that_the_weights_do_not_fit_is_named_without_being_built(path, tmp_path, place_and_value, message):
    broken = changed(path, tmp_path, *place_and_value)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{broken}: {message}')}"):
        load_model(broken)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda content: content[:1000], "a file that was cut off"),
        (lambda content: b"", "an empty file"),
        (lambda content: b"video,qid", "another format"),
    ],
)
def test_what_is_no_whole_archive_is_named(path, tmp_path, change, found):
    broken = tmp_path / "best.pt"
    broken.write_bytes(change(path.read_bytes()))
    with pytest.raises(
        ValueError, match=f"^{re.escape(f'{broken}: found {found}, expected a checkpoint of trajvqa')}$"
    ):
        load_checkpoint(broken)


def test_a_checkpoint_with_objects_of_other_programs_is_refused_without_advice_to_run_them(path, tmp_path):
    broken = changed(path, tmp_path, "folder", Path("run"))
    with pytest.raises(ValueError, match=r"\(it holds other objects than tensors, numbers and texts\)") as caught:
        load_checkpoint(broken)
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("frames.project.bias"), "frames.project.bias: found no such weights, expected"),
        (lambda weights: weights.update(extra=TABLE), "extra: found weights that the model does not have"),
    ],
)
def test_weights_that_a_model_lacks_or_does_not_have_are_named(path, tmp_path, change, message):
    content = torch.load(path, weights_only=True)
    change(content["weights"])
    torch.save(content, tmp_path / "changed.pt")
    with pytest.raises(ValueError, match=f"^{re.escape(f'{tmp_path}/changed.pt: weights: {message}')}"):
        load_model(tmp_path / "changed.pt")


def test_an_impossible_position_in_the_archive_is_no_error_of_the_system(path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: found a checkpoint that cannot be read"):
        load_checkpoint(path)
