"""Videos whose images tell their frame, in eight columns that are bright or dark as the binary digits of its number."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.videos import write_video
from trajtrack import Detections

__all__ = ["NUM_FRAMES", "VARYING", "frame_in", "one_track", "write_coded_video"]

NUM_FRAMES = 40
SIZE = (160, 96)
COLUMN = SIZE[0] // 8
VARYING = [Fraction(int(time), 1000) for time in np.cumsum(np.tile([20, 120, 40, 500], NUM_FRAMES // 4))]
"""Times of the frames of a video of varying frame rate, the first of which is not 0."""


def write_coded_video(path: Path, times: Sequence[Fraction] | None = None) -> Path:
    return write_video(path, [_image(frame) for frame in range(NUM_FRAMES)], times=times)


def _image(frame: int) -> np.ndarray:
    bright = np.repeat([frame >> digit & 1 for digit in range(8)], COLUMN)
    row = np.where(bright, 235, 16).astype(np.uint8)
    return np.tile(row[None, :, None], (SIZE[1], 1, 3))


def one_track() -> Detections:
    """Return a track through all frames of the video, above the middle of its images."""
    boxes = [[10 + frame, 10, 30 + frame, 40] for frame in range(NUM_FRAMES)]
    return Detections(boxes, np.ones(NUM_FRAMES), np.arange(NUM_FRAMES), track_ids=np.zeros(NUM_FRAMES, int))


def frame_in(screenshot: bytes, evaluate: Callable[[str], Any]) -> int:
    """Return the frame whose image a viewer page shows."""
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(screenshot)).convert("L")
    points = f"""(() => {{
        const {{ left, top }} = document.getElementById("scene").getBoundingClientRect();
        const centres = [0, 1, 2, 3, 4, 5, 6, 7].map((digit) => viewer.inWindow({COLUMN} * (digit + 0.5), 90));
        return centres.map(([x, y]) => [Math.round(left + x), Math.round(top + y)]);
    }})()"""
    return sum((image.getpixel(tuple(point)) > 128) << digit for digit, point in enumerate(evaluate(points)))
