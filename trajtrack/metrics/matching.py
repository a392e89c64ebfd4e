"""Ground truth and tracks of a video in the form that TrackEval's metrics take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.metrics.ground_truth import GroundTruth
from trajtrack.trajectories import Trajectories

__all__ = ["THRESHOLD_MARGIN", "FramePair", "Origin", "Video"]

_EPSILON = float(np.finfo(np.float64).eps)
THRESHOLD_MARGIN = _EPSILON
"""How far below a threshold an overlap still counts, as in TrackEval."""
_RULE_THRESHOLD = 0.5


@dataclass(frozen=True)
class Origin:
    """Where boxes come from, for messages."""

    name: str
    """File or argument."""
    first_frame: int = 0
    """Number of the first frame there."""
    first_id: int = 0
    """Number there of the identity 0."""


@dataclass(frozen=True, eq=False)
class FramePair:
    """What is compared in one frame, of one class, after the rules of the ground truth."""

    truth_rows: NDArray[np.intp]
    """(n,) rows of the ground truth to be found."""
    track_rows: NDArray[np.intp]
    """(m,) rows of the tracks that count."""
    overlaps: NDArray[np.float64]
    """(n, m) their intersection over union."""


@dataclass(frozen=True)
class Video:
    """Ground truth and tracks of one video."""

    truth: GroundTruth
    tracks: Detections
    class_agnostic: bool
    origins: tuple[Origin, Origin]
    """Where the ground truth and the tracks come from."""

    @classmethod
    def of(
        cls,
        truth: Detections | GroundTruth,
        tracks: Detections | Trajectories,
        class_agnostic: bool,
        origins: tuple[Origin, Origin],
    ) -> Video:
        """Build a video after checking ground truth and tracks."""
        of_truth, of_tracks = origins
        if isinstance(tracks, Trajectories):
            tracks = tracks.to_detections()
        if isinstance(truth, Detections):
            everything = np.ones(len(truth), np.bool_)
            truth = GroundTruth(truth, evaluated=everything, distractors=~everything)
        for origin, given, expected in ((of_truth, truth, GroundTruth), (of_tracks, tracks, Detections)):
            if not isinstance(given, expected):
                raise TypeError(f"{origin.name}: found {type(given).__name__}, expected trajtrack.Detections")
        ids = _ids(truth.detections, of_truth.name)
        missing = np.flatnonzero(truth.evaluated & (ids < 0))
        if len(missing):
            frame = truth.detections.frames[missing[0]] + of_truth.first_frame
            raise ValueError(
                f"{of_truth.name}, row {missing[0]}: found no identity (-1) in frame {frame}, "
                "expected one for each box to be found"
            )
        tracks = tracks[_ids(tracks, of_tracks.name) >= 0]
        agnostic = class_agnostic or truth.class_agnostic
        if not agnostic:
            _check_names(truth.detections, tracks, of_tracks)
        _check_unique(of_truth, truth.detections[truth.evaluated], agnostic)
        _check_unique(of_tracks, tracks, agnostic)
        return cls(truth, tracks, agnostic, origins)

    @property
    def labels(self) -> set[int]:
        """The classes to evaluate, of those that are annotated or tracked."""
        if self.class_agnostic:
            return {0}
        annotated = self.truth.detections.labels[self.truth.evaluated]
        found = set(np.union1d(annotated, self.tracks.labels).tolist())
        return found if self.truth.classes is None else found.intersection(self.truth.classes)

    @property
    def label_names(self) -> Mapping[int, str]:
        """Class names by label, of the tracks and the ground truth."""
        return {**self.tracks.label_names, **self.truth.detections.label_names}

    def frames(self, label: int) -> Iterator[FramePair]:
        """Yield the frames with boxes of one class, in order."""
        truth_rows = self._rows(self.truth.detections, label)
        track_rows = self._rows(self.tracks, label)
        for of_truth, of_tracks in _by_frame(self.truth.detections.frames[truth_rows], self.tracks.frames[track_rows]):
            true, found = truth_rows[of_truth], track_rows[of_tracks]
            overlaps = _overlaps(self.truth.detections.boxes[true], self.tracks.boxes[found])
            counted = _counted(self.truth, true, self.tracks, found, overlaps)
            evaluated = self.truth.evaluated[true]
            yield FramePair(true[evaluated], found[counted], overlaps[evaluated][:, counted])

    def data(self, label: int) -> dict[str, Any]:
        """Return one class of the video in the form that TrackEval's metrics take."""
        frames = list(self.frames(label))
        truth_ids = [_ids(self.truth.detections)[frame.truth_rows] for frame in frames]
        track_ids = [_ids(self.tracks)[frame.track_rows] for frame in frames]
        truth_numbers, truth_count = _renumber(truth_ids)
        track_numbers, track_count = _renumber(track_ids)
        return {
            "num_timesteps": len(frames),
            "gt_ids": truth_numbers,
            "tracker_ids": track_numbers,
            "similarity_scores": [frame.overlaps for frame in frames],
            "num_gt_dets": sum(map(len, truth_numbers)),
            "num_tracker_dets": sum(map(len, track_numbers)),
            "num_gt_ids": truth_count,
            "num_tracker_ids": track_count,
        }

    def _rows(self, detections: Detections, label: int) -> NDArray[np.intp]:
        order = np.argsort(detections.frames, kind="stable")
        return order if self.class_agnostic else order[detections.labels[order] == label]


def _ids(detections: Detections, name: str = "") -> NDArray[np.int64]:
    if detections.track_ids is None:
        raise ValueError(f"{name}: found boxes without track_ids, expected the identity of each")
    return detections.track_ids


def _check_names(truth: Detections, tracks: Detections, of_tracks: Origin) -> None:
    true, found = truth.label_names, tracks.label_names
    for label in sorted(true.keys() & found.keys()):
        if true[label].lower() != found[label].lower():
            raise ValueError(
                f"{of_tracks.name}, label_names, label {label}: found {found[label]!r} in the tracks, "
                f"expected {true[label]!r} as in the ground truth"
            )
    true_labels, found_labels = _labels_by_name(truth), _labels_by_name(tracks)
    for name in sorted(true_labels.keys() & found_labels.keys()):
        if not true_labels[name] & found_labels[name]:
            raise ValueError(
                f"{of_tracks.name}, label_names: found {name!r} as label {min(found_labels[name])} in the tracks, "
                f"expected label {min(true_labels[name])} as in the ground truth"
            )


def _labels_by_name(detections: Detections) -> dict[str, set[int]]:
    """Return the labels that boxes have, by their names in lower case."""
    found: dict[str, set[int]] = {}
    for label in np.unique(detections.labels).tolist():
        if label in detections.label_names:
            found.setdefault(detections.label_names[label].lower(), set()).add(label)
    return found


def _check_unique(origin: Origin, detections: Detections, class_agnostic: bool) -> None:
    ids, frames = _ids(detections), detections.frames
    labels = np.zeros(len(ids), np.int32) if class_agnostic else detections.labels
    order = np.lexsort((labels, ids, frames))
    twice = np.flatnonzero((np.diff(ids[order]) == 0) & (np.diff(frames[order]) == 0) & (np.diff(labels[order]) == 0))
    if len(twice):
        row = order[twice[0]]
        raise ValueError(
            f"{origin.name}: found two boxes of identity {ids[row] + origin.first_id} "
            f"in frame {frames[row] + origin.first_frame}, expected at most one"
        )


def _by_frame(truth_frames: NDArray[np.int32], track_frames: NDArray[np.int32]) -> Iterator[tuple[slice, slice]]:
    """Yield the slices of each nonempty frame in two sorted columns of frame numbers."""
    frames = np.union1d(truth_frames, track_frames)
    ends = [
        zip(np.searchsorted(column, frames, "left"), np.searchsorted(column, frames, "right"), strict=True)
        for column in (truth_frames, track_frames)
    ]
    for (truth_start, truth_end), (track_start, track_end) in zip(*ends, strict=True):
        yield slice(truth_start, truth_end), slice(track_start, track_end)


def _renumber(ids_by_frame: list[NDArray[np.int64]]) -> tuple[list[NDArray[np.intp]], int]:
    """Return the IDs renumbered consecutively from 0, in the order of the IDs, and the number of IDs."""
    if not ids_by_frame:
        return [], 0
    ids, numbers = np.unique(np.concatenate(ids_by_frame), return_inverse=True)
    return np.split(numbers, np.cumsum([len(entry) for entry in ids_by_frame])[:-1]), len(ids)


def _overlaps(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (n, m) intersection over union, with the same sequence of operations as in TrackEval."""
    intersection, area, other_area = _intersections(boxes, others)
    union = area[:, None] + other_area[None, :] - intersection
    proper = (area[:, None] > _EPSILON) & (other_area[None, :] > _EPSILON) & (union > _EPSILON)
    overlaps: NDArray[np.float64] = np.divide(intersection, union, out=np.zeros_like(union), where=proper)
    return overlaps


def _intersections(
    boxes: NDArray[np.float32], others: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the (n, m) areas of the intersections, and the areas of `boxes` and of `others`."""
    a, b = boxes.astype(np.float64), others.astype(np.float64)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return (
        sides[..., 0] * sides[..., 1],
        (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]),
        (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]),
    )


def _counted(
    truth: GroundTruth,
    true: NDArray[np.intp],
    tracks: Detections,
    found: NDArray[np.intp],
    similarity: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which of the track rows `found` of a frame count under the rules of the ground truth."""
    counted = np.ones(len(found), np.bool_)
    if not truth.distractors.any() and truth.ignore is None and truth.min_height is None:
        return counted
    from scipy.optimize import linear_sum_assignment  # installed with TrackEval

    matching = np.where(similarity < _RULE_THRESHOLD - _EPSILON, 0.0, similarity)
    matched_true, matched_found = linear_sum_assignment(-matching)
    matches = matching[matched_true, matched_found] > _EPSILON
    matched_true, matched_found = matched_true[matches], matched_found[matches]
    counted[matched_found[truth.distractors[true[matched_true]]]] = False
    unmatched = np.setdiff1d(np.arange(len(found)), matched_found)
    boxes = tracks.boxes[found[unmatched]]
    if truth.min_height is not None:
        heights = boxes[:, 3].astype(np.float64) - boxes[:, 1]
        counted[unmatched[heights <= truth.min_height + _EPSILON]] = False
    if truth.ignore is not None and len(unmatched):
        regions = truth.ignore.boxes[truth.ignore.frames == tracks.frames[found[0]]]
        intersection, area, _ = _intersections(boxes, regions)
        proper = area[:, None] > _EPSILON
        shares = np.divide(intersection, area[:, None], out=np.zeros_like(intersection), where=proper)
        counted[unmatched[(shares > _RULE_THRESHOLD + _EPSILON).any(axis=1)]] = False
    return counted
