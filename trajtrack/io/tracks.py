"""Rows grouped by track, for formats that store tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.io.checks import refuse, track_ids_to_write

__all__ = ["Track", "tracks_of"]


@dataclass(frozen=True, eq=False)
class Track:
    """The rows of one identity."""

    id: int
    """Identity."""
    label: int
    """Label of all rows."""
    rows: NDArray[np.int64]
    """Indices into the detections, by frame."""


def tracks_of(detections: Detections, format: str, max_id: int) -> list[Track]:
    """Return the tracks, sorted by identity.

    Parameters
    ----------
    detections
        Detections to write.
    format
        Name of the format, for error messages.
    max_id
        Largest identity that the format can store.

    Raises
    ------
    ValueError
        If a row has no identity, another label than an earlier row of its identity, or the same frame as an earlier row
        of its identity; naming the first such row.
    """
    ids = track_ids_to_write(detections, max_id)
    frames, labels = detections.frames, detections.labels
    refuse(
        ids < 0,
        lambda row: f"track_ids, row {row}",
        lambda row: "none",
        f"an identity for every row: {format} files store tracks",
    )
    order = np.lexsort((frames, ids))  # stable: rows of the same ID and frame keep their order
    begins = np.flatnonzero(np.diff(ids[order], prepend=-1))
    first = np.zeros(len(ids), np.int64)
    groups = np.split(order, begins[1:]) if len(order) else []
    for rows in groups:
        first[rows] = rows.min()
    refuse(
        labels != labels[first],
        lambda row: f"labels, row {row}",
        lambda row: f"label {labels[row]} for id {ids[row]}",
        f"one label per identity: {format} files store the class of a track once",
    )
    again = np.zeros(len(ids), np.bool_)
    again[order[1:]] = (np.diff(ids[order]) == 0) & (np.diff(frames[order]) == 0)
    refuse(
        again,
        lambda row: f"track_ids, row {row}",
        lambda row: f"id {ids[row]} a second time in frame {frames[row]}",
        f"one box per identity and frame: {format} files store tracks",
    )
    return [Track(int(ids[rows[0]]), int(labels[rows[0]]), rows) for rows in groups]
