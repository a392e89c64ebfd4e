"""The images of a video: from a folder of numbered files, or decoded from a video file."""

from __future__ import annotations

import io
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trajtrack.printable import shown

__all__ = ["DEFAULT_RATE", "Encoded", "Images", "check_presentation", "import_av", "open_images", "pillow"]

DEFAULT_RATE = 25.0
"""Frames per second of images and videos without a frame rate."""

_MEDIA_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
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

    @abstractmethod
    def read(self, num_frames: int) -> Iterator[tuple[int, Any]]:
        """Yield the frame number and the `PIL.Image.Image` of each image before frame `num_frames`."""

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
    return _Folder(source) if source.is_dir() else _Video(source)


class _Folder(Images):
    """A folder of images whose names contain a number; the lowest is frame 0."""

    def __init__(self, folder: Path) -> None:
        self._paths = _numbered(folder)
        self.rate = None
        with _opened(self._paths[0]) as image:
            self.size = image.size

    def read(self, num_frames: int) -> Iterator[tuple[int, Any]]:
        for frame, path in self._below(num_frames):
            with self._checked(path) as image:
                try:
                    image.load()
                except OSError as error:
                    raise ValueError(f"{path}: found an image that cannot be decoded ({error})") from error
                yield frame, image

    def encoded(self, num_frames: int, max_width: int | None) -> Iterator[Encoded]:
        if max_width is not None and max_width < self.size[0]:
            yield from super().encoded(num_frames, max_width)
            return
        for frame, path in self._below(num_frames):
            with self._checked(path):
                yield Encoded(frame, _MEDIA_TYPES[path.suffix.lower()], path.read_bytes())

    def _below(self, num_frames: int) -> Iterator[tuple[int, Path]]:
        return ((frame, path) for frame, path in self._paths.items() if frame < num_frames)

    @contextmanager
    def _checked(self, path: Path) -> Iterator[Any]:
        with _opened(path) as image:
            if image.size != self.size:
                raise ValueError(
                    f"{path}: found an image of {image.width}x{image.height} pixels, "
                    f"expected {self.size[0]}x{self.size[1]} like the first"
                )
            yield image


class _Video(Images):
    """Frames of a video file in presentation order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._stream() as (_, stream):
            self.size = (stream.codec_context.width, stream.codec_context.height)
            self.rate = None if stream.average_rate is None else float(stream.average_rate)

    def read(self, num_frames: int) -> Iterator[tuple[int, Any]]:
        with self._stream() as (container, stream):
            for frame, image in enumerate(container.decode(stream)):
                if frame >= num_frames:
                    return
                yield frame, image.to_image()

    @contextmanager
    def _stream(self) -> Iterator[tuple[Any, Any]]:
        pillow()
        av = import_av()
        try:
            with av.open(os.fspath(self._path)) as container:
                # FFmpeg decodes any text file as terminal output.
                if container.format.name == "tty":
                    raise ValueError(f"{self._path}: found text, expected a video")
                if not container.streams.video:
                    raise ValueError(f"{self._path}: found no video stream, expected a video")
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                yield container, stream
        except av.error.FFmpegError as error:
            if isinstance(error, OSError) and error.errno and not isinstance(error, ValueError):
                raise
            raise ValueError(f"{self._path}: found an unreadable file ({error.strerror}), expected a video") from error


def pillow() -> Any:
    """Return the module `PIL.Image`.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("images need Pillow: pip install 'trajtrack[view]'") from error
    return Image


def import_av() -> Any:
    """Return the module `av`.

    Raises
    ------
    ImportError
        If PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError("videos need PyAV: pip install 'trajtrack[video]'") from error
    return av


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
    if frame_rate is not None and not 0 < frame_rate <= 1000:
        raise ValueError(f"frame_rate: found {shown(frame_rate)}, expected frames per second above 0 and up to 1000")


def _numbered(folder: Path) -> dict[int, Path]:
    """Return the images of a folder by frame."""
    by_number: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _MEDIA_TYPES or path.name.startswith("."):
            continue
        digits = re.findall(r"\d+", path.stem)
        if not digits:
            raise ValueError(f"{path}: found no number in the name of an image, expected a name such as 000001.jpg")
        other = by_number.setdefault(int(digits[-1]), path)
        if other != path:
            raise ValueError(f"{path}: found the same number as in {other.name}, expected one image per number")
    if not by_number:
        raise ValueError(f"{folder}: found no images, expected numbered files with {', '.join(_MEDIA_TYPES)}")
    first = min(by_number)
    return {number - first: by_number[number] for number in sorted(by_number)}


def _opened(path: Path) -> Any:
    """Open an image without decoding it yet."""
    image_module = pillow()
    try:
        return image_module.open(path, formats=("JPEG", "PNG"))
    except image_module.UnidentifiedImageError as error:
        raise ValueError(f"{path}: found an unreadable file, expected a JPEG or PNG image") from error


def _scaled(image: Any, max_width: int | None) -> Any:
    if max_width is None or image.width <= max_width:
        return image
    return image.resize((max_width, max(1, round(image.height * max_width / image.width))))


def _as_jpeg(image: Any) -> bytes:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
