"""Checkpoints, written atomically and tied to one experiment."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from dataclasses import asdict, dataclass
from typing import Any

import torch

from trajtrack.files.atomic import atomic_output
from trajtrack.printable import printable_errors, shown
from trajvqa.config import Experiment, experiment_from
from trajvqa.data.batches import Inputs
from trajvqa.data.splits import Schema, inputs_of
from trajvqa.extract.recipe import Recipe
from trajvqa.models import create_model

__all__ = [
    "Checkpoint",
    "decisive_settings",
    "load_checkpoint",
    "load_model",
    "load_weights",
    "require_same_experiment",
    "save_checkpoint",
]

_VERSION = 1
_ARCHIVE = b"PK\x03\x04"
_FREE = ("description", "training.device", "training.epochs", "training.workers")
"""Settings that may differ between a checkpoint and the run that resumes from it."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of training after an epoch."""

    experiment: Experiment
    """The experiment that is trained."""
    schema: Schema
    """Sizes, words and classes of the data."""
    epoch: int
    """Number of epochs done."""
    weights: dict[str, Any]
    """State of the model."""
    training: dict[str, Any]
    """States of optimiser and schedule, best accuracy so far, length of the log, and fingerprints of the data."""
    recipe: Recipe | None = None
    """How the features of the data were extracted; None if the data do not say it."""


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically: an earlier file stays until the new one is complete."""
    content = {
        "version": _VERSION,
        "experiment": asdict(checkpoint.experiment),
        "schema": checkpoint.schema.to_dict(),
        "epoch": checkpoint.epoch,
        "weights": checkpoint.weights,
        "training": checkpoint.training,
        "recipe": None if checkpoint.recipe is None else checkpoint.recipe.to_dict(),
    }
    # On a full disk, torch would raise an error that does not say so.
    packed = io.BytesIO()
    torch.save(content, packed)
    with atomic_output(path) as file:
        file.write(packed.getbuffer())
        file.flush()
        os.fsync(file.fileno())


@printable_errors
def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint without running code in it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a checkpoint of this package. The message names the file and the field.
    """
    name = os.fspath(path)
    _require_archive(name)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # Damaged files make torch raise errors of many types.
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise ValueError(
            f"{name}: found a checkpoint that cannot be read ({_reason(error)}), expected one of trajvqa"
        ) from error
    expected = ("version", "experiment", "schema", "epoch", "weights", "training")
    missing = [field for field in expected if not isinstance(content, dict) or field not in content]
    if missing:
        raise ValueError(f"{name}: {missing[0]}: found no such field, expected a checkpoint of trajvqa")
    version, epoch, weights, training = (content[field] for field in ("version", "epoch", "weights", "training"))
    if type(version) is not int or version != _VERSION:
        raise ValueError(f"{name}: version: found {shown(version)}, expected {_VERSION}")
    if type(epoch) is not int or epoch < 0:
        raise ValueError(f"{name}: epoch: found {shown(epoch)}, expected a number of epochs")
    if not isinstance(weights, dict) or not all(isinstance(weight, torch.Tensor) for weight in weights.values()):
        raise ValueError(f"{name}: weights: found {type(weights).__name__}, expected tensors by name")
    if not isinstance(training, dict):
        raise ValueError(f"{name}: training: found {shown(training)}, expected the state of a run")
    try:
        schema = Schema.from_dict(content["schema"])
    except ValueError as error:
        raise ValueError(f"{name}: schema: {error}") from error
    recipe = None
    if content.get("recipe") is not None:
        try:
            recipe = Recipe.from_dict(content["recipe"])
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}: recipe: {error}") from error
    return Checkpoint(experiment_from(content["experiment"], name), schema, epoch, weights, training, recipe)


def _require_archive(name: str) -> None:
    """Raise ValueError if a file is no archive, as all checkpoints are, or not a whole one."""
    with open(name, "rb") as file:
        beginning = file.read(len(_ARCHIVE))
        if beginning == _ARCHIVE and zipfile.is_zipfile(file):
            return
    found = "a file that was cut off" if beginning == _ARCHIVE else "another format" if beginning else "an empty file"
    raise ValueError(f"{name}: found {found}, expected a checkpoint of trajvqa")


def _reason(error: Exception) -> str:
    """Return why a checkpoint cannot be read; torch's advice to run the code in a file is left out."""
    if isinstance(error, pickle.UnpicklingError):
        return "it holds other objects than tensors, numbers and texts"
    text = " ".join(str(error).split())
    return text.partition(". ")[0][:200] or type(error).__name__


@printable_errors
def load_model(path: str | os.PathLike[str]) -> tuple[torch.nn.Module, Checkpoint]:
    """Return the model of a checkpoint, in evaluation mode, and the checkpoint.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_checkpoint`; also if the weights do not fit.
    """
    checkpoint = load_checkpoint(path)
    experiment = checkpoint.experiment
    try:
        _check_sizes(checkpoint)
        model = create_model(experiment.model, experiment.settings, inputs_of(None, checkpoint.schema, experiment))
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
    load_weights(path, model, checkpoint)
    return model.eval(), checkpoint


def _check_sizes(checkpoint: Checkpoint) -> None:
    """Raise ValueError if the weights have other shapes than the model, which is not given any memory for that.

    A damaged setting may describe a model that no memory holds.
    """
    experiment, schema = checkpoint.experiment, checkpoint.schema
    with torch.device("meta"):
        words, classes = (
            None if names is None else torch.empty(len(names), experiment.settings.word_size)
            for names in (schema.vocabulary, schema.classes)
        )
        inputs = Inputs(word_vectors=words, label_vectors=classes, **schema.sizes)
        model = create_model(experiment.model, experiment.settings, inputs)
    _require_weights(checkpoint.weights, model)


def _require_weights(weights: dict[str, Any], model: torch.nn.Module) -> None:
    """Raise ValueError unless weights are those of a model by name and shape."""
    expected = model.state_dict()
    for name, weight in expected.items():
        found = weights.get(name)
        if found is None or found.shape != weight.shape:
            text = "no such weights" if found is None else f"shape {tuple(found.shape)}"
            raise ValueError(f"weights: {name}: found {text}, expected shape {tuple(weight.shape)}")
    for name in weights:
        if name not in expected:
            raise ValueError(f"weights: {name}: found weights that the model does not have, expected none")


def load_weights(path: str | os.PathLike[str], model: torch.nn.Module, checkpoint: Checkpoint) -> None:
    """Load the weights of a checkpoint into a model.

    Raises
    ------
    ValueError
        If the weights do not fit. The message names the file.
    """
    try:
        _require_weights(checkpoint.weights, model)
        model.load_state_dict(checkpoint.weights)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(f"{os.fspath(path)}: weights: {' '.join(str(error).split())}") from error


def require_same_experiment(path: str | os.PathLike[str], found: Experiment, expected: Experiment) -> None:
    """Raise ValueError if a checkpoint is of another experiment, naming the file and the first setting that differs.

    The description, the device and the number of workers may differ: they do not change what is trained.
    """
    before, now = decisive_settings(found), decisive_settings(expected)
    for name in now:
        if before[name] != now[name]:
            raise ValueError(f"{os.fspath(path)}: {name}: found {shown(before[name])}, expected {shown(now[name])}")


def decisive_settings(experiment: Experiment) -> dict[str, Any]:
    """Return the settings that decide what is trained, by their paths."""
    return {name: value for name, value in _flat(asdict(experiment)).items() if name not in _FREE}


def _flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return flat
