"""Locks that keep two processes from writing to one folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

if sys.platform != "win32":
    import fcntl

__all__ = ["locked_folder"]


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
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, "Another process is writing to the folder", os.fspath(folder)) from None
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)
