"""Hashes of files, by which a run knows what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["file_digest", "video_digest"]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def video_digest(path: Path, images: Iterable[Path] | None) -> str:
    """Return the hash of a video file or, if it is a folder, of the names and contents of its images."""
    if images is None:
        return file_digest(path)
    total = hashlib.sha256()
    for image in images:
        total.update(f"{image.name} {file_digest(image)}\n".encode())
    return total.hexdigest()
