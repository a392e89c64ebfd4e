"""Frame numbers of files as frames in memory, which count from 0 without gaps between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trajtrack.io.checks import MAX_FRAME, as_text, refuse
from trajtrack.io.format import Source

__all__ = ["count_frames", "first_of_numbers", "frames_at_times", "frames_in_memory"]

_MAX_STEP = 2**53 - 1
"""Largest step between numbers that are read as doubles."""


def frames_in_memory(
    source: Source, numbers: NDArray[np.int64], where: Callable[[int], str], first: int, name: str = "frame"
) -> NDArray[np.int64]:
    """Convert the frame numbers of a file to frames from 0.

    Parameters
    ----------
    source
        The file; its caller may have given the number of the first frame and the step between frames.
    numbers
        (N,) numbers of the frames in the file.
    where
        Describes the location of a row in its file.
    first
        Number of the first frame in files of this kind, unless the caller knows better.
    name
        What the number is called in the file.

    Raises
    ------
    ValueError
        If a number is below that of the first frame, lies between two steps, or is too large.
    """
    if source.reading.first_frame is not None:
        first = source.reading.first_frame
    step = _whole_step(source)
    source.numbering.first_frame = first
    last = first + MAX_FRAME * step

    def found(row: int) -> str:
        return f"{name} {numbers[row]}"

    refuse((numbers < first) | (numbers > last), where, found, f"{name}s from {first} to {last}")
    frames, between = np.divmod(numbers - first, step)
    refuse(between != 0, where, found, f"{first} and a multiple of {step}, the step between frames")
    return np.asarray(frames, np.int64)


def frames_at_times(
    source: Source, times: NDArray[np.float64], where: Callable[[int], str], name: str
) -> NDArray[np.int64]:
    """Convert times to the nearest frames, if the caller gave the time between two frames as the step.

    Raises
    ------
    ValueError
        If there is no step, or a time is further than a quarter of it from any frame.
    """
    step = source.reading.frame_step
    if step is None:
        raise ValueError(
            f"frame_step: found None for the times of column {name!r}, expected frame_step= or --frame-step, "
            "the time between two frames"
        )
    steps = (times - (source.reading.first_frame or 0)) / step
    frames = np.rint(steps)

    def found(row: int) -> str:
        return f"{name} {as_text(times[row])}"

    refuse((frames < 0) | (frames > MAX_FRAME), where, found, f"a time of the frames 0 to {MAX_FRAME}")
    refuse(np.abs(steps - frames) > 0.25, where, found, f"about a multiple of {as_text(step)}, the time between frames")
    return frames.astype(np.int64)


def _whole_step(source: Source) -> int:
    step = source.reading.frame_step
    if step is None:
        return 1
    if step != int(step) or step > _MAX_STEP:
        raise ValueError(
            f"frame_step: found {step:g}, expected an integer of at most {_MAX_STEP}, because frames are numbered"
        )
    return int(step)


def first_of_numbers(numbers: NDArray[np.int64]) -> int:
    """Return the number of the first frame in files that do not say it: 0 if that is among the numbers, otherwise 1."""
    return 0 if (numbers == 0).any() else 1


def count_frames(source: Source, length: int) -> int:
    """Return how many frames a video of this length has at the step between frames."""
    return -(-length // _whole_step(source))
