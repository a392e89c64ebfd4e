"""Input files that lie in zip archives."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from trajtrack.cli.files import expand
from trajtrack.console.errors import Failure, UsageError
from trajtrack.io import FORMATS

__all__ = ["expand_archives"]

_SUFFIXES = {suffix for format in FORMATS.values() for suffix in format.suffixes}


def expand_archives(words: Sequence[str]) -> list[str]:
    """Return the files that words name, each once: patterns as `trajtrack.cli.files.expand` takes them, and archives.

    Of an archive, or of a folder in it, these are all files with a suffix that `trajtrack.read` knows, by name.

    Raises
    ------
    UsageError
        When a pattern matches nothing, or an archive has no such file.
    Failure
        When an archive cannot be read.
    """
    paths: list[str] = []
    for word in words:
        archive = next((each for each in (Path(word), *Path(word).parents) if _is_archive(each)), None)
        if archive is None:
            paths += expand([word]).paths
            continue
        within = os.path.relpath(word, archive).replace(os.sep, "/")
        members = [f"{archive}/{name}" for name in _members(archive, within)]
        if not members:
            raise UsageError(f"{word}: no file matches")
        paths += members
    return list(dict.fromkeys(paths))


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file()


def _members(archive: Path, within: str) -> Iterator[str]:
    try:
        with zipfile.ZipFile(archive) as file:
            names = sorted(name for name in file.namelist() if not name.endswith("/"))
    # RuntimeError is how zipfile refuses archives of a version that it does not know.
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise Failure(f"{archive}: found no zip archive that can be read ({error})") from error
    for name in names:
        in_folder = within == "." or name.startswith(f"{within}/")
        if name == within or fnmatchcase(name, within) or (in_folder and Path(name).suffix.lower() in _SUFFIXES):
            yield name
