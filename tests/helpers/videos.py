"""Videos made for tests, in which bright squares move over a dark ground."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 16
"""Side of the squares in pixels."""

DETECTOR_FILE = """\
import os
from pathlib import Path
from helpers.videos import find_squares

CALLS = 0

def find(frames):
    global CALLS
    CALLS += 1
    stop = Path("stop")
    if CALLS == 3 and stop.exists():
        os.kill(os.getpid(), int(stop.read_text()))
    with open("calls", "a") as file:
        file.write("x" * len(frames))
    return find_squares(frames)

def fail(frames):
    return 1 / 0
"""
"""File of a detector that notes how many images it sees in ``calls``, and that a signal ends in its third call if its
number is in ``stop``; and of one that fails."""


def square_image(left: int, top: int, size: tuple[int, int] = (96, 64)) -> NDArray[np.uint8]:
    """Return an image with one bright square."""
    pixels = np.full((size[1], size[0], 3), 16, np.uint8)
    pixels[top : top + SIDE, left : left + SIDE] = 235
    return pixels


def moving_square(num_frames: int, size: tuple[int, int] = (96, 64)) -> list[NDArray[np.uint8]]:
    """Return images in which a square moves right by two pixels a frame, and starts again at the edge."""
    return [square_image(2 * k % (size[0] - SIDE), 24, size) for k in range(num_frames)]


def write_video(
    path: Path,
    images: Sequence[NDArray[np.uint8]],
    *,
    rate: int = 25,
    times: Sequence[Fraction] | None = None,
    rotation: int = 0,
) -> Path:
    """Write images as a video, at constant rate or at the given times in seconds."""
    import av

    codec = {".webm": "libvpx", ".avi": "mpeg4"}.get(path.suffix, "libx264")
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.options = {"crf": "8", "preset": "ultrafast"}
        if times is not None:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times is not None:
                frame.time_base = Fraction(1, 1000)
                frame.pts = round(1000 * times[index])
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def find_squares(frames: Sequence[NDArray[np.uint8]]) -> list[dict[str, Any]]:
    """Detect the bright square of each frame, if there is one: a detector without errors."""
    return [_square_in(frame) for frame in frames]


def _square_in(frame: NDArray[np.uint8]) -> dict[str, Any]:
    rows, columns = np.nonzero(frame.mean(axis=2) > 128)
    if len(rows) == 0:
        return {"boxes": [], "scores": []}
    box = [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]
    return {"boxes": [box], "scores": [0.9], "labels": ["square"]}
