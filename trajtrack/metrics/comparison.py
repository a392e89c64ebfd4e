"""What the CLEAR metrics say about each box: which are matched, missed or false, and where identities switch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import identities_of
from trajtrack.detections import Detections
from trajtrack.metrics.evaluate import Metrics, evaluate
from trajtrack.metrics.ground_truth import GroundTruth
from trajtrack.metrics.matching import THRESHOLD_MARGIN, FramePair, Origin, Video
from trajtrack.trajectories import Trajectories

__all__ = ["Comparison", "compare"]

_THRESHOLD = 0.5
_CONTINUED = 1000
"""What TrackEval adds to the overlap of a pair that was matched in the frame before."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """N boxes of the ground truth and M boxes of tracks, matched as the CLEAR metrics match them."""

    truth: Detections
    """(N,) annotations that are to be found."""
    tracks: Detections
    """(M,) boxes with an identity, interpolated ones among them."""
    found_by: NDArray[np.int64]
    """(N,) row of the track box matched to each annotation; -1 if it is missed."""
    matched: NDArray[np.bool_]
    """(M,) whether each track box is matched."""
    counted: NDArray[np.bool_]
    """(M,) whether each track box counts: not one on a distractor or in an ignored region."""
    switched_from: NDArray[np.int64]
    """(N,) identity of the track that was matched before, where the identity switches; otherwise -1."""
    metrics: Metrics
    """The metrics of the tracks."""


def compare(
    truth: Detections | GroundTruth, tracks: Detections | Trajectories, *, class_agnostic: bool = False
) -> Comparison:
    """Compare the tracks of a video with its ground truth, box by box.

    Boxes are matched as for the CLEAR metrics: at an overlap of at least 0.5, keeping the matches of the previous frame
    where possible. The counts therefore equal those of `Metrics`.

    Parameters
    ----------
    truth, tracks, class_agnostic
        As for `evaluate`.

    Raises
    ------
    ImportError, ValueError
        As `evaluate`.
    """
    metrics = evaluate(truth, tracks, class_agnostic=class_agnostic)
    video = Video.of(truth, tracks, class_agnostic, (Origin("truth"), Origin("tracks")))
    annotations = video.truth.detections
    num_truth, num_tracks = len(annotations), len(video.tracks)
    found_by, switched_from = np.full(num_truth, -1, np.int64), np.full(num_truth, -1, np.int64)
    counted, evaluated = np.zeros(num_tracks, np.bool_), np.zeros(num_truth, np.bool_)
    for label in sorted(video.labels):
        frames = list(video.frames(label))
        for frame in frames:
            evaluated[frame.truth_rows] = True
            counted[frame.track_rows] = True
        _match(frames, identities_of(annotations), identities_of(video.tracks), found_by, switched_from)
    matched = np.zeros(num_tracks, np.bool_)
    matched[found_by[found_by >= 0]] = True
    return Comparison(
        truth=annotations[evaluated],
        tracks=video.tracks,
        found_by=found_by[evaluated],
        matched=matched,
        counted=counted,
        switched_from=switched_from[evaluated],
        metrics=metrics,
    )


def _match(
    frames: Iterable[FramePair],
    truth_ids: NDArray[np.int64],
    track_ids: NDArray[np.int64],
    found_by: NDArray[np.int64],
    switched_from: NDArray[np.int64],
) -> None:
    """Match the boxes of one class as TrackEval's CLEAR metrics, which do not tell which boxes they matched."""
    from scipy.optimize import linear_sum_assignment  # installed with TrackEval

    last: dict[int, int] = {}
    """The track that was matched to each identity last, in any earlier frame."""
    before: dict[int, int] = {}
    """The same in the last frame that has boxes of both kinds."""
    for frame in frames:
        true, found = frame.truth_rows, frame.track_rows
        if len(true) == 0 or len(found) == 0:
            continue
        earlier = np.array([before.get(number, -1) for number in truth_ids[true].tolist()], np.int64)
        weights = _CONTINUED * (track_ids[found][None] == earlier[:, None]) + frame.overlaps
        weights[frame.overlaps < _THRESHOLD - THRESHOLD_MARGIN] = 0
        rows, columns = linear_sum_assignment(-weights)
        kept = weights[rows, columns] > THRESHOLD_MARGIN
        before = {}
        for row, other in zip(true[rows[kept]].tolist(), found[columns[kept]].tolist(), strict=True):
            identity, track = int(truth_ids[row]), int(track_ids[other])
            found_by[row] = other
            if last.get(identity, track) != track:
                switched_from[row] = last[identity]
            last[identity] = before[identity] = track
