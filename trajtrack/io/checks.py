"""Checks and conversions between columns of files and of `Detections`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.detections import Detections
from trajtrack.io.format import Numbering

__all__ = [
    "MAX_FRAME",
    "Where",
    "as_corners",
    "as_scores",
    "as_text",
    "corners_from_centres",
    "corners_from_sizes",
    "ids_from_zero",
    "refuse",
    "sizes_from_corners",
    "track_ids_or_none",
    "track_ids_to_write",
]

MAX_FRAME = 2**31 - 1
"""Largest frame number of `Detections`."""

_MAX_COORDINATE = 1e9

Where = Callable[[int], str]
"""Describes the location of a row in its file."""


def refuse(bad: NDArray[np.bool_], where: Where, found: Callable[[int], str], expected: str) -> None:
    """Raise ValueError for the first bad row, if any."""
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{where(row)}: found {found(row)}, expected {expected}")


def as_text(value: float) -> str:
    """Format a number, without a decimal point if it is whole."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else repr(float(value))


def as_corners(corners: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Round corners ``x1, y1, x2, y2`` to float32.

    Raises
    ------
    ValueError
        If x2 < x1, y2 < y1 or a coordinate is beyond 1e9.
    """
    _refuse_reversed(corners[:, 0], corners[:, 2], "x1", "x2", where)
    _refuse_reversed(corners[:, 1], corners[:, 3], "y1", "y2", where)
    return _rounded(corners, corners, where)


def corners_from_sizes(boxes: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Convert left, top, width and height to corners in float64 and round these once to float32.

    Raises
    ------
    ValueError
        If a width or height is negative or a coordinate is beyond 1e9.
    """
    _refuse_negative(boxes, where)
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return _rounded(corners, boxes, where)


def corners_from_centres(boxes: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Convert centre, width and height to corners in float64 and round these once to float32.

    Raises
    ------
    ValueError
        If a width or height is negative or a coordinate is beyond 1e9.
    """
    _refuse_negative(boxes, where)
    half = boxes[:, 2:] / 2
    return _rounded(np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1), boxes, where)


def _refuse_negative(boxes: NDArray[np.float64], where: Where) -> None:
    width, height = boxes[:, 2], boxes[:, 3]
    refuse(width < 0, where, lambda row: f"x2 < x1 (w = {as_text(width[row])})", "a width of at least 0")
    refuse(height < 0, where, lambda row: f"y2 < y1 (h = {as_text(height[row])})", "a height of at least 0")


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
    """Return left, top, width and height that `corners_from_sizes` converts back to the same corners.

    Raises
    ------
    ValueError
        If no such numbers were found, naming the first row: its corners differ too much in magnitude for float64.
    """
    first, last = np.split(_core.short_decimals(boxes), 2, axis=1)
    corners = boxes[:, 2:]
    # Six decimals restore the width in a file; rows that need more get all digits.
    sizes = np.round(last - first, 6)
    inexact = (first + sizes).astype(np.float32) != corners
    if inexact.any():
        sizes[inexact] = corners[inexact].astype(np.float64) - first[inexact]
        refuse(
            ((first + sizes).astype(np.float32) != corners).any(axis=1),
            lambda row: f"boxes, row {row}",
            lambda row: f"{boxes[row].tolist()}",
            "corners that float64 can store as left, top, width and height",
        )
    return np.concatenate([first, sizes], axis=1)


def as_scores(scores: NDArray[np.float64], where: Where) -> NDArray[np.float32]:
    """Round scores to float32; raise ValueError for those beyond its range."""
    with np.errstate(over="ignore"):
        rounded = scores.astype(np.float32)
    refuse(
        ~np.isfinite(rounded),
        where,
        lambda row: f"score {as_text(scores[row])}",
        "a score within the range of float32",
    )
    return rounded


def ids_from_zero(ids: NDArray[np.int64], numbering: Numbering) -> NDArray[np.int64]:
    """Convert IDs that count from 1 to IDs that count from 0; a file that has an ID 0 already counts from 0."""
    numbering.first_id = 0 if (ids == 0).any() else 1
    return np.where(ids > 0, ids - numbering.first_id, ids)


def track_ids_or_none(ids: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the IDs, or None if no row has one."""
    return ids if (ids >= 0).any() else None


def track_ids_to_write(detections: Detections, maximum: int) -> NDArray[np.int64]:
    """Return the ID of each row, -1 for none.

    Raises
    ------
    ValueError
        If an ID is above `maximum`, naming the first row.
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
