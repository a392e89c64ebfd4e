"""Attach trajectory IDs to the containers that the detections came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import check_trajectories
from trajtrack.containers import container_of
from trajtrack.tables import is_table, table_with_ids
from trajtrack.trajectories import Trajectories

__all__ = ["attach_ids"]


def attach_ids(container: Any, tracks: Trajectories) -> Any:
    """Return a copy of the input of `Detections.from_frames` or `Detections.from_table` with the IDs of `tracks`.

    Rows keep their order; a row without a trajectory has the ID -1. The container itself is not modified. Copies are
    shallow: everything but the IDs is shared with the container wherever its library allows. The IDs are stored where
    the library keeps them:

    ===============================  ===========================================================
    supervision                      ``tracker_id``, int64
    Ultralytics                      ``boxes.id``, floats as in Ultralytics
    mappings with ``boxes``          ``"track_ids"``, int64, a tensor if the scores are one
    pipelines of Transformers        ``"track_id"`` of each box, an int
    detectron2                       the field ``track_ids``, an int64 tensor
    arrays                           an extra last column of a float64 NumPy array
    tables and mappings of columns   the column ``track_id``, int64
    ===============================  ===========================================================

    Parameters
    ----------
    container
        One entry per frame, or a table, with the rows that `tracks` was linked from, in the same order.
    tracks
        The result of `link` for those rows.

    Returns
    -------
    A list with a copy of each entry, or a table of the same type.

    Raises
    ------
    ValueError
        If the rows do not match `tracks`; the message names the entry, what was found and what was expected.
    TypeError
        If the container is not one of these, or `tracks` is not `Trajectories`.
    """
    check_trajectories(tracks)
    if is_table(container):
        return table_with_ids(container, tracks.track_ids)
    if not isinstance(container, Iterable):
        raise TypeError(f"container: found {type(container).__name__}, expected one entry per frame or a table")
    entries = list(container)
    parts = _by_frame(tracks.track_ids, _counts(entries, tracks))
    return [container_of(entry).with_ids(entry, ids) for entry, ids in zip(entries, parts, strict=True)]


def _counts(entries: Sequence[Any], tracks: Trajectories) -> NDArray[np.int64]:
    """Return the number of rows of each entry, after checking that they match `tracks`."""
    frames, num_frames = tracks.detections.frames, tracks.detections.num_frames
    if len(entries) != num_frames:
        raise ValueError(f"container: found {len(entries)} entries, expected {num_frames}, one per frame of tracks")
    counts = np.array([_count(index, entry) for index, entry in enumerate(entries)], np.int64)
    expected = np.bincount(frames, minlength=num_frames)
    if (counts != expected).any():
        index = int((counts != expected).argmax())
        raise ValueError(
            f"container, entry {index}: found {counts[index]} rows, expected {expected[index]} as in tracks"
        )
    back = np.diff(frames) < 0
    if back.any():
        row = int(back.argmax()) + 1
        raise ValueError(f"tracks, row {row}: found frame {frames[row]}, expected rows in frame order")
    return counts


def _count(index: int, entry: Any) -> int:
    try:
        return container_of(entry).columns(entry).count
    except (ValueError, TypeError) as error:
        raise type(error)(f"container, entry {index}: {error}") from error


def _by_frame(column: NDArray[Any], counts: NDArray[np.int64]) -> list[NDArray[Any]]:
    ends = np.cumsum(counts)
    return [column[end - count : end] for count, end in zip(counts, ends, strict=True)]
