"""The errors of a result against the ground truth, in the form that the page lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import identities_of
from trajtrack.metrics.comparison import Comparison

__all__ = ["ErrorKind", "TrackError", "errors_of", "metrics_of"]

_SHOWN = ("hota", "deta", "assa", "mota", "idf1", "precision", "recall")
_COUNTED = ("false_negatives", "false_positives", "switches", "fragments")


class ErrorKind(IntEnum):
    """What is wrong; the page knows these numbers."""

    MISS = 0
    FALSE = 1
    SWITCH = 2
    UNCOUNTED = 3
    """No error: the rules of the ground truth do not count the box."""
    MATCH = 4
    """No error: an annotation is found by the track."""


@dataclass(frozen=True)
class TrackError:
    """Successive frames in which the same is wrong, or right."""

    kind: ErrorKind
    first: int
    """First frame."""
    last: int
    """Last frame."""
    track: int
    """Identity of the track; -1 for a miss."""
    truth: int
    """Identity in the ground truth; -1 for a box that is false or not counted."""
    before: int = -1
    """Identity of the track before a switch."""


def errors_of(comparison: Comparison) -> list[TrackError]:
    """Return all errors and matches, by first frame, then kind, then identity."""
    truth, tracks = comparison.truth, comparison.tracks
    truth_ids, track_ids = identities_of(truth), identities_of(tracks)
    none_true, none_tracked = np.full(len(truth), -1), np.full(len(tracks), -1)
    is_found = comparison.found_by >= 0
    finder = none_true.copy()
    finder[is_found] = track_ids[comparison.found_by[is_found]]
    false = comparison.counted & ~comparison.matched
    found = [
        *_runs(ErrorKind.MISS, truth.frames, none_true, truth_ids, ~is_found),
        *_runs(ErrorKind.MATCH, truth.frames, finder, truth_ids, is_found),
        *_runs(ErrorKind.FALSE, tracks.frames, track_ids, none_tracked, false),
        *_runs(ErrorKind.UNCOUNTED, tracks.frames, track_ids, none_tracked, ~comparison.counted),
    ]
    for row in np.flatnonzero(comparison.switched_from >= 0).tolist():
        frame, before = int(truth.frames[row]), int(comparison.switched_from[row])
        found.append(TrackError(ErrorKind.SWITCH, frame, frame, int(finder[row]), int(truth_ids[row]), before))
    return sorted(found, key=lambda error: (error.first, error.kind, error.track, error.truth))


def _runs(
    kind: ErrorKind,
    frames: NDArray[np.int32],
    tracks: NDArray[np.int64],
    truths: NDArray[np.int64],
    chosen: NDArray[np.bool_],
) -> Iterator[TrackError]:
    """Yield a run of successive frames for each pair of identities among the chosen boxes."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((frames[rows], tracks[rows], truths[rows]))]
    frames, tracks, truths = frames[rows].astype(np.int64), tracks[rows], truths[rows]
    breaks = (np.diff(frames) > 1) | (np.diff(tracks) != 0) | (np.diff(truths) != 0)
    begins = np.flatnonzero(np.concatenate([[True], breaks])) if len(rows) else rows
    ends = np.concatenate([begins[1:], [len(rows)]]) - 1 if len(rows) else rows
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        yield TrackError(kind, int(frames[begin]), int(frames[end]), int(tracks[begin]), int(truths[begin]))


def metrics_of(comparison: Comparison) -> Mapping[str, Any]:
    """Return the metrics that the page shows."""
    return {name: getattr(comparison.metrics, name) for name in (*_SHOWN, *_COUNTED)}
