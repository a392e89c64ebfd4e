"""Sizes of JPEG and PNG images, from their headers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from trajtrack.io.folders import Folder
from trajtrack.printable import shown

__all__ = ["size_of_images"]

_SUFFIXES = (".jpg", ".jpeg", ".png")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_NO_FRAME = (0xC4, 0xC8, 0xCC)
_START_OF_SCAN = 0xDA
_STANDALONE = (0x01, *range(0xD0, 0xD9))
_EXIF_SEGMENT, _EXIF = 0xE1, b"Exif\0\0"
_ORIENTATION = 0x0112
_ENTRY_LENGTH = 12
_USUAL_HEADER = 4096
"""Number of bytes that hold the header of an image, unless a camera wrote a preview into it."""


def size_of_images(labels: Folder, stems: Sequence[str]) -> tuple[float, float] | None:
    """Return the width and height of the images that belong to files of labels, or None if there are none.

    Images lie beside the labels, or in a folder ``images`` where the path of the labels has ``labels``. A JPEG image is
    turned as its camera says before its width and height are taken.

    Raises
    ------
    ValueError
        If a file is no JPEG or PNG image, or two images have different sizes.
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
        names = [images[stem] for stem in stems if stem in images]
        if not names:
            continue
        sizes = {name: _image_size(folder / name) for name in names}
        width, height = sizes[names[0]]
        for name, size in sizes.items():
            if size != (width, height):
                raise ValueError(
                    f"{shown(name)}: found an image of {size[0]}x{size[1]} pixels, "
                    f"expected {width}x{height} as of {shown(names[0])}"
                )
        return float(width), float(height)
    return None


def _image_size(path: Path) -> tuple[int, int]:
    """Return the width and height in the header of a JPEG or PNG image; raise ValueError if it is neither."""
    with open(path, "rb") as file:
        start = file.read(_USUAL_HEADER)
        size = _size_in(start) or _size_in(start + file.read())
    if size is None or not all(size):
        raise ValueError(f"{shown(path.name)}: found no size in the header, expected a JPEG or PNG image")
    return size


def _size_in(content: bytes) -> tuple[int, int] | None:
    """Return the width and height in a header, or None if there is none or it goes on after the content."""
    try:
        if content.startswith(_PNG):
            width, height = struct.unpack_from(">II", content, 16)
            return width, height
        return _jpeg_size(content) if content.startswith(_JPEG) else None
    except (struct.error, IndexError):
        return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = len(_JPEG)
    is_on_its_side = False
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
        elif marker == _START_OF_SCAN:
            return None
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return (height, width) if is_on_its_side else (width, height)
        else:
            length = struct.unpack_from(">H", content, at + 2)[0]
            if marker == _EXIF_SEGMENT and content.startswith(_EXIF, at + 4):
                is_on_its_side = _orientation(content[at + 4 + len(_EXIF) : at + 2 + length]) in range(5, 9)
            at += 2 + length
    return None


def _orientation(exif: bytes) -> int:
    """Return how the camera was held: from 5 on its side, 1 if that is not known."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        directory = struct.unpack_from(f"{order}I", exif, 4)[0]
        for index in range(struct.unpack_from(f"{order}H", exif, directory)[0]):
            entry = directory + 2 + index * _ENTRY_LENGTH
            if struct.unpack_from(f"{order}H", exif, entry)[0] == _ORIENTATION:
                value: int = struct.unpack_from(f"{order}H", exif, entry + 8)[0]
                return value
    except struct.error:
        pass
    return 1
