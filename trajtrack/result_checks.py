"""Warn of results of linking in which nothing was linked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import warn
from trajtrack.options import LinkOptions
from trajtrack.trajectories import Reason, Trajectories

__all__ = ["warn_if_nothing_is_linked"]

_MANY = 20
"""Number of detections that are not expected to be alone, all of them."""


def warn_if_nothing_is_linked(tracks: Trajectories) -> None:
    """Issue one `TrajtrackWarning` if there are detections but no trajectories, or none of several detections."""
    if len(tracks.detections) and not len(tracks):
        warn(_why_none(tracks))
    elif len(tracks) and len(tracks) == len(tracks.rows):
        reason = _why_alone(tracks)
        if reason is not None:
            warn(f"frames: found {len(tracks)} of {len(tracks)} boxes alone, expected links; {reason}")


def _why_none(tracks: Trajectories) -> str:
    options, highest = tracks.options, float(tracks.detections.scores.max())
    found = set(np.unique(tracks.reasons).tolist())
    if found == {Reason.BELOW_MIN_SCORE}:
        return (
            f"min_score: found {options.min_score:g}, expected at most {highest:g}, the highest score; no box is left"
        )
    if Reason.NOT_POSITIVE in found:
        return (
            f"scores: found none above 0 (the highest is {highest:g}), expected positive ones, which paths of Seq-NMS "
            "add up; no box is linked"
        )
    if Reason.TOO_SHORT in found:
        return f"min_length: found {options.min_length}, expected at most the length of a path; no path is that long"
    return f"scores: found no trajectory of {len(tracks.detections)} boxes, expected some of higher confidence"


def _why_alone(tracks: Trajectories) -> str | None:
    frames = tracks.detections.frames[tracks.rows]
    apart = _frames_apart(frames)
    if not isinstance(tracks.options, LinkOptions):
        return "no two boxes are similar enough to be of one object" if apart > 0 and len(tracks) >= _MANY else None
    span = tracks.options.max_gap + 1
    if apart > span and len(np.unique(frames)) > 2:
        within = f"links with max_gap={span - 1} span at most {span}" if span > 1 else "links do not skip any"
        return f"frames with boxes are {apart} or more apart, and {within}"
    if apart > 0 and len(tracks) >= _MANY:
        return "no two boxes of neighbouring frames overlap enough"
    return None


def _frames_apart(frames: NDArray[np.int32]) -> int:
    """Return the least distance between two frames with boxes, 0 if there is one such frame."""
    distinct = np.unique(frames).astype(np.int64)
    return int(np.diff(distinct).min()) if len(distinct) > 1 else 0
