"""The images of a video: from a folder of numbered files, or decoded from a video file."""

from __future__ import annotations

import io
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from trajtrack.decoding.frames import FrameSource
from trajtrack.decoding.image_folders import MEDIA_TYPES, ImageFolder
from trajtrack.decoding.libraries import pillow
from trajtrack.decoding.opening import check_frame_rate
from trajtrack.decoding.videos import VideoFile
from trajtrack.printable import shown

__all__ = ["Encoded", "Images", "check_presentation", "open_images"]

_MAX_SIDE = 1_000_000_000
_QUALITY = 82
"""JPEG quality of re-encoded images; compression artefacts do not matter behind boxes."""


@dataclass(frozen=True)
class Encoded:
    """An image encoded as a file."""

    frame: int
    """Frame number."""
    media_type: str
    """Media type: ``image/jpeg`` or ``image/png``."""
    content: bytes
    """Content of the file."""


class Images(ABC):
    """The images of the frames of a video, all of the same size."""

    size: tuple[int, int]
    """Width and height in pixels."""
    rate: float | None
    """Frames per second, if known."""

    def __init__(self, source: FrameSource) -> None:
        self.size, self.rate = source.size, source.rate
        self._source = source

    @abstractmethod
    def read(self, num_frames: int) -> Iterator[tuple[int, Any]]:
        """Yield the frame number and the `PIL.Image.Image` of each image before frame `num_frames`."""

    def times(self, num_frames: int) -> Iterator[Fraction]:
        """Yield the seconds from the first image to each image before frame `num_frames`, without its pixels."""
        return (frame.time for frame in itertools.islice(self._source.frames(), num_frames))

    def encoded(self, num_frames: int, max_width: int | None) -> Iterator[Encoded]:
        """Yield encoded images, scaled down to a width of at most `max_width`."""
        for frame, image in self.read(num_frames):
            yield Encoded(frame, "image/jpeg", _as_jpeg(_scaled(image, max_width)))


def open_images(path: str | os.PathLike[str]) -> Images:
    """Open a folder of images or a video.

    Raises
    ------
    ValueError
        If there are no images, an image has no number in its name, or a file is not an image or a video.
    OSError
        If the file does not exist.
    ImportError
        If Pillow or PyAV is not installed.
    """
    source = Path(path)
    pillow()
    return _Folder(ImageFolder(source)) if source.is_dir() else _Video(VideoFile(source))


class _Folder(Images):
    """The images of a folder, which a page takes as they are."""

    def __init__(self, folder: ImageFolder) -> None:
        super().__init__(folder)
        self._folder = folder

    def read(self, num_frames: int) -> Iterator[tuple[int, Any]]:
        return ((frame, self._folder.upright(path)) for frame, path in self._below(num_frames))

    def encoded(self, num_frames: int, max_width: int | None) -> Iterator[Encoded]:
        if max_width is not None and max_width < self.size[0]:
            yield from super().encoded(num_frames, max_width)
            return
        for frame, path in self._below(num_frames):
            with self._folder.opened(path):
                yield Encoded(frame, MEDIA_TYPES[path.suffix.lower()], path.read_bytes())

    def _below(self, num_frames: int) -> Iterator[tuple[int, Path]]:
        return ((frame, path) for frame, path in self._folder.paths.items() if frame < num_frames)


class _Video(Images):
    """Frames of a video file in presentation order."""

    def __init__(self, video: VideoFile) -> None:
        super().__init__(video)
        self._video = video

    def read(self, num_frames: int) -> Iterator[tuple[int, Any]]:
        for frame in self._video.frames():
            if frame.index >= num_frames:
                return
            yield frame.index, pillow().fromarray(frame.pixels())


def check_size(size: tuple[float, float]) -> None:
    """Raise ValueError or TypeError if a size is not a width and a height."""
    try:
        width, height = size
        valid = 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE
    except TypeError as error:
        raise TypeError(f"size: found {shown(size)}, expected a width and a height") from error
    if not valid:
        raise ValueError(f"size: found {shown(size)}, expected a width and a height above 0 and up to 1e9")


def check_presentation(
    images: str | os.PathLike[str] | None, size: tuple[float, float] | None, frame_rate: float | None
) -> None:
    """Raise ValueError if a size or a frame rate is out of range, or a size is given although images have one."""
    if size is not None and images is not None:
        raise ValueError(f"size: found {shown(size)} and images, which have a size, expected one or the other")
    if size is not None:
        check_size(size)
    check_frame_rate(frame_rate)


def _scaled(image: Any, max_width: int | None) -> Any:
    if max_width is None or image.width <= max_width:
        return image
    return image.resize((max_width, max(1, round(image.height * max_width / image.width))))


def _as_jpeg(image: Any) -> bytes:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
