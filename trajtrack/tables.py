"""Read columns from tables (pandas, polars, Arrow, mappings), recognised without imports, and add IDs to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.column_names import CLASS_NAME, NamedColumns, name_columns, normalised
from trajtrack.columns import CORNERS, LEFT_TOP_SIZE, TABLE_COLUMNS, as_array, as_integers
from trajtrack.containers.label_naming import LabelNaming, numbered
from trajtrack.printable import near_name, shown

__all__ = [
    "FoundColumns",
    "arrow_table",
    "find_columns",
    "is_table",
    "names_beside",
    "refuse_several_videos",
    "table_columns",
    "table_with_ids",
]

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
    class_name: str | None
    """Name in the table of a column with the names of classes, beside that of ``label``."""
    videos: tuple[str, ...]
    """Names in the table of columns that tell the video of each row."""


def find_columns(names: Sequence[Any], columns: Mapping[str, str] | None) -> FoundColumns:
    """Find the columns of `Detections` among those of a table; `Detections.from_table` documents their names.

    Raises
    ------
    ValueError
        If a column is missing, or several may hold the same.
    """
    theirs, further = _their_names(columns, names)
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
    own = {ours: theirs[ours] for ours in used}
    return FoundColumns(own, sides, box_format, further.class_name, further.videos)


def table_columns(
    table: Any, columns: Mapping[str, str] | None, label_names: Mapping[int, str] | None
) -> dict[str, Any]:
    """Return the arguments of `Detections` in a table; `Detections.from_table` documents the columns."""
    table = _as_columns(table)
    found = find_columns(_column_names(table), columns)
    theirs, sides = found.names, found.sides
    refuse_several_videos(table, found.videos)
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
        arguments["labels"], arguments["label_names"] = _labels(table, theirs["label"], found.class_name, label_names)
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


def refuse_several_videos(table: Any, columns: Iterable[str]) -> None:
    """Raise ValueError if a column that tells the video of each row has more than one value."""
    for name in columns:
        videos = [str(value) for value in _unchecked(table, name)]  # missing values are equal then
        distinct = [*dict.fromkeys(videos)]
        if len(distinct) > 1:
            raise ValueError(
                f"column {name!r}, row {videos.index(distinct[1])}: found {shown(distinct[1])}, expected the rows of "
                f"one video, as of {shown(distinct[0])} before; link_table and 'trajtrack corpus' link the videos of a "
                "table"
            )


def _their_names(columns: Mapping[str, str] | None, names: Iterable[Any]) -> tuple[dict[str, str], NamedColumns]:
    """Return the name in the table of each column of ours, and the other columns with a meaning."""
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
    other = found.names.get("label")
    if "label" in given and other is not None and normalised(other) == CLASS_NAME:
        found = replace(found, class_name=other)
    return {name: name for name in TABLE_COLUMNS} | found.names | given, found


def _column(table: Any, name: str) -> NDArray[Any]:
    return as_array(f"column {name!r}", _values(table, name))


def _labels(
    table: Any, name: str, class_name: str | None, label_names: Mapping[int, str] | None
) -> tuple[NDArray[Any], Mapping[int, str] | None]:
    """Return the labels of a column of numbers or names, and the class names by label."""
    values = _values(table, name)
    try:
        labels, names = numbered(values, label_names)
    except ValueError as error:
        raise ValueError(f"column {name!r}: {error}") from None
    if labels is not values:
        return labels, names
    labels = as_array(f"column {name!r}", values)
    if class_name is None or label_names is not None:
        return labels, names
    return labels, names_beside(as_integers(f"column {name!r}", labels), _unchecked(table, class_name), class_name)


def names_beside(labels: NDArray[np.int32], names: Any, column: str) -> Mapping[int, str]:
    """Return the class names by label that a column has beside the labels; rows may be without a name.

    Raises
    ------
    ValueError
        If a label has two names, or there is not one entry per label.
    """
    naming = LabelNaming(None)
    texts = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if len(texts) != len(labels):
        raise ValueError(f"column {column!r}: found {len(texts)} rows, expected {len(labels)} as in the labels")
    # Without duplicates: a video has many boxes and few classes.
    pairs = dict.fromkeys(zip(labels.tolist(), texts, strict=True))
    try:
        naming.learn((label, text) for label, text in pairs if isinstance(text, str) and text)
    except ValueError as error:
        raise ValueError(f"column {column!r}: {error}") from None
    return naming.finish(labels)[1]


def _unchecked(table: Any, name: str) -> Any:
    """Return the values of a column, of which some may be missing."""
    column = table[name]
    try:
        return column.to_numpy() if hasattr(column, "to_numpy") else column
    except Exception as error:  # of the library of the table, for example for text that is not UTF-8
        raise ValueError(f"column {name!r}: found unreadable values ({error}), expected numbers or text") from error


def _values(table: Any, name: str) -> Any:
    values = _unchecked(table, name)
    column = table[name]
    find_missing = getattr(column, "is_null", None) or getattr(column, "isna", None)  # polars and pyarrow, pandas
    if find_missing is not None:
        missing = np.asarray(find_missing().to_numpy())
    elif isinstance(column, list | tuple):
        missing = np.array([value is None for value in column], np.bool_)
    else:
        return values
    if missing.any():
        raise ValueError(f"column {name!r}, row {missing.argmax()}: found a missing value, expected a value")
    return values
