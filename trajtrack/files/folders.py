"""Folders for output files."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["make_folder"]


def make_folder(path: str | os.PathLike[str]) -> None:
    """Create a folder and those that hold it, unless they exist.

    Raises
    ------
    NotADirectoryError
        If one of them is a file; the message names it.
    OSError
        If a folder cannot be created.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        file = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
        raise NotADirectoryError(errno.ENOTDIR, "Is a file, expected a folder", os.fspath(file)) from None
