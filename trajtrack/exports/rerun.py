"""Tracks as a recording of Rerun."""

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

    Under the entity are ``detected`` and ``interpolated``, boxes with name and identity for a label, the class and a
    ``score``; and ``trails``, the path of the centre of each track that is there. Class names are its annotation
    context. Frames in which nothing is left are logged too, as empty.

    Parameters
    ----------
    tracks
        Trajectories, their interpolated boxes included; or boxes with `track_ids`, whose rows with -1 are left out
        and none of which is marked as interpolated.
    recording
        A `rerun.RecordingStream`; the active one where left out.
    entity_path
        Where to log: below the entity of the video's images, boxes lie on top of them.
    trail
        Frames back that a trail shows; 0 for none.

    Raises
    ------
    ImportError
        When the Rerun SDK is not installed.
    ValueError
        When boxes have no identities, a label is not from 0 to 65535, or there is no recording.
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
        raise ValueError("recording: found no active one, expected a RecordingStream, or rerun.init before")
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
    """Return the frames that hold boxes, and those after them: what was logged stays until something else is."""
    frames = np.unique(found.frames).astype(np.int64)
    after = frames + 1
    return np.union1d(frames, after[after < found.num_frames])


def _counts(frames: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of the sorted `frames` each time is."""
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
    begins = np.zeros(len(found.ids), np.int64)  # for each row the first of its trail
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
