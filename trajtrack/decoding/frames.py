"""What the sources of frames have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEFAULT_RATE", "Frame", "FrameSource"]

DEFAULT_RATE = 25.0
"""Frames per second of images and videos without a frame rate."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a video, which becomes pixels only when they are asked for."""

    index: int
    """Number of the frame in the video, from 0."""
    time: Fraction
    """Seconds since the first frame."""
    pixels: Callable[[], NDArray[np.uint8]]
    """Returns the (height, width, 3) red, green and blue values, turned upright."""


class FrameSource(ABC):
    """The frames of a video, all read in order as often as asked for."""

    path: Path
    """File or folder."""
    size: tuple[int, int]
    """Width and height in pixels of the upright frames."""
    rate: float | None
    """Average number of frames per second, if known."""
    expected_frames: int | None
    """Number of frames as far as the file tells before it is decoded."""
    num_read: int = 0
    """Number of frames that the last call of `frames` has read so far."""

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Yield the frames in the order of their times."""

    @abstractmethod
    def problems(self) -> list[str]:
        """Return what was wrong with the frames, after all have been read."""
