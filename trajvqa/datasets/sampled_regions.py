"""Detections of sampled frames as the regions of a small benchmark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections

__all__ = ["sampled_regions"]

_FRAMES = 2
"""Number of frames of a clip that are sampled."""
_REGIONS = 6
"""Maximum number of regions of a frame."""


def sampled_regions(
    detections: Detections, features: NDArray[np.floating], clips: int, span: tuple[int, int] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the regions of a video: the detections with the highest scores in two frames of each clip.

    Nothing of it depends on links.

    Parameters
    ----------
    detections
        N detections.
    features
        (N, D) their features.
    clips
        Number C of clips, of equal length.
    span
        First frame of the clips, and the frame after their last; default: the whole video.

    Returns
    -------
    features : (C, 2, 6, D)
        Features of the regions, by falling score; zeros where a frame has fewer detections.
    boxes : (C, 2, 6, 4)
        Their corners in pixels.
    """
    start, end = span or (0, detections.num_frames)
    # The middles of the equal parts of a clip.
    sampled = start + (2 * np.arange(clips * _FRAMES) + 1) * (end - start) // (2 * clips * _FRAMES)
    size = features.shape[1]
    found = np.zeros((clips * _FRAMES, _REGIONS, size), np.float32)
    boxes = np.zeros((clips * _FRAMES, _REGIONS, 4), np.float32)
    for place, frame in enumerate(sampled.tolist()):
        rows = np.flatnonzero(detections.frames == frame)
        rows = rows[np.argsort(-detections.scores[rows], kind="stable")][:_REGIONS]
        found[place, : len(rows)], boxes[place, : len(rows)] = features[rows], detections.boxes[rows]
    return found.reshape(clips, _FRAMES, _REGIONS, size), boxes.reshape(clips, _FRAMES, _REGIONS, 4)
