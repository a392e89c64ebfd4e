"""Output files that appear whole or not at all."""

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
    """Give a path to write to, which becomes `path` when the block ends without an exception.

    Until then a file that is there stays as it is; after an exception of any kind nothing remains of the new
    one. Devices and pipes are written to directly.

    Parameters
    ----------
    path
        The file to make or to replace; its folder must exist. Where it is a symbolic link, the link stays.

    Raises
    ------
    FileNotFoundError
        When the folder does not exist.
    IsADirectoryError
        When `path` is a folder.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory, expected a file", os.fspath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder", os.fspath(target.parent))
    if target.exists() and not target.is_file():
        yield target
        return
    # The suffix stays, for libraries that choose a format by it.
    unfinished = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open `path` for writing bytes, as `atomic_path` does."""
    with atomic_path(path) as unfinished, open(unfinished, "wb") as file:
        yield file


def remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove what a process that was killed had begun to write here; no other may be writing here now."""
    for path in Path(folder).iterdir():
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)
