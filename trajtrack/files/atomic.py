"""Output files that are written completely or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["DISK_FULL", "atomic_output", "atomic_path", "is_unfinished", "naming_full_disk", "remove_unfinished"]

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
DISK_FULL = {errno.ENOSPC, errno.EFBIG} | ({errno.EDQUOT} if hasattr(errno, "EDQUOT") else set())
"""Numbers of errors for a full disk, a full quota and a file that is too large."""
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path, which replaces `path` when the block ends without an exception.

    Until then an existing file is untouched; after any exception the temporary file is removed. The new file has the
    permissions and, if this process may set it, the owner of the one that it replaces. Devices and pipes are written to
    directly.

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
    PermissionError
        If an existing file is read-only.
    OSError
        If the file cannot be written, naming `path`.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory, expected a file", os.fspath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder", os.fspath(target.parent))
    if target.exists() and not target.is_file():
        with naming_full_disk(path):
            yield target
        return
    existing = os.stat(target) if target.exists() else None
    # The superuser may write to any file, but a file that nobody may write to is protected on purpose.
    if existing is not None and not (existing.st_mode & _WRITABLE and os.access(target, os.W_OK)):
        raise PermissionError(errno.EACCES, "Is read-only, expected a file that may be replaced", os.fspath(path))
    # Libraries infer the format from the suffix.
    unfinished = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        if existing is not None:
            # Others must not read the new content before it has the permissions of the old.
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with naming_full_disk(path):
            yield unfinished
        if existing is not None:
            _take_permissions(unfinished, existing)
        os.replace(unfinished, target)
    except BaseException as error:
        with suppress(OSError):  # such as that of a read-only file system, which has not taken the file either
            unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (unfinished, os.fspath(unfinished)):
            # Whoever reads the message does not know the temporary file.
            raise OSError(error.errno, error.strerror, os.fspath(path)) from None
        raise


@contextmanager
def naming_full_disk(path: str | os.PathLike[str]) -> Iterator[None]:
    """Add the name of the file to an error about a full disk, which a write raises without it."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            error.filename = os.fspath(path)
        raise


def _take_permissions(path: Path, existing: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(path, existing.st_uid, existing.st_gid)
    os.chmod(path, stat.S_IMODE(existing.st_mode))


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing bytes; it replaces `path` as `atomic_path` describes."""
    with atomic_path(path) as unfinished, open(unfinished, "wb") as file:
        yield file


def remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove temporary files left by killed processes; no other process may be writing to the folder."""
    for path in Path(folder).iterdir():
        if is_unfinished(path.name):
            path.unlink(missing_ok=True)


def is_unfinished(name: str) -> bool:
    """Return whether a file name is that of a temporary file."""
    return _UNFINISHED.fullmatch(name) is not None
