"""Content of a page or a video: the boxes by trajectory and frame, and what happened to each detection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import check_tracks, identities_of
from trajtrack.detections import Detections
from trajtrack.printable import escaped
from trajtrack.trajectories import Reason, Trajectories
from trajtrack.viewer.matching import interpolated_rows, match_boxes

__all__ = ["LINE_SEPARATORS", "NOT_DETECTED", "UNKNOWN", "Content", "ViewSummary", "content_of"]

LINE_SEPARATORS: Final = "\u2028\u2029"
"""Characters that mean something to terminals, but not to browsers and fonts."""
UNKNOWN: Final = 6
"""Extends the values of `Reason`: the detection is in no trajectory, for an unknown reason."""
NOT_DETECTED: Final = 7
"""Extends the values of `Reason`: the box of a trajectory matches no detection."""


@dataclass(frozen=True)
class ViewSummary:
    """Summary of what a page or a video shows."""

    num_tracks: int
    """Number of trajectories."""
    num_frames: int
    """Number of frames."""
    num_images: int | None
    """Number of frames with an image; None if no images were given."""
    num_unknown: int
    """Number of detections in no trajectory for an unknown reason."""


@dataclass(frozen=True, eq=False)
class Content:
    """N boxes in K trajectories and outside of them.

    Trajectories are sorted by first frame, then by identity. Interpolated boxes are omitted, because they follow from
    the boxes on either side of a gap.
    """

    frames: NDArray[np.int32]
    """(N,) frame numbers, ascending within each trajectory and among untracked boxes."""
    boxes: NDArray[np.float32]
    """(N, 4) corners ``x1, y1, x2, y2`` in pixels, smoothed if those of the trajectories are."""
    scores: NDArray[np.float32]
    """(N,) scores of the detections."""
    labels: NDArray[np.int32]
    """(N,) labels of the detections."""
    reasons: NDArray[np.int8]
    """(N,) what happened to each box: a `Reason`, `UNKNOWN` or `NOT_DETECTED`."""
    suppressed_by: NDArray[np.int32]
    """(N,) row of the suppressing box for suppressed boxes, otherwise -1."""
    offsets: NDArray[np.int32]
    """(K + 1,) rows of trajectory k: ``offsets[k]:offsets[k + 1]``; rows from ``offsets[K]`` are untracked."""
    track_ids: NDArray[np.int64]
    """(K,) identities."""
    track_labels: NDArray[np.int32]
    """(K,) labels of the trajectories."""
    track_scores: NDArray[np.float64]
    """(K,) scores of the trajectories."""
    num_frames: int
    """Number of frames of the video."""
    label_names: Mapping[int, str]
    """Class names by label."""

    def __post_init__(self) -> None:
        names = {label: escaped(name, keep=LINE_SEPARATORS) for label, name in self.label_names.items()}
        object.__setattr__(self, "label_names", names)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all boxes and the origin."""
        low = self.boxes[:, :2].min(axis=0, initial=0.0)
        high = self.boxes[:, 2:].max(axis=0, initial=0.0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def summary(self, num_images: int | None) -> ViewSummary:
        """Summarize a file that shows this content over `num_images` images."""
        unknown = int((self.reasons == UNKNOWN).sum())
        return ViewSummary(len(self.track_ids), self.num_frames, num_images, unknown)


def content_of(tracks: Trajectories | Detections, detections: Detections | None = None) -> Content:
    """Return the content of a page or a video.

    Parameters
    ----------
    tracks
        Trajectories, or boxes with `track_ids`; boxes with -1 are shown as untracked detections.
    detections
        All detections of the video, if `tracks` are boxes with `track_ids`; those that match no box are shown with an
        unknown reason.

    Raises
    ------
    TypeError
        If `tracks` are not Trajectories or Detections.
    ValueError
        If boxes have no identities, or `detections` are not those of the trajectories.
    """
    check_tracks(tracks)
    if isinstance(tracks, Trajectories):
        if detections is not None and detections is not tracks.detections and detections != tracks.detections:
            raise ValueError("detections: found others than those of the trajectories, expected the same or None")
        return _of_trajectories(tracks)
    if len(tracks) == 0:
        tracks = Detections([], [], [], num_frames=tracks.num_frames, track_ids=[], label_names=tracks.label_names)
    tracks = tracks[~interpolated_rows(tracks)]
    reasons = np.where(identities_of(tracks) >= 0, np.int8(Reason.LINKED), np.int8(UNKNOWN))
    if detections is None:
        return _of_boxes(tracks, reasons)
    taken = match_boxes(tracks, detections)
    reasons[(taken < 0) & (identities_of(tracks) >= 0)] = NOT_DETECTED
    others = np.setdiff1d(np.arange(len(detections)), taken)
    unknown = np.full(len(others), UNKNOWN, np.int8)
    return _of_boxes(_join(tracks, detections[others]), np.concatenate([reasons, unknown]))


def _of_trajectories(tracks: Trajectories) -> Content:
    given = tracks.detections
    by_start = np.lexsort((np.arange(len(tracks)), tracks.starts))
    lengths = tracks.lengths[by_start]
    spans = [np.arange(tracks.offsets[k], tracks.offsets[k + 1]) for k in by_start.tolist()]
    linked = np.concatenate([*spans, np.empty(0, np.int64)])
    others = np.flatnonzero(tracks.track_ids < 0)
    others = others[np.argsort(given.frames[others], kind="stable")]
    order = np.concatenate([tracks.rows[linked], others])
    row_of = np.empty(len(order), np.int32)
    row_of[order] = np.arange(len(order), dtype=np.int32)
    suppressed_by = tracks.suppressed_by[order]
    return Content(
        frames=given.frames[order],
        boxes=np.concatenate([tracks.boxes[linked], given.boxes[others]]),
        scores=given.scores[order],
        labels=given.labels[order],
        reasons=tracks.reasons[order],
        suppressed_by=np.where(suppressed_by >= 0, row_of[suppressed_by], np.int32(-1)) if len(order) else row_of,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        track_ids=by_start.astype(np.int64),
        track_labels=tracks.labels[by_start],
        track_scores=tracks.scores[by_start],
        num_frames=given.num_frames,
        label_names=given.label_names,
    )


def _of_boxes(boxes: Detections, reasons: NDArray[np.int8]) -> Content:
    ids = identities_of(boxes)
    order = np.lexsort((boxes.frames, ids))
    order = np.concatenate([order[ids[order] >= 0], order[ids[order] < 0]])
    numbers, begins, lengths = np.unique(ids[order][ids[order] >= 0], return_index=True, return_counts=True)
    by_start = np.lexsort((numbers, boxes.frames[order[begins]]))
    runs = [order[begins[k] : begins[k] + lengths[k]] for k in by_start.tolist()]
    order = np.concatenate([*runs, order[lengths.sum() :]]).astype(np.int64)
    return Content(
        frames=boxes.frames[order],
        boxes=boxes.boxes[order],
        scores=boxes.scores[order],
        labels=boxes.labels[order],
        reasons=reasons[order],
        suppressed_by=np.full(len(order), -1, np.int32),
        offsets=np.concatenate([[0], np.cumsum(lengths[by_start])]).astype(np.int32),
        track_ids=numbers[by_start],
        track_labels=np.array([_most_frequent(boxes.labels[run]) for run in runs], np.int32),
        track_scores=np.array([boxes.scores[run].mean(dtype=np.float64) for run in runs], np.float64),
        num_frames=boxes.num_frames,
        label_names=boxes.label_names,
    )


def _join(tracks: Detections, others: Detections) -> Detections:
    """Join boxes of trajectories and other detections; label names of the trajectories take precedence."""
    return Detections(
        np.concatenate([tracks.boxes, others.boxes]),
        np.concatenate([tracks.scores, others.scores]),
        np.concatenate([tracks.frames, others.frames]),
        np.concatenate([tracks.labels, others.labels]),
        num_frames=max(tracks.num_frames, others.num_frames),
        track_ids=np.concatenate([identities_of(tracks), np.full(len(others), -1)]),
        label_names={**others.label_names, **tracks.label_names},
    )


def _most_frequent(labels: NDArray[np.int32]) -> int:
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()])
