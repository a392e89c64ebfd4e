"""Locks that keep two processes from writing to one folder or file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

if sys.platform != "win32":
    import fcntl

__all__ = ["claimed", "lock_file", "locked_folder"]


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


@contextmanager
def claimed(path: str | os.PathLike[str]) -> Iterator[bool]:
    """Try to hold a name while the block runs; yield whether it is held.

    A file of that name exists while it is held. The claim ends with the process, however that ends, and the file that a
    killed process leaves is claimed again. Where files cannot be locked, the name is always held.
    """
    file = _claim(path)
    try:
        yield file is not None
    finally:
        if file is not None:
            with suppress(OSError):
                os.unlink(path)
            file.close()


def _claim(path: str | os.PathLike[str]) -> IO[bytes] | None:
    """Return the locked file of that name, or None if it is held elsewhere."""
    while True:
        file = open(path, "ab")  # noqa: SIM115
        try:
            lock_file(file, path)
            # Its last holder may have removed the file between the two calls.
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        except BlockingIOError:
            file.close()
            return None
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()


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
