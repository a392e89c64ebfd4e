"""Agreement of two boxes with a relation, as numbers that are positive where the relation holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["agreement"]

_STEP = 15
"""Number of frames over which motion is measured."""
_NEXT = 0.5
"""Maximum gap between objects that are next to each other, in mean sizes."""
_MIRRORED = {
    "right of": "left of",
    "beneath": "above",
    "behind": "in front of",
    "smaller than": "larger than",
    "shorter than": "taller than",
    "slower than": "faster than",
    "go away from": "go toward",
}

Track = NDArray[np.float64]


def agreement(subject: Track, other: Track, words: str) -> NDArray[np.float64] | None:
    """Return how well boxes fit a relation in each frame.

    Distances are in mean sizes of the two objects, sizes are logarithms of their ratio, and motion is in sizes per
    second at 30 frames per second. An object lower in the image counts as nearer.

    Parameters
    ----------
    subject, other
        (T, 4) corners in pixels, NaN in frames without a box.
    words
        Words of a `Claim`.

    Returns
    -------
    (T,) positive if the relation holds, negative if not, NaN if a box is missing; None for relations that boxes do not
    determine.
    """
    if words in _MIRRORED:
        mirrored = agreement(subject, other, _MIRRORED[words])
        return None if mirrored is None else -mirrored
    sides, other_sides = subject[:, 2:] - subject[:, :2], other[:, 2:] - other[:, :2]
    areas = np.maximum(sides.prod(axis=1), 1), np.maximum(other_sides.prod(axis=1), 1)
    size = np.sqrt((areas[0] + areas[1]) / 2)
    apart = (other[:, :2] + other[:, 2:] - subject[:, :2] - subject[:, 2:]) / 2
    values: NDArray[np.float64] | None = None
    match words:
        case "left of":
            values = apart[:, 0] / size
        case "above":
            values = apart[:, 1] / size
        case "in front of":
            values = (subject[:, 3] - other[:, 3]) / size
        case "larger than":
            values = np.log(areas[0] / areas[1])
        case "taller than":
            values = np.log(np.maximum(sides[:, 1], 1) / np.maximum(other_sides[:, 1], 1))
        case "faster than":
            values = (_speed(subject) - _speed(other)) / size
        case "go toward":
            values = -_change(np.hypot(apart[:, 0], apart[:, 1])) / size
        case "next to":
            gaps = np.maximum(np.maximum(subject[:, :2] - other[:, 2:], other[:, :2] - subject[:, 2:]), 0)
            values = _NEXT - np.hypot(gaps[:, 0], gaps[:, 1]) / size
        case "inside":
            shared = np.minimum(subject[:, 2:], other[:, 2:]) - np.maximum(subject[:, :2], other[:, :2])
            values = np.maximum(shared, 0).prod(axis=1) / areas[0] - 0.5
    return values


def _speed(track: Track) -> NDArray[np.float64]:
    centres = (track[:, :2] + track[:, 2:]) / 2
    speed: NDArray[np.float64] = np.hypot(_change(centres[:, 0]), _change(centres[:, 1]))
    return speed


def _change(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the change per second after each frame, NaN too close to the end of the video."""
    change = np.full(len(values), np.nan)
    change[:-_STEP] = (values[_STEP:] - values[:-_STEP]) * (30 / _STEP)
    return change
