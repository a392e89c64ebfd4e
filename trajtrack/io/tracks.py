"""Rows by track, for formats that hold tracks and not single boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.io.checks import refuse, written_track_ids

__all__ = ["Track", "tracks_of"]


@dataclass(frozen=True, eq=False)
class Track:
    """The rows of one identity."""

    id: int
    """Its identity."""
    label: int
    """The label of all its rows."""
    rows: NDArray[np.int64]
    """Rows of the detections, by frame."""


def tracks_of(detections: Detections, format: str, max_id: int) -> list[Track]:
    """Return the tracks, by identity.

    Parameters
    ----------
    detections
        What is written.
    format
        Name of the format that needs tracks, for errors.
    max_id
        The greatest identity that it has room for.

    Raises
    ------
    ValueError
        Naming the first row without an identity, with another label than the rows of its identity before, or in
        a frame where its identity has a box already.
    """
    ids = written_track_ids(detections, max_id)
    frames, labels = detections.frames, detections.labels
    refuse(
        ids < 0,
        lambda row: f"track_ids, row {row}",
        lambda row: "none",
        f"an identity for every row: {format} files hold tracks",
    )
    order = np.lexsort((frames, ids))  # stable: rows of one id and frame stay in their order
    begins = np.flatnonzero(np.diff(ids[order], prepend=-1))
    first = np.zeros(len(ids), np.int64)
    groups = np.split(order, begins[1:]) if len(order) else []
    for rows in groups:
        first[rows] = rows.min()
    refuse(
        labels != labels[first],
        lambda row: f"labels, row {row}",
        lambda row: f"label {labels[row]} for id {ids[row]}",
        f"one label for each identity: {format} files name the class of a track once",
    )
    again = np.zeros(len(ids), np.bool_)
    again[order[1:]] = (np.diff(ids[order]) == 0) & (np.diff(frames[order]) == 0)
    refuse(
        again,
        lambda row: f"track_ids, row {row}",
        lambda row: f"id {ids[row]} a second time in frame {frames[row]}",
        f"one box of an identity in a frame: {format} files hold tracks",
    )
    return [Track(int(ids[rows[0]]), int(labels[rows[0]]), rows) for rows in groups]
