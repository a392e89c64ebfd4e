"""Columns out of the containers that detectors return, recognised by shape and not by import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import as_array

__all__ = ["frame_columns", "table_columns"]

_CORNERS = ("x1", "y1", "x2", "y2")
_LEFT_TOP_SIZE = ("x", "y", "w", "h")


def frame_columns(entry: Any, box_format: str) -> dict[str, Any]:
    """Return the arguments of `Detections`, without the frames, that one frame's entry holds.

    `Detections.from_frames` says what an entry may be; `box_format` is that of entries which do not say it themselves.
    """
    if entry is None:
        return {"boxes": np.empty((0, 4)), "scores": np.empty(0)}
    if isinstance(entry, Mapping):
        for name in ("boxes", "scores"):
            if name not in entry:
                raise ValueError(f"expected a mapping with boxes and scores, found none named {name}")
        boxes, scores, labels = entry["boxes"], entry["scores"], entry.get("labels")
    elif hasattr(entry, "xyxy") and hasattr(entry, "confidence"):  # supervision.Detections
        boxes, scores, labels, box_format = entry.xyxy, entry.confidence, entry.class_id, "xyxy"
    elif hasattr(getattr(entry, "boxes", None), "xyxy"):  # Ultralytics Results
        boxes, scores, labels, box_format = entry.boxes.xyxy, entry.boxes.conf, entry.boxes.cls, "xyxy"
    else:
        rows = as_array("entry", entry)
        if rows.size == 0:
            rows = rows.reshape(0, 5)
        if rows.ndim != 2 or rows.shape[1] not in (5, 6):
            raise ValueError(f"expected an array of 5 or 6 columns (box, score, label), found shape {rows.shape}")
        boxes, scores, labels = rows[:, :4], rows[:, 4], rows[:, 5] if rows.shape[1] == 6 else None
    if scores is None:
        raise ValueError("found boxes without scores, expected a score for each")
    return {"boxes": boxes, "scores": scores, "labels": labels, "box_format": box_format}


def table_columns(table: Any) -> dict[str, Any]:
    """Return the arguments of `Detections` that a table holds; see `Detections.from_table` for its columns."""
    names = [*(table if isinstance(table, Mapping) else _column_names(table))]
    if set(_CORNERS) <= set(names):
        corners, box_format = _CORNERS, "xyxy"
    elif set(_LEFT_TOP_SIZE) <= set(names):
        corners, box_format = _LEFT_TOP_SIZE, "xywh"
    else:
        corners, box_format = _CORNERS, "xyxy"  # names what is missing below
    for name in ("frame", "score", *corners):
        if name not in names:
            raise ValueError(f"table: expected columns frame, score and {', '.join(corners)}; found no {name!r}")
    sides = [_column(table, name) for name in corners]
    for name, side in zip(corners, sides, strict=True):
        if side.shape != sides[0].shape:
            raise ValueError(f"column {name!r}: expected {len(sides[0])} rows like {corners[0]!r}, found {len(side)}")
    columns: dict[str, Any] = {
        "boxes": np.stack(sides, axis=1),
        "scores": _column(table, "score"),
        "frames": _column(table, "frame"),
        "box_format": box_format,
    }
    if "label" in names:
        columns["labels"] = _column(table, "label")
    if "track_id" in names:
        columns["track_ids"] = _column(table, "track_id")
    return columns


def _column_names(table: Any) -> Any:
    names = getattr(table, "column_names", None)  # pyarrow; pandas and polars have columns
    names = getattr(table, "columns", None) if names is None else names
    if names is None:
        raise TypeError(f"table: expected a table or a mapping of columns, found {type(table).__name__}")
    return names


def _column(table: Any, name: str) -> NDArray[Any]:
    column = table[name]
    return as_array(f"column {name!r}", column.to_numpy() if hasattr(column, "to_numpy") else column)
