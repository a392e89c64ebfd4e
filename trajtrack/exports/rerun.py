"""Log tracks to a Rerun recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import as_count
from trajtrack.detections import Detections
from trajtrack.exports.track_boxes import TrackBoxes, boxes_of
from trajtrack.trajectories import Trajectories

__all__ = ["log_to_rerun"]

_TIMELINE = "frame"
_MAX_CLASS = 2**16 - 1


def log_to_rerun(
    tracks: Trajectories | Detections,
    recording: Any = None,
    *,
    entity_path: str = "tracks",
    trail: int = 30,
) -> None:
    """Log tracks to Rerun, on the timeline ``frame``.

    The entity has the children ``detected`` and ``interpolated``, boxes with a class, a ``score`` and a label of class
    name and identity, and ``trails``, the recent path of each track's centre. Class names are logged as its annotation
    context. A frame without boxes that follows a frame with boxes is logged too, as empty.

    Parameters
    ----------
    tracks
        Trajectories, including their interpolated boxes; or detections with `track_ids`, whose rows with ID -1 are
        skipped and whose boxes are never marked as interpolated.
    recording
        A `rerun.RecordingStream`; default: the active one.
    entity_path
        Path of the entity; below the entity of the video's images, boxes are drawn on top of them.
    trail
        Length of trails in frames; 0 for none.

    Raises
    ------
    ImportError
        If the Rerun SDK is not installed.
    ValueError
        If boxes have no identities, a label is outside 0 to 65535, or there is no recording.
    """
    trail = as_count("trail", trail)
    found = boxes_of(tracks)
    beyond = (found.labels < 0) | (found.labels > _MAX_CLASS)
    if beyond.any():
        raise ValueError(f"labels: found {found.labels[beyond.argmax()]}, expected labels from 0 to {_MAX_CLASS}")
    try:
        import rerun
    except ImportError:
        raise ImportError("logging to Rerun needs its SDK: pip install rerun-sdk") from None
    recording = rerun.get_data_recording(recording)
    if recording is None:
        raise ValueError("recording: found no active one, expected a RecordingStream or an earlier call of rerun.init")
    names = [(label, name) for label, name in found.label_names.items() if 0 <= label <= _MAX_CLASS]
    if names:
        rerun.log(entity_path, rerun.AnnotationContext(names), static=True, recording=recording)
    if len(found.ids) == 0:
        return
    times = _times(found)
    by_frame = np.lexsort((found.ids, found.frames))
    for part, marked in (("detected", False), ("interpolated", True)):
        rows = by_frame[found.interpolated[by_frame] == marked]
        _send_boxes(rerun, recording, f"{entity_path}/{part}", found, rows, times)
    if trail:
        _send_trails(rerun, recording, f"{entity_path}/trails", found, by_frame, times, trail)


def _times(found: TrackBoxes) -> NDArray[np.int64]:
    """Return the frames with boxes and the frames after them: Rerun shows logged data until the next data."""
    frames = np.unique(found.frames).astype(np.int64)
    after = frames + 1
    return np.union1d(frames, after[after < found.num_frames])


def _counts(frames: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each time occurs in the sorted `frames`."""
    return np.searchsorted(frames, times, "right") - np.searchsorted(frames, times, "left")


def _send_boxes(
    rerun: Any, recording: Any, entity: str, found: TrackBoxes, rows: NDArray[np.int64], times: NDArray[np.int64]
) -> None:
    if len(rows) == 0:
        return
    first, last = np.split(found.boxes[rows], 2, axis=1)
    ids, labels = found.ids[rows].tolist(), found.labels[rows].tolist()
    counts = _counts(found.frames[rows], times)
    boxes = rerun.Boxes2D.columns(
        centers=(first + last) / 2,
        half_sizes=(last - first) / 2,
        labels=[f"{found.name(label)} {number}" for number, label in zip(ids, labels, strict=True)],
        class_ids=labels,
    )
    scores = rerun.AnyValues.columns(score=found.scores[rows])
    rerun.send_columns(
        entity,
        [rerun.TimeColumn(_TIMELINE, sequence=times)],
        [*boxes.partition(counts), *scores.partition(counts)],
        recording=recording,
    )


def _send_trails(
    rerun: Any,
    recording: Any,
    entity: str,
    found: TrackBoxes,
    by_frame: NDArray[np.int64],
    times: NDArray[np.int64],
    trail: int,
) -> None:
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    begins = np.zeros(len(found.ids), np.int64)  # first row of each row's trail
    for rows in np.split(np.arange(len(found.ids)), np.flatnonzero(np.diff(found.ids)) + 1):
        frames = found.frames[rows].astype(np.int64)
        begins[rows] = rows[0] + np.searchsorted(frames, frames - trail)
    rows = by_frame[begins[by_frame] < by_frame]  # a single point is no line
    if len(rows) == 0:
        return
    lines = rerun.LineStrips2D.columns(
        strips=[centres[begins[row] : row + 1] for row in rows.tolist()], class_ids=found.labels[rows].tolist()
    )
    rerun.send_columns(
        entity,
        [rerun.TimeColumn(_TIMELINE, sequence=times)],
        lines.partition(_counts(found.frames[rows], times)),
        recording=recording,
    )
