"""Export tracks as supervision detections."""

from __future__ import annotations

from typing import Any

import numpy as np

from trajtrack.columns import as_count
from trajtrack.detections import Detections
from trajtrack.exports.track_boxes import boxes_of
from trajtrack.trajectories import Trajectories

__all__ = ["to_supervision"]


def to_supervision(tracks: Trajectories | Detections, num_frames: int | None = None) -> list[Any]:
    """Return tracks as one `supervision.Detections` per frame, for the annotators of supervision.

    Within a frame, boxes are sorted by identity, stored as ``tracker_id``. ``class_id`` is the label, and
    ``data["interpolated"]`` marks boxes that were not detected, whose confidence is 0. If labels have names, these are
    in ``data["class_name"]``.

    Parameters
    ----------
    tracks
        Trajectories, including their interpolated boxes; or detections with `track_ids`, whose rows with ID -1 are
        skipped and whose boxes are never marked as interpolated.
    num_frames
        Number of frames to return; default: those of the video.

    Raises
    ------
    ValueError
        If boxes have no identities, or the video has more frames.
    ImportError
        If supervision is not installed.
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
