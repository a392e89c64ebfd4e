"""Sizes of JPEG and PNG images, from their headers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from trajtrack.io.folders import Folder
from trajtrack.printable import shown

__all__ = ["image_size", "size_of_images"]

_SUFFIXES = (".jpg", ".jpeg", ".png")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_NO_FRAME = (0xC4, 0xC8, 0xCC)
_START_OF_SCAN = 0xDA
_STANDALONE = (0x01, *range(0xD0, 0xD9))


def size_of_images(labels: Folder, stems: Sequence[str]) -> tuple[float, float] | None:
    """Return the width and height of the first image that belongs to files of labels, or None if there is none.

    Images lie beside the labels, or in a folder ``images`` where the path of the labels has ``labels``.
    """
    folders = [labels.path]
    parts = labels.path.absolute().parts
    if "labels" in parts:
        index = len(parts) - 1 - parts[::-1].index("labels")
        folders.append(Path(*parts[:index], "images", *parts[index + 1 :]))
    for folder in folders:
        if not folder.is_dir():
            continue
        images = {Path(name).stem: name for name in Folder(folder).names if name.lower().endswith(_SUFFIXES)}
        name = next((images[stem] for stem in stems if stem in images), None)
        if name is not None:
            return image_size((folder / name).read_bytes(), name)
    return None


def image_size(content: bytes, name: str) -> tuple[float, float]:
    """Return the width and height in the header of a JPEG or PNG image.

    Raises
    ------
    ValueError
        If the content is neither.
    """
    size = None
    try:
        if content.startswith(_PNG):
            size = struct.unpack_from(">II", content, 16)
        elif content.startswith(_JPEG):
            size = _jpeg_size(content)
    except (struct.error, IndexError):
        pass
    if size is None or not all(size):
        raise ValueError(f"{shown(name)}: found no size in the header, expected a JPEG or PNG image")
    return float(size[0]), float(size[1])


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = len(_JPEG)
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
        elif marker == _START_OF_SCAN:
            return None
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        else:
            at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    return None
