"""Features of trajectories computed from their boxes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["GEOMETRY_COLUMNS", "geometry_features"]

GEOMETRY_COLUMNS = ("centre_x", "centre_y", "width", "height", "log_aspect", "velocity_x", "velocity_y")
"""Names of the features.

Centre and size are means over the boxes, as shares of the image; ``log_aspect`` is the mean of log(width / height),
with sides of at least one pixel; velocity is the mean velocity of the centre between the first and the last box, in
images per 30 frames, which is about a second.
"""

_FRAMES_OF_VELOCITY = 30


def geometry_features(
    frames: Sequence[NDArray[np.int32]], boxes: Sequence[NDArray[np.float32]], image_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Describe K trajectories by their boxes.

    Parameters
    ----------
    frames
        For each trajectory, (L,) ascending frame numbers.
    boxes
        For each trajectory, (L, 4) corners in pixels.
    image_size
        Width and height of the image in pixels.

    Returns
    -------
    (K, 7) features; the columns are `GEOMETRY_COLUMNS`.
    """
    image = np.array(image_size, np.float64)
    features = np.zeros((len(boxes), len(GEOMETRY_COLUMNS)), np.float32)
    for row, (times, corners) in enumerate(zip(frames, boxes, strict=True)):
        low, high = corners[:, :2].astype(np.float64), corners[:, 2:].astype(np.float64)
        centres = (low + high) / 2 / image
        sides = high - low
        width, height = np.maximum(sides, 1).T
        features[row, :2] = centres.mean(axis=0)
        features[row, 2:4] = (sides / image).mean(axis=0)
        features[row, 4] = np.log(width / height).mean()
        duration = int(times[-1]) - int(times[0])
        if duration > 0:
            features[row, 5:] = (centres[-1] - centres[0]) / duration * _FRAMES_OF_VELOCITY
    return features
