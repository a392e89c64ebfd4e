"""Input files in zip archives."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from trajtrack import FORMATS
from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.inputs import expand
from trajtrack.files.zip_members import is_archive, member_names

__all__ = ["expand_archives"]

_SUFFIXES = {suffix for format in FORMATS.values() for suffix in format.suffixes}


def expand_archives(words: Sequence[str]) -> list[str]:
    """Return the distinct files that words name: files, files that match a pattern, and members of zip archives.

    An archive, or a folder in one, stands for its files with a suffix that `trajtrack.read` knows, sorted by name.

    Raises
    ------
    UsageError
        If a pattern matches nothing, or an archive has no such file.
    Failure
        If an archive cannot be read.
    """
    paths: list[str] = []
    for word in words:
        archive = next((each for each in (Path(word), *Path(word).parents) if is_archive(each)), None)
        if archive is None:
            paths += expand([word]).paths
            continue
        within = os.path.relpath(word, archive).replace(os.sep, "/")
        members = [f"{archive}/{name}" for name in _members(archive, within)]
        if not members:
            raise UsageError(f"{word}: no file matches")
        paths += members
    return list(dict.fromkeys(paths))


def _members(archive: Path, within: str) -> Iterator[str]:
    try:
        names = member_names(archive)
    except ValueError as error:
        raise Failure(str(error)) from error
    for name in names:
        in_folder = within == "." or name.startswith(f"{within}/")
        if name == within or fnmatchcase(name, within) or (in_folder and Path(name).suffix.lower() in _SUFFIXES):
            yield name
