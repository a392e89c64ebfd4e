"""Video files of any container, decoded by PyAV."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.decoding.frames import DEFAULT_RATE, Frame, FrameSource
from trajtrack.decoding.libraries import import_av

__all__ = ["VideoFile"]

_SLACK: Final = Fraction(1, 4)
_LOOSE_SLACK: Final = Fraction(3, 2)
"""Seconds by which a video may end before its own stream should, and before the longest stream of the file should,
which may be the sound."""
_DURATION_TAG: Final = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


class VideoFile(FrameSource):
    """A video file; its first video stream that is not a cover image.

    Parameters
    ----------
    path
        The file.
    threads
        Number of threads that decode; default: chosen by FFmpeg.

    Raises
    ------
    ValueError
        If the file is not a video, has no video stream, or no frame can be decoded.
    OSError
        If the file cannot be opened.
    ImportError
        If PyAV is not installed.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self.path = path
        self._threads = threads
        self._damaged = 0
        self._end = self._first_time = Fraction(0)
        self._matrix = np.eye(3, dtype=np.int32)
        # One for all frames: each has buffers, which would pile up.
        self._to_rgb = import_av().video.reformatter.VideoReformatter()
        with self._opened() as (_, stream):
            self.rate = None if stream.average_rate is None else float(stream.average_rate)
        self.expected_frames = None
        self.size = (0, 0)
        first = next(self.frames(), None)
        if first is None:
            raise ValueError(f"{path}: found no frame that can be decoded, expected a video")
        self.size = first.pixels().shape[1::-1]
        with self._opened() as (container, stream):
            self._expected_end, self._slack = _expected_end(container, stream, self._first_time)
            self.expected_frames = stream.frames or None
        if self.expected_frames is None and self._expected_end is not None:
            self.expected_frames = max(1, round(self._expected_end * Fraction(self.rate or DEFAULT_RATE)))

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in presentation order, with their own times whether or not the rate is constant."""
        step = 1 / Fraction(self.rate or DEFAULT_RATE).limit_denominator(1001)
        self.num_read = self._damaged = 0
        self._end = time = Fraction(0)
        with self._opened() as (container, stream):
            first: Fraction | None = None
            for frame in self._decoded(container, stream):
                given = None if frame.pts is None else frame.pts * frame.time_base
                if first is None:
                    first = self._first_time = given or Fraction(0)
                    # Once for all frames: to ask for it makes a cycle of references that keeps the frame for long.
                    self._matrix = _display_matrix(frame)
                elif given is None:
                    time += step
                else:
                    # A stream whose clock is set back must not reorder its frames.
                    time = max(time, given - first)
                self._end = time + (frame.duration * frame.time_base if frame.duration else step)
                self._damaged += frame.is_corrupt
                self.num_read += 1
                yield Frame(self.num_read - 1, time, partial(self._pixels, frame))

    def problems(self) -> list[str]:
        """Return whether frames were damaged, and whether the video ended earlier than the file says."""
        found = []
        if self._damaged:
            found.append(f"{self.path}: found {self._damaged} damaged frames or packets, expected none")
        if self._expected_end is not None and self._end + max(self._slack, self._step * 3) < self._expected_end:
            found.append(
                f"{self.path}: found frames up to {float(self._end):.2f} s ({self.num_read} frames), expected a video "
                f"of {float(self._expected_end):.2f} s as its container says; the file may be truncated"
            )
        return found

    @property
    def _step(self) -> Fraction:
        return 1 / Fraction(self.rate or DEFAULT_RATE)

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """Yield the frames of all packets that can be read and decoded; the others are counted."""
        invalid = import_av().error.InvalidDataError
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except invalid:
                self._damaged += 1
                yield from stream.codec_context.decode(None)
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except invalid:
                self._damaged += 1
                continue
            yield from frames

    def _pixels(self, frame: Any) -> NDArray[np.uint8]:
        # Streams may change their size on the way; boxes refer to that of the first frame.
        width, height = (frame.width, frame.height) if self.size == (0, 0) else self.size
        if self.size != (0, 0) and _swaps_axes(self._matrix):
            width, height = height, width
        rgb = self._to_rgb.reformat(frame, width, height, "rgb24").to_ndarray()
        return np.ascontiguousarray(_upright(rgb, self._matrix))

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        av = import_av()
        # FFmpeg would take some names for addresses, and its messages differ.
        if os.stat(self.path).st_size == 0:
            raise ValueError(f"{self.path}: found an empty file, expected a video")
        try:
            with av.open(f"file:{os.fspath(self.path)}", metadata_errors="replace") as container:
                kind = container.format.name
                # FFmpeg decodes any text file as terminal output.
                if kind == "tty":
                    raise ValueError(f"{self.path}: found text, expected a video")
                if kind == "image2" or kind.endswith("_pipe"):
                    raise ValueError(f"{self.path}: found an image, expected a video or a folder of images")
                cover = av.stream.Disposition.attached_pic
                stream = next((each for each in container.streams.video if cover not in each.disposition), None)
                if stream is None:
                    raise ValueError(f"{self.path}: found no video stream, expected a video")
                stream.thread_type = "AUTO"
                if self._threads is not None:
                    stream.codec_context.thread_count = self._threads
                yield container, stream
        except av.error.FFmpegError as error:
            if isinstance(error, OSError) and error.errno and not isinstance(error, ValueError):
                raise OSError(error.errno, os.strerror(error.errno), os.fspath(self.path)) from error
            raise ValueError(f"{self.path}: found an unreadable file ({error.strerror}), expected a video") from error


def _expected_end(container: Any, stream: Any, first: Fraction) -> tuple[Fraction | None, Fraction]:
    """Return the seconds between the first frame and the end according to the file, and how exact that is."""
    tag = _DURATION_TAG.match(stream.metadata.get("DURATION", ""))
    if tag is not None:
        return int(tag[1]) * 3600 + int(tag[2]) * 60 + Fraction(tag[3]) - first, _SLACK
    # Where a stream has no start, FFmpeg gives it the length of the file.
    if stream.duration and stream.start_time is not None:
        return stream.duration * stream.time_base, _SLACK
    if not container.duration:
        return None, _SLACK
    begin = Fraction(container.start_time or 0, 1_000_000)
    alone = len(container.streams) == 1
    return Fraction(container.duration, 1_000_000) - (first - begin), _SLACK if alone else _LOOSE_SLACK


def _upright(pixels: NDArray[np.uint8], matrix: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Turn and mirror pixels as a display matrix says."""
    if _swaps_axes(matrix):
        pixels = pixels.transpose(1, 0, 2)
        mirrored, flipped = matrix[1, 0] < 0, matrix[0, 1] < 0
    else:
        mirrored, flipped = matrix[0, 0] < 0, matrix[1, 1] < 0
    return pixels[:: -1 if flipped else 1, :: -1 if mirrored else 1]


def _display_matrix(frame: Any) -> NDArray[np.int32]:
    """Return the matrix by which row vectors (x, y) are multiplied for display."""
    data = frame.side_data.get("DISPLAYMATRIX")
    return np.eye(3, dtype=np.int32) if data is None else np.frombuffer(bytes(data), np.int32).reshape(3, 3)


def _swaps_axes(matrix: NDArray[np.int32]) -> bool:
    return bool(abs(int(matrix[0, 1])) > abs(int(matrix[0, 0])))
