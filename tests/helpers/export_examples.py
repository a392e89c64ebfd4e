"""Tracks for the tests of exports: a dog with a gap of two frames, then an empty frame, then a person."""

from __future__ import annotations

import trajtrack
from trajtrack import Detections, Trajectories

__all__ = ["NAMES", "linked", "tracks"]

NAMES = {2: "dog", 5: 'a "b" <c> & é'}


def linked() -> Trajectories:
    """Return trajectories in frames 0 to 4, 2 and 3 interpolated, and in frame 6 of a video of 9 frames."""
    boxes = [[10, 20, 40, 60], [12, 20, 42, 60], [18, 20, 48, 60.5], [100.25, 50, 130.25, 90]]
    detections = Detections(
        boxes, [0.75, 0.5, 1, 0.25], [0, 1, 4, 6], labels=[2, 2, 2, 5], num_frames=9, label_names=NAMES
    )
    return trajtrack.link(detections, method="seq-nms")


def tracks() -> Detections:
    """Return the rows of `linked`, including interpolated ones."""
    return linked().to_detections()
