"""Locks that keep two processes from writing to one folder or file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

if sys.platform != "win32":
    import fcntl

__all__ = ["lock_file", "locked_folder"]


@contextmanager
def locked_folder(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of an existing folder while the block runs; it ends with the process, however that ends.

    Nothing is written to the folder. Where folders cannot be locked, on Windows and some network file systems, nothing
    is held.

    Raises
    ------
    BlockingIOError
        If another process, or another block of this one, holds the lock.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, folder, "Another process is writing to the folder")
        yield
    finally:
        os.close(descriptor)


def lock_file(file: IO[bytes], path: str | os.PathLike[str]) -> None:
    """Hold the lock of an open file until it is closed; where files cannot be locked, nothing is held.

    Raises
    ------
    BlockingIOError
        If another process, or another open file of this one, holds the lock.
    """
    if sys.platform != "win32":
        _lock(file.fileno(), path, "Another process is writing to the file")


def _lock(descriptor: int, path: str | os.PathLike[str], message: str) -> None:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, message, os.fspath(path)) from None
        except OSError:
            pass
