"""Arrays with one row per box: four box columns, the score, an optional label. ``None`` is an empty frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import as_array
from trajtrack.containers.container import Container, FrameColumns

__all__ = ["CONTAINER"]


def _columns(entry: Any) -> FrameColumns:
    if entry is None:
        return FrameColumns(boxes=np.empty((0, 4)), scores=np.empty(0))
    rows = _rows(entry)
    return FrameColumns(boxes=rows[:, :4], scores=rows[:, 4], labels=rows[:, 5] if rows.shape[1] == 6 else None)


def _with_ids(entry: Any, ids: NDArray[np.int64]) -> NDArray[Any] | None:
    return None if entry is None else np.column_stack([_rows(entry), ids])


def _rows(entry: Any) -> NDArray[Any]:
    try:
        rows = as_array("array", entry)
    except TypeError as error:
        if hasattr(entry, "dtype") or isinstance(entry, list | tuple):
            raise
        expected = "expected None, an array or the output of a supported detector for one frame"
        raise TypeError(f"found {type(entry).__name__}, {expected}") from error
    if rows.size == 0:
        rows = rows.reshape(0, 5)
    if rows.ndim != 2 or rows.shape[1] not in (5, 6):
        raise ValueError(f"found an array of shape {rows.shape}, expected 5 or 6 columns (box, score, label)")
    return rows


CONTAINER: Container = Container(recognise=lambda entry: True, columns=_columns, with_ids=_with_ids)
