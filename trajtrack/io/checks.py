"""Columns from files: checked, converted and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.detections import Detections

__all__ = [
    "MAX_FRAME",
    "as_corners",
    "as_scores",
    "as_text",
    "corners_from_sizes",
    "ids_from_zero",
    "refuse",
    "sizes_from_corners",
    "track_ids_or_none",
    "written_track_ids",
]

MAX_FRAME = 2**31 - 1
"""The greatest frame number that `Detections` holds."""

_MAX_COORDINATE = 1e9

Where = Callable[[int], str]
"""Says where in the file a row stands."""


def refuse(bad: NDArray[np.bool_], where: Where, found: Callable[[int], str], expected: str) -> None:
    """Raise ValueError about the first row that is bad, if one is."""
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{where(row)}: found {found(row)}, expected {expected}")


def as_text(value: float) -> str:
    """Return a number as people write it: without a point where it is whole."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else repr(float(value))


def as_corners(corners: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Round corners ``x1, y1, x2, y2`` to float32.

    Raises
    ------
    ValueError
        For x2 < x1, y2 < y1 and coordinates beyond 1e9.
    """
    _refuse_reversed(corners[:, 0], corners[:, 2], "x1", "x2", where)
    _refuse_reversed(corners[:, 1], corners[:, 3], "y1", "y2", where)
    return _rounded(corners, corners, where)


def corners_from_sizes(boxes: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Convert left, top, width and height to corners in float64 and round them once to float32.

    Raises
    ------
    ValueError
        For negative widths and heights and for coordinates beyond 1e9.
    """
    width, height = boxes[:, 2], boxes[:, 3]
    refuse(width < 0, where, lambda row: f"x2 < x1 (w = {as_text(width[row])})", "a width of at least 0")
    refuse(height < 0, where, lambda row: f"y2 < y1 (h = {as_text(height[row])})", "a height of at least 0")
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return _rounded(corners, boxes, where)


def _refuse_reversed(
    low: NDArray[np.float64], high: NDArray[np.float64], low_name: str, high_name: str, where: Where
) -> None:
    refuse(
        high < low,
        where,
        lambda row: f"{high_name} < {low_name} ({low_name} = {as_text(low[row])}, {high_name} = {as_text(high[row])})",
        f"{low_name} <= {high_name}",
    )


def _rounded(corners: NDArray[np.float64], given: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        rounded = corners.astype(np.float32)
    refuse(
        np.asarray((np.abs(rounded) > _MAX_COORDINATE).any(axis=1)),
        where,
        lambda row: f"the box {', '.join(as_text(value) for value in given[row])}",
        "coordinates of at most 1e9",
    )
    return rounded


def sizes_from_corners(boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return left, top, width and height that `corners_from_sizes` takes back to the very same corners.

    Raises
    ------
    ValueError
        Naming the first row for which no such numbers were found: sides that differ by more than float64 can
        add up.
    """
    first, last = np.split(_core.short_decimals(boxes), 2, axis=1)
    corners = boxes[:, 2:]
    # Six decimals give back the width that a file had; where more are needed, all are written.
    sizes = np.round(last - first, 6)
    inexact = (first + sizes).astype(np.float32) != corners
    if inexact.any():
        sizes[inexact] = corners[inexact].astype(np.float64) - first[inexact]
        refuse(
            ((first + sizes).astype(np.float32) != corners).any(axis=1),
            lambda row: f"boxes, row {row}",
            lambda row: f"{boxes[row].tolist()}",
            "corners that left, top, width and height in float64 give back",
        )
    return np.concatenate([first, sizes], axis=1)


def as_scores(scores: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Round scores to float32; ValueError for those beyond its range."""
    with np.errstate(over="ignore"):
        rounded = scores.astype(np.float32)
    refuse(
        ~np.isfinite(rounded),
        where,
        lambda row: f"score {as_text(scores[row])}",
        "a score within the range of float32",
    )
    return rounded


def ids_from_zero(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ids that a file counts from 1 as they count in memory, from 0; all as they are where one is 0."""
    return ids if (ids == 0).any() else np.where(ids > 0, ids - 1, ids)


def track_ids_or_none(ids: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the ids, or None where no row has one."""
    return ids if (ids >= 0).any() else None


def written_track_ids(detections: Detections, maximum: int) -> NDArray[np.int64]:
    """Return the ids of all rows, -1 where there are none.

    Raises
    ------
    ValueError
        Naming the first row whose id is beyond `maximum`.
    """
    ids = detections.track_ids
    if ids is None:
        return np.full(len(detections), -1, np.int64)
    refuse(
        ids > maximum,
        lambda row: f"track_ids, row {row}",
        lambda row: str(ids[row]),
        f"an id from 0 to {maximum}, or -1 for none",
    )
    return ids
