"""Match the boxes of a file of tracks with detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.trajectories import Trajectories

__all__ = ["interpolated_rows", "match_boxes", "reproduces"]

_TOLERANCE = 0.5
"""Maximum difference in pixels between the corners of a box in a file of tracks and those of its detection."""


def reproduces(linked: Trajectories, tracks: Detections) -> bool:
    """Return whether `tracks` are the trajectories `linked` written to a file and read, interpolated or not."""
    return any(_same_tracks(linked.to_detections(interpolate=filled), tracks) for filled in (True, False))


def _same_tracks(ours: Detections, theirs: Detections) -> bool:
    if ours.track_ids is None or theirs.track_ids is None or len(ours) != len(theirs):
        return False
    order = np.lexsort((theirs.frames, theirs.track_ids))  # ours are in this order
    return (
        np.array_equal(ours.track_ids, theirs.track_ids[order])
        and np.array_equal(ours.frames, theirs.frames[order])
        and np.allclose(ours.boxes, theirs.boxes[order], rtol=1e-6, atol=1e-4)
    )


def interpolated_rows(tracks: Detections) -> NDArray[np.bool_]:
    """Return (N,) whether each row is an interpolated box, as `trajtrack.write` writes them.

    Interpolated boxes have score 0 and lie, within a hundredth of a pixel, on the straight line between boxes of the
    same identity with a nonzero score.
    """
    interpolated = np.zeros(len(tracks), np.bool_)
    ids = tracks.track_ids
    if ids is None or not (tracks.scores == 0).any():
        return interpolated
    order = np.lexsort((tracks.frames, ids))
    order = order[ids[order] >= 0]
    frames, boxes = tracks.frames[order].astype(np.int64), tracks.boxes[order].astype(np.float64)
    indices = np.arange(len(order))
    scored = tracks.scores[order] != 0
    before = np.maximum.accumulate(np.where(scored, indices, -1))
    after = np.minimum.accumulate(np.where(scored, indices, len(order))[::-1])[::-1]
    candidates = np.flatnonzero(~scored & (before >= 0) & (after < len(order)))
    low, high = before[candidates], after[candidates]
    within = (ids[order[low]] == ids[order[candidates]]) & (ids[order[high]] == ids[order[candidates]])
    candidates, low, high = candidates[within], low[within], high[within]
    share = (frames[candidates] - frames[low]) / np.maximum(frames[high] - frames[low], 1)
    expected = boxes[low] + (boxes[high] - boxes[low]) * share[:, None]
    on_line = np.isclose(boxes[candidates], expected, rtol=1e-6, atol=0.01).all(axis=1)
    interpolated[order[candidates[on_line]]] = True
    return interpolated


def match_boxes(tracks: Detections, detections: Detections) -> NDArray[np.int64]:
    """Return (N,) the row of the detection that matches each box of `tracks`, or -1.

    A box matches a detection of its frame if no corner coordinate differs by more than half a pixel. Each detection is
    matched once, to the nearest box, and among equally near boxes to the first.
    """
    taken = np.full(len(tracks), -1, np.int64)
    ours, theirs = _rows_by_frame(tracks), _rows_by_frame(detections)
    for frame in ours.keys() & theirs.keys():
        rows, others = ours[frame], theirs[frame]
        difference = np.abs(tracks.boxes[rows, None] - detections.boxes[None, others]).max(axis=2)
        near, far = np.nonzero(difference <= _TOLERANCE)
        free = np.ones(len(others), np.bool_)
        for pair in np.argsort(difference[near, far], kind="stable").tolist():
            row, other = rows[near[pair]], far[pair]
            if taken[row] < 0 and free[other]:
                taken[row] = others[other]
                free[other] = False
    return taken


def _rows_by_frame(boxes: Detections) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(boxes.frames, kind="stable")
    frames, begins = np.unique(boxes.frames[order], return_index=True)
    return dict(zip(frames.tolist(), np.split(order, begins[1:]), strict=False))
