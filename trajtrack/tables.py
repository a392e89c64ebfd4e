"""Columns out of tables and ids into them: pandas, polars, Arrow, mappings; recognised by shape and not by import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import as_array
from trajtrack.containers.label_naming import LabelNaming

__all__ = ["is_table", "table_columns", "table_with_ids"]

_CORNERS = ("x1", "y1", "x2", "y2")
_LEFT_TOP_SIZE = ("x", "y", "w", "h")
_COLUMNS = ("frame", "score", *_CORNERS, *_LEFT_TOP_SIZE, "label", "track_id")
_METHODS = ("assign", "get_column", "append_column")
"""What only the tables of pandas, of polars (not its lazy ones) and of pyarrow have."""


def is_table(value: Any) -> bool:
    """Tell a table from entries a frame."""
    return isinstance(value, Mapping) or any(hasattr(value, name) for name in ("__arrow_c_stream__", *_METHODS))


def table_columns(
    table: Any, columns: Mapping[str, str] | None, label_names: Mapping[int, str] | None
) -> dict[str, Any]:
    """Return the arguments of `Detections` that a table holds; see `Detections.from_table` for its columns."""
    table = _as_columns(table)
    names = _column_names(table)
    theirs = _their_names(columns, names)
    present = {ours for ours, name in theirs.items() if name in names}
    if present.issuperset(_LEFT_TOP_SIZE) and not present.issuperset(_CORNERS):
        sides, box_format = _LEFT_TOP_SIZE, "xywh"
    else:
        sides, box_format = _CORNERS, "xyxy"
    for ours in ("frame", "score", *sides):
        if ours not in present:
            raise ValueError(f"table: expected columns frame, score and {', '.join(sides)}; found no {ours!r}")
    boxes = [_column(table, theirs[side]) for side in sides]
    for side, column in zip(sides, boxes, strict=True):
        if column.shape != boxes[0].shape:
            raise ValueError(
                f"column {theirs[side]!r}: expected {len(boxes[0])} rows like {theirs[sides[0]]!r}, found {len(column)}"
            )
    found: dict[str, Any] = {
        "boxes": np.stack(boxes, axis=1),
        "scores": _column(table, theirs["score"]),
        "frames": _column(table, theirs["frame"]),
        "box_format": box_format,
        "label_names": label_names,
    }
    if "label" in present:
        found["labels"], found["label_names"] = _labels(table, theirs["label"], label_names)
    if "track_id" in present:
        found["track_ids"] = _column(table, theirs["track_id"])
    return found


def table_with_ids(table: Any, ids: NDArray[np.int64]) -> Any:
    """Return a table of the same kind with the column ``track_id``, in place of one that it has.

    Raises
    ------
    TypeError
        When it is no table that a column can be added to.
    ValueError
        When it has not one row for each of the ids.
    """
    is_mapping = isinstance(table, Mapping)
    if not is_mapping and not any(hasattr(table, name) for name in _METHODS):
        raise TypeError(
            "container: expected entries a frame, a mapping of columns or a table of pandas, polars or pyarrow; "
            f"found {type(table).__name__}"
        )
    count = len(next(iter(table.values()), ())) if is_mapping else len(table)
    if count != len(ids):
        raise ValueError(f"container: expected {len(ids)} rows as in tracks, found {count}")
    if is_mapping:
        return {**table, "track_id": ids.copy()}
    if hasattr(table, "assign"):
        return table.assign(track_id=ids)
    if hasattr(table, "get_column"):
        return table.with_columns(track_id=ids.copy())
    import pyarrow

    column = ("track_id", pyarrow.array(ids))
    place = table.schema.get_field_index("track_id")
    return table.append_column(*column) if place < 0 else table.set_column(place, *column)


def _as_columns(table: Any) -> Any:
    """Return a table that gives its columns by name: itself, or pyarrow's view of what speaks Arrow alone."""
    if isinstance(table, Mapping) or hasattr(table, "assign") or hasattr(table, "get_column"):
        return table
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(f"table: expected a table or a mapping of columns, found {type(table).__name__}")
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            f"a table of type {type(table).__name__} needs pyarrow: pip install 'trajtrack[io]'"
        ) from None
    return pyarrow.table(table)


def _column_names(table: Any) -> list[Any]:
    if isinstance(table, Mapping):
        return list(table)
    return list(table.column_names if hasattr(table, "column_names") else table.columns)


def _their_names(columns: Mapping[str, str] | None, names: Iterable[Any]) -> dict[str, str]:
    """Return the name in the table of each of our columns."""
    for ours, name in (columns or {}).items():
        if ours not in _COLUMNS:
            raise ValueError(f"columns: expected names among {', '.join(_COLUMNS)}; found {ours!r}")
        if name not in names:
            raise ValueError(f"columns: expected {ours!r} to be one of {', '.join(map(str, names))}; found {name!r}")
    return {name: name for name in _COLUMNS} | dict(columns or {})


def _column(table: Any, name: str) -> NDArray[Any]:
    return as_array(f"column {name!r}", _values(table, name))


def _labels(
    table: Any, name: str, label_names: Mapping[int, str] | None
) -> tuple[NDArray[Any], Mapping[int, str] | None]:
    """Return the labels of a column, which may hold names, with names for them."""
    naming = LabelNaming(label_names)
    values = _values(table, name)
    try:
        numbers = naming.number(values, len(values))
    except ValueError as error:
        raise ValueError(f"column {name!r}: {error}") from None
    if numbers is None:
        return np.empty(0, np.int32), label_names
    if numbers is values:
        return as_array(f"column {name!r}", values), label_names
    return naming.finish(numbers)


def _values(table: Any, name: str) -> Any:
    column = table[name]
    find_missing = getattr(column, "is_null", None) or getattr(column, "isna", None)  # polars and pyarrow, pandas
    values = column.to_numpy() if hasattr(column, "to_numpy") else column
    if find_missing is not None:
        missing = np.asarray(find_missing().to_numpy())
    elif isinstance(column, list | tuple):
        missing = np.array([value is None for value in column], np.bool_)
    else:
        return values
    if missing.any():
        raise ValueError(f"column {name!r}, row {missing.argmax()}: found a missing value, expected one")
    return values
