"""Read columns from tables (pandas, polars, Arrow, mappings), recognised without imports, and add IDs to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.column_names import name_columns
from trajtrack.columns import CORNERS, LEFT_TOP_SIZE, TABLE_COLUMNS, as_array
from trajtrack.containers.label_naming import numbered
from trajtrack.printable import near_name

__all__ = ["FoundColumns", "arrow_table", "find_columns", "is_table", "table_columns", "table_with_ids"]

_METHODS = ("assign", "get_column", "append_column")
"""Methods that only tables of pandas, polars (eager ones) and pyarrow have, respectively."""


def is_table(value: Any) -> bool:
    """Return whether `value` is a table rather than one entry per frame."""
    return isinstance(value, Mapping) or any(hasattr(value, name) for name in ("__arrow_c_stream__", *_METHODS))


@dataclass(frozen=True)
class FoundColumns:
    """The columns that a table has for `Detections`."""

    names: dict[str, str]
    """Name in the table of each of ``frame``, ``score`` and the four sides, and of ``label`` and ``track_id`` if the
    table has them."""
    sides: tuple[str, ...]
    """The four numbers of a box."""
    box_format: str
    """Format of the boxes, as in `Detections`."""


def find_columns(names: Sequence[Any], columns: Mapping[str, str] | None) -> FoundColumns:
    """Find the columns of `Detections` among those of a table; `Detections.from_table` documents their names.

    Raises
    ------
    ValueError
        If a column is missing, or several may hold the same.
    """
    theirs = _their_names(columns, names)
    present = {ours for ours, name in theirs.items() if name in names}
    box_format = "xyxy"
    sides: tuple[str, ...] = CORNERS
    if not present.issuperset(CORNERS):
        if present.issuperset(LEFT_TOP_SIZE):
            sides, box_format = LEFT_TOP_SIZE, "xywh"
        elif (found := name_columns(dict.fromkeys(names))).sides:
            sides, box_format = found.sides, found.box_format
            theirs |= {side: side for side in sides}
            present |= {*sides}
    for ours in present:
        if names.count(theirs[ours]) > 1:
            raise ValueError(f"table: found {names.count(theirs[ours])} columns {theirs[ours]!r}, expected one")
    for ours in ("frame", "score", *sides):
        if ours not in present:
            raise ValueError(
                f"table: found no column {ours!r}, expected frame, score and {', '.join(sides)}{near_name(ours, names)}"
            )
    used = ("frame", "score", *sides, *(each for each in ("label", "track_id") if each in present))
    return FoundColumns({ours: theirs[ours] for ours in used}, sides, box_format)


def table_columns(
    table: Any, columns: Mapping[str, str] | None, label_names: Mapping[int, str] | None
) -> dict[str, Any]:
    """Return the arguments of `Detections` in a table; `Detections.from_table` documents the columns."""
    table = _as_columns(table)
    found = find_columns(_column_names(table), columns)
    theirs, sides = found.names, found.sides
    boxes = [_column(table, theirs[side]) for side in sides]
    for side, column in zip(sides, boxes, strict=True):
        if column.shape != boxes[0].shape:
            raise ValueError(
                f"column {theirs[side]!r}: found {len(column)} rows, "
                f"expected {len(boxes[0])} as in {theirs[sides[0]]!r}"
            )
    arguments: dict[str, Any] = {
        "boxes": np.stack(boxes, axis=1),
        "scores": _column(table, theirs["score"]),
        "frames": _column(table, theirs["frame"]),
        "box_format": found.box_format,
        "label_names": label_names,
    }
    if "label" in theirs:
        arguments["labels"], arguments["label_names"] = _labels(table, theirs["label"], label_names)
    if "track_id" in theirs:
        arguments["track_ids"] = _column(table, theirs["track_id"])
    return arguments


def table_with_ids(table: Any, ids: NDArray[np.int64]) -> Any:
    """Return a table of the same type with the column ``track_id``, added or replaced.

    Raises
    ------
    TypeError
        If no column can be added to `table`.
    ValueError
        If `table` does not have one row per ID.
    """
    is_mapping = isinstance(table, Mapping)
    if not is_mapping and not any(hasattr(table, name) for name in _METHODS):
        raise TypeError(
            f"container: found {type(table).__name__}, "
            "expected one entry per frame, a mapping of columns or a table of pandas, polars or pyarrow"
        )
    count = len(next(iter(table.values()), ())) if is_mapping else len(table)
    if count != len(ids):
        raise ValueError(f"container: found {count} rows, expected {len(ids)} as in tracks")
    if is_mapping:
        return {**table, "track_id": ids.copy()}
    if hasattr(table, "assign"):
        return table.assign(track_id=ids)
    if hasattr(table, "get_column"):
        return table.with_columns(track_id=ids.copy())
    import pyarrow

    column = ("track_id", pyarrow.array(ids))
    index = table.schema.get_field_index("track_id")
    return table.append_column(*column) if index < 0 else table.set_column(index, *column)


def _as_columns(table: Any) -> Any:
    """Return `table` or, if it supports only the Arrow protocol, a pyarrow table with access to columns by name."""
    if isinstance(table, Mapping) or hasattr(table, "assign") or hasattr(table, "get_column"):
        return table
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(f"table: found {type(table).__name__}, expected a table or a mapping of columns")
    return arrow_table(table)


def arrow_table(table: Any) -> Any:
    """Return a pyarrow table of an object that exports an Arrow stream, without a copy.

    Raises
    ------
    TypeError
        If it exports none.
    ValueError
        If the name of a column is not text.
    ImportError
        If pyarrow is not installed.
    """
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(
            f"table: found {type(table).__name__}, expected a pyarrow table or an object with __arrow_c_stream__"
        )
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            f"a table of type {type(table).__name__} needs pyarrow: pip install 'trajtrack[io]'"
        ) from None
    try:
        return pyarrow.table(table)
    except UnicodeDecodeError as error:
        raise ValueError(f"table: found a column name that is not text ({error}), expected UTF-8") from error


def _column_names(table: Any) -> list[Any]:
    if isinstance(table, Mapping):
        return list(table)
    return list(table.column_names if hasattr(table, "column_names") else table.columns)


def _their_names(columns: Mapping[str, str] | None, names: Iterable[Any]) -> dict[str, str]:
    """Return the name in the table of each column of ours."""
    for ours, name in (columns or {}).items():
        if ours not in TABLE_COLUMNS:
            raise ValueError(
                f"columns: found {ours!r}, expected one of {', '.join(TABLE_COLUMNS)}{near_name(ours, TABLE_COLUMNS)}"
            )
        if name not in names:
            raise ValueError(
                f"columns, {ours!r}: found {name!r}, expected one of {', '.join(map(str, names))}"
                f"{near_name(name, names)}"
            )
    given = dict(columns or {})
    try:
        found = name_columns(name for name in dict.fromkeys(names) if name not in given.values())
    except ValueError as error:
        raise ValueError(f"table: {error}, or columns=") from None
    return {name: name for name in TABLE_COLUMNS} | found.names | given


def _column(table: Any, name: str) -> NDArray[Any]:
    return as_array(f"column {name!r}", _values(table, name))


def _labels(
    table: Any, name: str, label_names: Mapping[int, str] | None
) -> tuple[NDArray[Any], Mapping[int, str] | None]:
    """Return the labels of a column of numbers or names, and the class names by label."""
    values = _values(table, name)
    try:
        labels, names = numbered(values, label_names)
    except ValueError as error:
        raise ValueError(f"column {name!r}: {error}") from None
    return as_array(f"column {name!r}", labels), names


def _values(table: Any, name: str) -> Any:
    column = table[name]
    find_missing = getattr(column, "is_null", None) or getattr(column, "isna", None)  # polars and pyarrow, pandas
    try:
        values = column.to_numpy() if hasattr(column, "to_numpy") else column
    except Exception as error:  # of the library of the table, for example for text that is not UTF-8
        raise ValueError(f"column {name!r}: found unreadable values ({error}), expected numbers or text") from error
    if find_missing is not None:
        missing = np.asarray(find_missing().to_numpy())
    elif isinstance(column, list | tuple):
        missing = np.array([value is None for value in column], np.bool_)
    else:
        return values
    if missing.any():
        raise ValueError(f"column {name!r}, row {missing.argmax()}: found a missing value, expected a value")
    return values
