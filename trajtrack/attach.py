"""Ids of trajectories into the containers that the detections came from."""

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
    """Return copies of what `Detections.from_frames` or `Detections.from_table` was given, with the ids of `tracks`.

    Every row stays where it is; those of no trajectory have the id -1. The container itself is not changed. Copies are
    shallow: all but the ids is shared with the container wherever its library allows. The ids are where the library
    has a place for them:

    ===============================  ===========================================================
    supervision                      ``tracker_id``, int64
    Ultralytics                      ``boxes.id``, floats as Ultralytics has them
    mappings with ``boxes``          ``"track_ids"``, int64, a tensor where the scores are one
    pipelines of Transformers        ``"track_id"`` of each box, an int
    detectron2                       the field ``track_ids``, an int64 tensor
    arrays                           one more column at the end, as a float64 array of NumPy
    tables and mappings of columns   the column ``track_id``, int64
    ===============================  ===========================================================

    Parameters
    ----------
    container
        Entries a frame, or a table, with the rows that `tracks` was linked from, in the same order.
    tracks
        What `link` found in them.

    Returns
    -------
    A list with a copy of each entry, or a table of the same kind.

    Raises
    ------
    ValueError
        When the rows are not those of `tracks`, naming the entry, what was found and what was expected.
    TypeError
        When the container is of none of these kinds, or `tracks` are not `Trajectories`.
    """
    check_trajectories(tracks)
    if is_table(container):
        return table_with_ids(container, tracks.track_ids)
    if not isinstance(container, Iterable):
        raise TypeError(f"container: expected one entry a frame or a table, found {type(container).__name__}")
    entries = list(container)
    parts = _by_frame(tracks.track_ids, _counts(entries, tracks))
    return [container_of(entry).with_ids(entry, ids) for entry, ids in zip(entries, parts, strict=True)]


def _counts(entries: Sequence[Any], tracks: Trajectories) -> NDArray[np.int64]:
    """Return the number of rows of each entry, which are those of `tracks`."""
    frames, num_frames = tracks.detections.frames, tracks.detections.num_frames
    if len(entries) != num_frames:
        raise ValueError(f"container: expected {num_frames} entries, the frames of tracks, found {len(entries)}")
    counts = np.array([_count(index, entry) for index, entry in enumerate(entries)], np.int64)
    expected = np.bincount(frames, minlength=num_frames)
    if (counts != expected).any():
        index = int((counts != expected).argmax())
        raise ValueError(
            f"container, entry {index}: expected {expected[index]} rows as in tracks, found {counts[index]}"
        )
    back = np.diff(frames) < 0
    if back.any():
        row = int(back.argmax()) + 1
        raise ValueError(f"tracks: expected rows in the order of frames, found frame {frames[row]} in row {row}")
    return counts


def _count(index: int, entry: Any) -> int:
    try:
        return len(container_of(entry).columns(entry).scores)
    except (ValueError, TypeError) as error:
        raise type(error)(f"container, entry {index}: {error}") from error


def _by_frame(column: NDArray[Any], counts: NDArray[np.int64]) -> list[NDArray[Any]]:
    ends = np.cumsum(counts)
    return [column[end - count : end] for count, end in zip(counts, ends, strict=True)]
