"""Fingerprints of data files, to notice that a run is resumed with other data."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from trajvqa.data.folder import find_files
from trajvqa.stores import store_files

__all__ = ["file_fingerprint", "fingerprints"]

_PIECES = 64
_PIECE = 1 << 16  # bytes


def fingerprints(folder: str | os.PathLike[str], splits: tuple[str, ...]) -> dict[str, str]:
    """Return a fingerprint of each file of some splits, by file name; those of a store of many files with its name.

    Files of up to 4 MiB are hashed completely. For larger files, the size and 64 evenly spaced pieces of 64 KiB are
    hashed, including the first and the last bytes; this keeps gigabytes of features cheap but misses changes between
    the pieces. Folder and modification time do not count, so data may be moved and copied.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        As `trajvqa.data.folder.find_files`.
    """
    found = {path for split in splits for path in vars(find_files(folder, split)).values() if path is not None}
    files = {path.name: path for path in sorted(found) if not path.is_dir()}
    files |= {f"{folder.name}/{path.name}": path for folder in sorted(found) for path in store_files(folder)}
    return {name: file_fingerprint(path) for name, path in files.items()}


def file_fingerprint(path: Path) -> str:
    """Return a fingerprint of a file, made as `fingerprints` does."""
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
