"""Everything that decides the numbers in extracted files, so that those of one recipe are never mixed with others."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trajtrack.files.atomic import atomic_output
from trajtrack.printable import printable_errors, shown
from trajvqa.experiments.plain_yaml import load_yaml

__all__ = ["GEOMETRY", "MODELS", "QUERIES", "RECIPE_FILE", "ModelRecord", "Recipe", "find_recipe", "read_recipe"]

RECIPE_FILE = "recipe.yaml"
"""Name of the file in a data folder."""
VERSION = 1
"""Version of the way in which features are computed; raised when the same models give other numbers."""
QUERIES = "queries"
"""Region features are the states of the detector's queries."""
GEOMETRY = "geometry"
"""Trajectories are described by their boxes alone."""
MODELS = ("detector", "appearance", "motion", "regions", "text")
"""Fields of a recipe that may name a model."""


@dataclass(frozen=True)
class ModelRecord:
    """A model, where it was found and what tells it from others."""

    path: str
    """Folder, file, or name of a Python function."""
    identity: Mapping[str, Any]
    """JSON values: the kind of model, and hashes of its files."""

    def is_same(self, other: object) -> bool:
        """Return whether it is the same model, wherever it lies."""
        return isinstance(other, ModelRecord) and dict(self.identity) == dict(other.identity)


@dataclass(frozen=True)
class Recipe:
    """How features and trajectories were made from videos.

    Raises
    ------
    ValueError, TypeError
        The message names the field, what was found and what was expected.
    """

    detector: ModelRecord
    """Detector."""
    fps: float | None
    """Frames per second that it sees; None for every frame."""
    frame_rate: float | None
    """Frames per second of folders of images; None for the default."""
    min_score: float | None
    """Score below which its boxes are dropped; None keeps all."""
    link: Mapping[str, Any]
    """``method`` and the options of linking."""
    regions: str | ModelRecord
    """What describes boxes: ``queries`` of the detector, ``geometry``, or an image model."""
    appearance: ModelRecord | None
    """Image model of clips."""
    motion: ModelRecord | None
    """Video model of clips."""
    text: ModelRecord | None
    """Text model of questions with candidates."""
    clips: int
    """Number of clips of a video."""
    frames_per_clip: int
    """Number of frames of a clip."""
    classes: tuple[str, ...] | None
    """Class names in the order of the labels; None before they are known."""
    version: int = VERSION
    """Version of the way in which features are computed."""

    def __post_init__(self) -> None:
        for name in ("detector", "regions", *_OPTIONAL_MODELS):
            _check_model(name, getattr(self, name))
        for name in ("fps", "frame_rate", "min_score"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise TypeError(f"{name}: found {shown(value)}, expected a number or none")
        for name in ("clips", "frames_per_clip", "version"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: found {shown(value)}, expected an integer of at least 1")
        if self.version > VERSION:
            raise ValueError(f"version: found {self.version}, expected at most {VERSION}; use a newer trajvqa")
        if not isinstance(self.link, Mapping) or "method" not in self.link:
            raise ValueError(f"link: found {shown(self.link)}, expected a method and its options")
        _check_plain("link", self.link)
        classes = self.classes
        if classes is not None and (
            not all(isinstance(each, str) for each in classes) or len(set(classes)) < len(classes)
        ):
            raise ValueError(f"classes: found {shown(classes)}, expected different names")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON and YAML can hold, for `from_dict`."""
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return {"version": plain.pop("version"), **plain}

    @staticmethod
    def from_dict(values: object) -> Recipe:
        """Return the recipe in plain values.

        Raises
        ------
        ValueError, TypeError
            If a field is missing, unknown or invalid.
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"found {shown(values)}, expected the fields of a recipe")
        names = [field.name for field in dataclasses.fields(Recipe)]
        for name in values:
            if name not in names:
                raise ValueError(f"found an unknown field {shown(name)}, expected {', '.join(names)}")
        for name in names:
            if name not in values:
                raise ValueError(f"found no field {name}, expected {', '.join(names)}")
        given = dict(values)
        for name in MODELS:
            if isinstance(given[name], Mapping):
                given[name] = _model(name, given[name])
        classes = given["classes"]
        if classes is not None:
            if not isinstance(classes, list | tuple):
                raise TypeError(f"classes: found {shown(classes)}, expected a list of names")
            given["classes"] = tuple(classes)
        return Recipe(**given)

    def differences(self, expected: Recipe) -> list[str]:
        """Return in words how this recipe differs from another one; empty if it makes the same.

        Where models lie does not count. Classes that are not known yet do not differ.
        """
        words = []
        for field in dataclasses.fields(Recipe):
            theirs, ours = getattr(self, field.name), getattr(expected, field.name)
            if field.name == "link":
                names = dict.fromkeys([*ours, *theirs])
                words += [
                    f"{'linking method' if name == 'method' else name} {_word(theirs.get(name))} instead of "
                    f"{_word(ours.get(name))}"
                    for name in names
                    if theirs.get(name) != ours.get(name)
                ]
            elif field.name == "classes":
                if theirs is not None and ours is not None and theirs != ours:
                    words.append(_other_classes(theirs, ours))
            elif isinstance(theirs, ModelRecord) and isinstance(ours, ModelRecord):
                if not theirs.is_same(ours):
                    words.append(f"{_NOUNS[field.name]} {theirs.path}, other than {ours.path}")
            elif theirs != ours:
                name = _NOUNS.get(field.name, field.name)
                words.append(f"{name} {_word(theirs)} instead of {_word(ours)}")
        return words

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write the recipe of a data folder."""
        text = yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True, width=120)
        with atomic_output(Path(folder, RECIPE_FILE)) as file:
            file.write(text.encode())


def find_recipe(folder: str | os.PathLike[str]) -> Recipe | None:
    """Return the recipe of a data folder; None if it has none.

    Raises
    ------
    ValueError
        As `read_recipe`.
    """
    path = Path(folder, RECIPE_FILE)
    return read_recipe(path) if path.is_file() else None


@printable_errors
def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Return the recipe in a file.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it holds no recipe, naming the file and the field.
    """
    try:
        return Recipe.from_dict(load_yaml(Path(path).read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


_OPTIONAL_MODELS = ("appearance", "motion", "text")
_NOUNS = {
    "regions": "region features",
    "appearance": "appearance model",
    "motion": "motion model",
    "text": "text model",
    "detector": "detector",
    "frames_per_clip": "frames of a clip",
}


def _model(name: str, values: Mapping[str, Any]) -> ModelRecord:
    if set(values) != {"path", "identity"}:
        raise ValueError(f"{name}: found {shown(dict(values))}, expected path and identity")
    return ModelRecord(values["path"], values["identity"])


def _check_model(name: str, value: object) -> None:
    if isinstance(value, ModelRecord):
        if not isinstance(value.path, str):
            raise TypeError(f"{name}, path: found {shown(value.path)}, expected text")
        if not isinstance(value.identity, Mapping) or not value.identity:
            raise TypeError(f"{name}, identity: found {shown(value.identity)}, expected values by name")
        _check_plain(f"{name}, identity", value.identity)
        return
    if name == "regions" and value in (QUERIES, GEOMETRY):
        return
    if name in _OPTIONAL_MODELS and value is None:
        return
    expected = {"regions": f"{QUERIES}, {GEOMETRY} or a model", "detector": "a model"}.get(name, "a model or none")
    raise TypeError(f"{name}: found {shown(value)}, expected {expected}")


def _check_plain(name: str, values: Mapping[str, Any]) -> None:
    """Raise TypeError if JSON cannot hold values; YAML has dates and sets, too."""
    try:
        json.dumps(dict(values))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: found {shown(dict(values))}, expected plain values") from error


def _word(value: Any) -> str:
    if isinstance(value, ModelRecord):
        return value.path
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _other_classes(theirs: tuple[str, ...], ours: tuple[str, ...]) -> str:
    missing = [name for name in ours if name not in theirs]
    added = [name for name in theirs if name not in ours]
    if missing:
        return f"{len(theirs)} classes without {shown(missing[0])} instead of {len(ours)}"
    if added:
        return f"{len(theirs)} classes with {shown(added[0])} instead of {len(ours)}"
    return "classes in another order"
