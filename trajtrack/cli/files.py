"""Input files by pattern, and names for the outputs."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from trajtrack.console.errors import UsageError
from trajtrack.io import FORMATS

__all__ = ["Inputs", "distinct_names", "expand", "place_outputs", "same_file"]


@dataclass(frozen=True)
class Inputs:
    """The files that the words of a command name."""

    paths: list[str]
    """In the order given, those of a pattern by name; none twice."""
    by_pattern: bool
    """Whether a word was a pattern."""


def expand(words: Sequence[str]) -> Inputs:
    """Replace patterns by the files that match; a word that is a file's name is no pattern.

    Raises
    ------
    UsageError
        When no file matches a pattern.
    """
    paths: list[str] = []
    by_pattern = False
    for word in words:
        if os.path.lexists(word) or not glob.has_magic(word):
            paths.append(word)
            continue
        by_pattern = True
        matches = sorted(path for path in glob.glob(word, recursive=True) if os.path.isfile(path))
        if not matches:
            raise UsageError(f"{word}: no file matches")
        paths.extend(matches)
    return Inputs(list({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1], by_pattern)


def place_outputs(inputs: Inputs, output: str, output_format: str | None) -> list[Path]:
    """Return where the output of each input goes.

    Raises
    ------
    UsageError
        When two outputs would be one file, an output is an input, or a file stands where a folder is to be.
    """
    if len(inputs.paths) == 1 and not inputs.by_pattern and not _is_folder(output):
        places = [Path(output)]
    else:
        if os.path.exists(output) and not os.path.isdir(output):
            raise UsageError(f"{output}: found a file, expected a folder for the outputs of several inputs")
        names = distinct_names(inputs.paths)
        places = [
            Path(output) / f"{name}{_suffix(path, output_format)}"
            for name, path in zip(names, inputs.paths, strict=True)
        ]
    for place in places:
        for path in inputs.paths:
            if same_file(place, path):
                raise UsageError(f"{place}: the output would overwrite an input")
    return places


def _is_folder(output: str) -> bool:
    return os.path.isdir(output) or output.endswith(("/", os.sep))


def distinct_names(paths: Sequence[str]) -> list[str]:
    """Return the shortest ends of the paths that differ, without the suffix, their parts joined by ``-``.

    Raises
    ------
    UsageError
        When two differ in their suffix alone.
    """
    parts = [(*PurePath(os.path.abspath(path)).parts[1:-1], PurePath(path).stem) for path in paths]
    names: list[str] = []
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["-".join(own[-depth:]) for own in parts]
        if len({name.casefold() for name in names}) == len(names):
            return names
    seen: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        other = seen.setdefault(name.casefold(), path)
        if other != path:
            raise UsageError(f"{other} and {path}: found two inputs of one name, expected names that differ")
    return names


def _suffix(path: str, output_format: str | None) -> str:
    if output_format is not None:
        return FORMATS[output_format].suffixes[0]
    suffix = PurePath(path).suffix
    known = any(suffix.lower() in format.suffixes for format in FORMATS.values() if format.encode is not None)
    return suffix if known else ".txt"


def same_file(place: Path, path: str) -> bool:
    """Return whether writing to `place` would write to `path`."""
    try:
        return os.path.samefile(place, path)
    except OSError:
        return os.path.realpath(place) == os.path.realpath(path)
