"""Tracks as detections of supervision."""

from __future__ import annotations

from typing import Any

import numpy as np

from trajtrack.columns import as_count
from trajtrack.detections import Detections
from trajtrack.exports.track_boxes import boxes_of
from trajtrack.trajectories import Trajectories

__all__ = ["to_supervision"]


def to_supervision(tracks: Trajectories | Detections, num_frames: int | None = None) -> list[Any]:
    """Return tracks as one `supervision.Detections` a frame, for the annotators of supervision.

    Within a frame, boxes are in the order of the ids, which are ``tracker_id``. ``class_id`` is the label, and
    ``data["interpolated"]`` says which boxes were not detected; their confidence is 0. Where labels have names,
    ``data["class_name"]`` has them.

    Parameters
    ----------
    tracks
        Trajectories, their interpolated boxes included; or boxes with `track_ids`, whose rows with -1 are left out
        and none of which is marked as interpolated.
    num_frames
        How many frames to return; those of the video where left out.

    Raises
    ------
    ValueError
        When boxes have no identities, or the video has more frames.
    ImportError
        When supervision is not installed.
    """
    found = boxes_of(tracks)
    length = found.num_frames if num_frames is None else as_count("num_frames", num_frames, found.num_frames)
    try:
        import supervision
    except ImportError:
        raise ImportError("to_supervision needs supervision: pip install supervision") from None
    data: dict[str, Any] = {"interpolated": found.interpolated}
    if found.label_names:
        data["class_name"] = np.array([found.name(label) for label in found.labels.tolist()], str)
    video = supervision.Detections(
        xyxy=found.boxes.astype(np.float32),
        confidence=found.scores,
        class_id=found.labels.astype(np.int64),
        tracker_id=found.ids,
        data=data,
    )
    by_frame = np.argsort(found.frames, kind="stable")
    ends = np.cumsum(np.bincount(found.frames, minlength=length))
    return [video[rows] for rows in np.split(by_frame, ends)[:-1]]
