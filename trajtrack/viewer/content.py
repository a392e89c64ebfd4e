"""What a page or a video shows: the boxes of a video, by trajectory and frame, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import check_tracks, identities_of
from trajtrack.detections import Detections
from trajtrack.trajectories import Reason, Trajectories
from trajtrack.viewer.matching import interpolated_rows, match_boxes

__all__ = ["NOT_DETECTED", "UNKNOWN", "Content", "ViewSummary", "content_of"]

UNKNOWN: Final = 5
"""Beside the values of `Reason`: the detection is in no trajectory, and why is not known."""
NOT_DETECTED: Final = 6
"""Beside the values of `Reason`: the box of a trajectory is none of the detections."""


@dataclass(frozen=True)
class ViewSummary:
    """What a page or a video shows."""

    num_tracks: int
    """Number of trajectories."""
    num_frames: int
    """Number of frames."""
    num_images: int | None
    """Number of frames that have an image; None where no images were asked for."""
    num_unknown: int
    """Number of detections in no trajectory of which it is not known why."""


@dataclass(frozen=True, eq=False)
class Content:
    """N boxes in K trajectories and outside of them.

    Trajectories are ordered by their first frame, then by identity. Interpolated boxes are left out: they follow from
    those on either side of a gap.
    """

    frames: NDArray[np.int32]
    """(N,) frame numbers, ascending within each trajectory and within what is in none."""
    boxes: NDArray[np.float32]
    """(N, 4) corners in pixels."""
    scores: NDArray[np.float32]
    """(N,) scores of the detections."""
    labels: NDArray[np.int32]
    """(N,) classes of the detections."""
    reasons: NDArray[np.int8]
    """(N,) a `Reason`, `UNKNOWN` or `NOT_DETECTED`."""
    suppressed_by: NDArray[np.int32]
    """(N,) for suppressed boxes the row of the suppressing one, else -1."""
    offsets: NDArray[np.int32]
    """(K + 1,) trajectory k has the rows ``offsets[k]:offsets[k + 1]``; rows from ``offsets[K]`` are in none."""
    track_ids: NDArray[np.int64]
    """(K,) identities."""
    track_labels: NDArray[np.int32]
    """(K,) classes of the trajectories."""
    track_scores: NDArray[np.float64]
    """(K,) scores of the trajectories."""
    num_frames: int
    """Number of frames of the video."""
    label_names: Mapping[int, str]
    """Class names by label."""

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what holds all boxes and the origin."""
        low = self.boxes[:, :2].min(axis=0, initial=0.0)
        high = self.boxes[:, 2:].max(axis=0, initial=0.0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def written(self, num_images: int | None) -> ViewSummary:
        """Sum up what a file shows that has so many images."""
        unknown = int((self.reasons == UNKNOWN).sum())
        return ViewSummary(len(self.track_ids), self.num_frames, num_images, unknown)


def content_of(tracks: Trajectories | Detections, detections: Detections | None = None) -> Content:
    """Gather what is shown.

    Parameters
    ----------
    tracks
        Trajectories, or boxes with `track_ids`; those with -1 are shown as detections without a trajectory.
    detections
        For boxes with `track_ids` all detections of the video: those that are none of the boxes are shown too, with a
        reason that is not known.

    Raises
    ------
    TypeError
        When `tracks` are of another kind.
    ValueError
        When boxes have no identities, or `detections` are not those of the trajectories.
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
    linked = [tracks.rows[tracks.offsets[k] : tracks.offsets[k + 1]] for k in by_start.tolist()]
    others = np.flatnonzero(tracks.track_ids < 0)
    others = others[np.argsort(given.frames[others], kind="stable")]
    order = np.concatenate([*linked, others]).astype(np.int64)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    suppressed_by = tracks.suppressed_by[order]
    return Content(
        frames=given.frames[order],
        boxes=given.boxes[order],
        scores=given.scores[order],
        labels=given.labels[order],
        reasons=tracks.reasons[order],
        suppressed_by=np.where(suppressed_by >= 0, place[suppressed_by], np.int32(-1)) if len(order) else place,
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
    """Put boxes of trajectories and other detections together; names of classes are those of the trajectories first."""
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
