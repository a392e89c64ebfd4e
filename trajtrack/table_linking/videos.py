"""The videos of an Arrow table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.column_names import OTHER_NAMES, normalised
from trajtrack.columns import TABLE_COLUMNS
from trajtrack.detections import Detections
from trajtrack.printable import near_name, shown
from trajtrack.tables import FoundColumns, find_columns

__all__ = ["TableVideos", "encoded"]

_IDENTITIES = {"track_id", *OTHER_NAMES["track_id"]}
_ROW = re.compile(r"\A(?P<column>boxes|scores|frames|labels|column (?:'.*?'|\".*?\")), row (?P<row>\d+): ", re.DOTALL)


@dataclass(frozen=True, eq=False)
class TableVideos:
    """The rows of a table, by video."""

    names: list[Any]
    """Name of each video, in the order of their first rows."""
    bounds: NDArray[np.int64]
    """Video k has the rows from ``bounds[k]`` to ``bounds[k + 1]`` in the order of `order`."""
    order: NDArray[np.int64] | None
    """Rows of the table by video; None if the rows of each video are adjacent."""
    found: FoundColumns
    """The columns that are linked."""
    _table: Any
    """These columns."""
    _all: Detections | None
    """All rows as detections, by video; None if a row is invalid."""
    _first_row: int

    @classmethod
    def of(cls, table: Any, video: str, columns: Mapping[str, str] | None, first_row: int) -> TableVideos:
        """Find the videos of a pyarrow table, and the columns to link.

        Raises
        ------
        ValueError, TypeError
            If a column is missing, or the videos are neither text nor integers. Invalid rows are errors of their video.
        """
        position = _position(table.column_names, video)
        given = {ours: name for ours, name in (columns or {}).items() if ours != "track_id"}
        candidates = [
            name
            for index, name in enumerate(table.column_names)
            if index != position and (normalised(name) not in _IDENTITIES or name in given.values())
        ]
        found = find_columns(candidates, given)
        names, bounds, order = _group(table.column(position), video)
        needed = _numbered(table.select(list(found.names.values())), found)
        try:
            everything = _detections(needed if order is None else needed.take(order), found)
        except (ValueError, TypeError):
            # The caller's mistake if no row is needed to see it.
            _detections(needed.slice(0, 0), found)
            everything = None
        return cls(names, bounds, order, found, needed, everything, first_row)

    def rows(self, number: int) -> slice | NDArray[np.int64]:
        """Return the rows of a video."""
        span = slice(int(self.bounds[number]), int(self.bounds[number + 1]))
        return span if self.order is None else self.order[span]

    def detections(self, number: int) -> Detections:
        """Return the detections of a video.

        Raises
        ------
        ValueError, TypeError
            If a row is invalid; the message names the video and the row of the table.
        """
        name = self.names[number]
        if name is None:
            row = self._row(number, 0)
            raise ValueError(f"video, row {row}: found a missing value, expected the name of a video")
        if self._all is not None:
            span = slice(int(self.bounds[number]), int(self.bounds[number + 1]))
            return _rows_of(self._all, span)
        rows = self.rows(number)
        part = self._table.slice(rows.start, rows.stop - rows.start) if isinstance(rows, slice) else None
        try:
            return _detections(self._table.take(rows) if part is None else part, self.found)
        except (ValueError, TypeError) as error:
            message = _ROW.sub(
                lambda match: f"{match['column']}, row {self._row(number, int(match['row']))}: ", str(error), count=1
            )
            raise type(error)(f"video {shown(name)}: {message}") from None

    def _row(self, number: int, row: int) -> int:
        position = int(self.bounds[number]) + row
        return self._first_row + (position if self.order is None else int(self.order[position]))


def _position(names: Sequence[str], video: str) -> int:
    count = names.count(video)
    if count == 1:
        return names.index(video)
    found = f"{count} columns" if count else "no column"
    hint = "" if count else f", or the name of such a column as video={near_name(video, names)}"
    raise ValueError(f"table: found {found} {video!r}, expected the video of each row{hint}")


def _group(column: Any, video: str) -> tuple[list[Any], NDArray[np.int64], NDArray[np.int64] | None]:
    """Return names, bounds and order of the videos in a column."""
    import pyarrow

    types = pyarrow.types
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if not (_is_text(kind) or types.is_integer(kind)):
        raise TypeError(f"column {video!r}: found {column.type}, expected text or integers")
    codes, names = encoded(column)
    changes = np.flatnonzero(np.diff(codes)) + 1
    if len(changes) + 1 == len(names):
        return names, np.array([0, *changes, len(codes)], np.int64), None
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    order = np.argsort(codes, kind="stable") if len(codes) else None
    return names, np.array([0, *ends], np.int64), order


def _is_text(kind: Any) -> bool:
    """Return whether the values of an Arrow type are text."""
    import pyarrow

    types = pyarrow.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def encoded(column: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Return the values of a column as numbers in the order in which they appear first, and the distinct values."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):  # whose values may be unused, or twice in the dictionary
        column = column.cast(column.type.value_type)
    if pyarrow.types.is_string_view(column.type):  # which Arrow cannot encode
        column = column.cast(pyarrow.large_string())
    found = column.dictionary_encode().unify_dictionaries()
    if not found.num_chunks:
        return np.empty(0, np.int64), []
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy().astype(np.int64) for chunk in found.chunks])
    names = found.chunk(found.num_chunks - 1).dictionary.to_pylist()
    missing = codes < 0
    if missing.any():  # Arrow cannot unify dictionaries that hold null
        code = int(codes[: int(missing.argmax())].max(initial=-1)) + 1
        codes[codes >= code] += 1
        codes[missing] = code
        names.insert(code, None)
    return codes, names


def _numbered(table: Any, found: FoundColumns) -> Any:
    """Return the table with classes given by name as numbers, in the sorted order of their names."""
    import pyarrow

    label = found.names.get("label")
    if label is None:
        return table
    kind = table[label].type
    if not _is_text(kind.value_type if pyarrow.types.is_dictionary(kind) else kind):
        return table
    codes, names = encoded(table[label])
    if None in names:  # reported for its video
        return table
    ranks = np.empty(len(names), np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return table.set_column(table.column_names.index(label), label, pyarrow.array(ranks[codes]))


def _detections(table: Any, found: FoundColumns) -> Detections:
    return Detections.from_table(
        table, columns={ours: name for ours, name in found.names.items() if ours in TABLE_COLUMNS}
    )


def _rows_of(detections: Detections, span: slice) -> Detections:
    """Return some rows as the detections of one video, without a copy."""
    frames = detections.frames[span]
    return Detections._of_checked(
        boxes=detections.boxes[span],
        scores=detections.scores[span],
        frames=frames,
        labels=detections.labels[span],
        num_frames=int(frames.max(initial=-1)) + 1,
        track_ids=None,
        label_names=detections.label_names,
    )
