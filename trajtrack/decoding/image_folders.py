"""Folders of numbered images, one for each frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.decoding.frames import DEFAULT_RATE, Frame, FrameSource
from trajtrack.decoding.libraries import pillow
from trajtrack.files.frame_names import FrameNames
from trajtrack.printable import shown

__all__ = ["MEDIA_TYPES", "ImageFolder"]

MEDIA_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
"""Media types of the images by suffix."""

_ORIENTATION = 0x0112
"""EXIF tag of how the camera was held; values from 5 swap width and height."""


class ImageFolder(FrameSource):
    """A folder of images whose names differ in a number; the lowest is frame 0, and numbers may be missing.

    Parameters
    ----------
    folder
        The folder.
    rate
        Frames per second; default: unknown, for which times are those of `DEFAULT_RATE`.

    Raises
    ------
    ValueError
        If there are no images, a name differs in more than the number, two have the same number, or the first is not an
        image.
    """

    def __init__(self, folder: Path, rate: float | None = None) -> None:
        self.path = folder
        self.rate = rate
        self.paths = _numbered(folder)
        self.expected_frames = len(self.paths)
        self.size = (0, 0)
        with _opened(self.paths[0]) as image:
            self.size = _upright_size(image)

    def frames(self) -> Iterator[Frame]:
        """Yield a frame for each image; the number of an image that is missing is skipped."""
        rate = Fraction(self.rate or DEFAULT_RATE).limit_denominator(1001)
        self.num_read = 0
        for index, path in self.paths.items():
            self.num_read = index + 1
            yield Frame(index, index / rate, partial(self._pixels, path))

    def problems(self) -> list[str]:
        """Return nothing: a faulty image raises when it is read."""
        return []

    @contextmanager
    def opened(self, path: Path) -> Iterator[Any]:
        """Open an image of the folder as `PIL.Image.Image`, after checking its size."""
        with _opened(path) as image:
            width, height = _upright_size(image)
            if (width, height) != self.size:
                raise ValueError(
                    f"{path}: found an image of {width}x{height} pixels, "
                    f"expected {self.size[0]}x{self.size[1]} like the first"
                )
            yield image

    def upright(self, path: Path) -> Any:
        """Decode an image of the folder, turned as its camera says."""
        from PIL import ImageOps

        with self.opened(path) as image:
            try:
                image.load()
            except OSError as error:
                raise ValueError(f"{path}: found an image that cannot be decoded ({error})") from error
            return ImageOps.exif_transpose(image)

    def _pixels(self, path: Path) -> NDArray[np.uint8]:
        return np.asarray(self.upright(path).convert("RGB"))


def _numbered(folder: Path) -> dict[int, Path]:
    """Return the images of a folder by frame."""
    by_number: dict[int, Path] = {}
    names = FrameNames()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in MEDIA_TYPES or path.name.startswith("."):
            continue
        try:
            number = names.number(path.stem)
        except ValueError as error:
            raise ValueError(f"{folder}: found the image {shown(path.name)}, expected {error}") from None
        other = by_number.setdefault(number, path)
        if other != path:
            raise ValueError(f"{path}: found the same number as in {other.name}, expected one image per number")
    if not by_number:
        raise ValueError(f"{folder}: found no images, expected numbered files with {', '.join(MEDIA_TYPES)}")
    first = min(by_number)
    return {number - first: by_number[number] for number in sorted(by_number)}


def _opened(path: Path) -> Any:
    """Open an image without decoding it yet."""
    image_module = pillow()
    try:
        return image_module.open(path, formats=("JPEG", "PNG"))
    except image_module.UnidentifiedImageError as error:
        raise ValueError(f"{path}: found an unreadable file, expected a JPEG or PNG image") from error


def _upright_size(image: Any) -> tuple[int, int]:
    """Return width and height after turning the image as its camera says."""
    width, height = image.size
    return (height, width) if image.getexif().get(_ORIENTATION, 1) in range(5, 9) else (width, height)
