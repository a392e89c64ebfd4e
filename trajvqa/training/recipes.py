"""Whether data were extracted as those that a model was trained on: equal widths may hold other features."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection

from trajvqa.config import Experiment
from trajvqa.data.batches import QuestionBatches
from trajvqa.data.splits import open_split
from trajvqa.extract.recipe import RECIPE_FILE, Recipe, find_recipe
from trajvqa.models import streams_of
from trajvqa.training.checkpoints import Checkpoint

__all__ = ["kinds_read", "open_split_for", "require_recipe"]

_FIELDS = {
    "frame": ("appearance", "motion", "clips", "frames_per_clip", "frame_rate"),
    "trajectory": ("detector", "fps", "frame_rate", "min_score", "link", "regions", "classes"),
    "region": ("appearance", "motion", "clips", "frames_per_clip", "frame_rate"),
    "bert": ("text",),
}
"""Fields of a recipe that decide the numbers of a kind of data."""


def kinds_read(experiment: Experiment) -> tuple[str, ...]:
    """Return the kinds of extracted data that a model reads: ``frame``, ``trajectory``, ``region`` and ``bert``."""
    text = ("bert",) if experiment.settings.text == "bert" else ()
    return (*streams_of(experiment.model, experiment.settings), *text)


def require_recipe(
    found: Recipe | None, source: str, expected: Recipe | None, checkpoint: str, kinds: Collection[str]
) -> None:
    """Raise ValueError if data were extracted in another way than the training data of a checkpoint.

    Parameters
    ----------
    found
        Recipe of the data; None if they do not say it.
    source
        Where the data lie, for messages.
    expected, checkpoint
        The same of the training data, and the path of the checkpoint.
    kinds
        Kinds of data that are read, as `kinds_read` returns them; what decides only others may differ.
    """
    if not kinds or (found is None and expected is None):
        return
    if found is None or expected is None:
        known, unknown = (checkpoint, source) if found is None else (source, checkpoint)
        raise ValueError(
            f"{source}: found features that may differ from those that {checkpoint} was trained on: the recipe of "
            f"{known} is known and that of {unknown} is not; expected the same {RECIPE_FILE} of 'trajvqa extract'"
        )
    decisive = {"version", *(name for kind in kinds for name in _FIELDS[kind])}
    others = [field.name for field in dataclasses.fields(Recipe) if field.name not in decisive]
    compared = dataclasses.replace(found, **{name: getattr(expected, name) for name in others})
    differences = compared.differences(expected)
    if differences:
        raise ValueError(
            f"{source}: found features of another recipe than those that {checkpoint} was trained on: "
            f"{'; '.join(differences)}"
        )


def open_split_for(
    path: str | os.PathLike[str], checkpoint: Checkpoint, data: str | os.PathLike[str], split: str
) -> QuestionBatches:
    """Open a split of any data for the model of a checkpoint; the questions need no answers.

    Raises
    ------
    FileNotFoundError, ValueError
        As `open_split`; also if the data were extracted in another way than those that the model was trained on.
    """
    require_recipe(
        find_recipe(data), os.fspath(data), checkpoint.recipe, os.fspath(path), kinds_read(checkpoint.experiment)
    )
    return open_split(data, split, checkpoint.experiment, checkpoint.schema, require_answers=False)
