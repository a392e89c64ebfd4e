"""Output files that are written completely or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_output", "atomic_path", "remove_unfinished"]

_UNFINISHED = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path, which replaces `path` when the block ends without an exception.

    Until then an existing file is untouched; after any exception the temporary file is removed. Devices and pipes are
    written to directly.

    Parameters
    ----------
    path
        File to create or replace; its folder must exist. The target of a symbolic link is replaced, not the link.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If `path` is a folder.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory, expected a file", os.fspath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder", os.fspath(target.parent))
    if target.exists() and not target.is_file():
        yield target
        return
    # Libraries infer the format from the suffix.
    unfinished = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing bytes; it replaces `path` as `atomic_path` describes."""
    with atomic_path(path) as unfinished, open(unfinished, "wb") as file:
        yield file


def remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove temporary files left by killed processes; no other process may be writing to the folder."""
    for path in Path(folder).iterdir():
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)
