"""Checking the heaps of an HDF5 file, which hold its texts, before the library reads them.

The library believes the sizes in a heap: with damaged ones it loops forever or reads beyond its memory.
"""

from __future__ import annotations

import mmap
import os
import struct

__all__ = ["require_sound_heaps"]

_SIGNATURE = b"GCOL"
_HEAP = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_VERSION = 1
_MAX_SCANNED = 1 << 25
"""Bytes at the beginning and at the end of a file in which heaps are looked for; texts lie beside the structure."""


def require_sound_heaps(path: str | os.PathLike[str]) -> None:
    """Raise ValueError if the sizes in a heap of an HDF5 file contradict one another, naming the file.

    Heaps are looked for at the beginning and at the end of the file, in 64 MiB together.
    """
    size = os.path.getsize(path)
    if size == 0:
        return
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for first, last in ((0, _MAX_SCANNED), (max(size - _MAX_SCANNED, _MAX_SCANNED), size)):
            at = content.find(_SIGNATURE, first, last)
            while at >= 0:
                if not _is_sound(content, at):
                    raise ValueError(f"{os.fspath(path)}: found a damaged heap at byte {at}, expected an intact file")
                at = content.find(_SIGNATURE, at + 1, last)


def _is_sound(content: mmap.mmap, at: int) -> bool:
    """Return whether the objects of the heap at a byte fill it, or the library will not take it for a heap."""
    if at + _HEAP.size > len(content):
        return True
    _, version, size = _HEAP.unpack_from(content, at)
    end = at + size
    if version != _VERSION or end > len(content):
        return True
    at += _HEAP.size
    while at + _OBJECT.size <= end:
        index, _, length = _OBJECT.unpack_from(content, at)
        # Index 0 is the free space, whose length includes this header; others are padded to eight bytes.
        step = length if index == 0 else _OBJECT.size + -(-length // 8) * 8
        if not _OBJECT.size <= step <= end - at:
            return False
        at += step
    return True
