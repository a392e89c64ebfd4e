"""Input files by pattern."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from trajtrack.console.errors import UsageError

__all__ = ["Inputs", "distinct_names", "expand", "same_file"]


@dataclass(frozen=True)
class Inputs:
    """The input files of a command."""

    paths: list[str]
    """Distinct files in the order given; those that match a pattern are sorted by name, folders if no file does."""
    by_pattern: bool
    """Whether a pattern was given."""


def expand(words: Sequence[str]) -> Inputs:
    """Expand patterns to the files that match; a word that names an existing file is not a pattern.

    Raises
    ------
    UsageError
        If no file matches a pattern.
    """
    paths: list[str] = []
    by_pattern = False
    for word in words:
        if os.path.lexists(word) or not glob.has_magic(word):
            paths.append(word)
            continue
        by_pattern = True
        found = sorted(glob.glob(word, recursive=True))
        matches = [path for path in found if os.path.isfile(path)] or found
        if not matches:
            raise UsageError(f"{word}: no file matches")
        paths.extend(matches)
    return Inputs(list({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1], by_pattern)


def distinct_names(paths: Sequence[str]) -> list[str]:
    """Return the shortest path endings that tell the files apart, without suffix and with ``-`` for separators.

    Raises
    ------
    UsageError
        If two paths differ only in their suffix.
    """
    parts = [(*PurePath(os.path.abspath(path)).parts[1:-1], PurePath(path.removesuffix(".gz")).stem) for path in paths]
    names: list[str] = []
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["-".join(own[-depth:]) for own in parts]
        if len({name.casefold() for name in names}) == len(names):
            return names
    seen: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        other = seen.setdefault(name.casefold(), path)
        if other != path:
            raise UsageError(f"{other} and {path}: found two inputs of the same name, expected different names")
    return names


def same_file(output: Path, path: str) -> bool:
    """Return whether writing to `output` would overwrite `path`."""
    try:
        return os.path.samefile(output, path)
    except OSError:
        return os.path.realpath(output) == os.path.realpath(path)
