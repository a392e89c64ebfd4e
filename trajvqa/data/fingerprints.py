"""Whether data files are still those that a run began with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from trajvqa.data.folder import find_files

__all__ = ["fingerprints"]

_PIECES = 64
_PIECE = 1 << 16  # bytes


def fingerprints(folder: str | os.PathLike[str], splits: tuple[str, ...]) -> dict[str, str]:
    """Return a fingerprint of each file that a data folder has for some splits, by the file's name.

    A file of up to 4 MiB is read whole. Of a larger one the fingerprint is that of its size and of 64 pieces of 64 KiB
    at even distances, the first and the last bytes among them, so that gigabytes of features cost nothing; a change
    between the pieces goes unnoticed. Neither the folder nor the time of a file's last change counts: data may be moved
    and copied.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        As `trajvqa.data.folder.find_files`.
    """
    found = {path for split in splits for path in vars(find_files(folder, split)).values() if path is not None}
    return {path.name: _fingerprint(path) for path in sorted(found)}


def _fingerprint(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with open(path, "rb") as file:
        if size <= _PIECES * _PIECE:
            digest.update(file.read())
        else:
            for piece in range(_PIECES):
                file.seek((size - _PIECE) * piece // (_PIECES - 1))
                digest.update(file.read(_PIECE))
    return digest.hexdigest()
