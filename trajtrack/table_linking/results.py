"""The columns that linking adds to an Arrow table, and the rows of interpolated boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import CORNERS
from trajtrack.table_linking.videos import TableVideos
from trajtrack.trajectories import Trajectories, filled_rows

__all__ = ["ResultColumns"]

_BOX_COLUMNS = tuple(f"track_{side}" for side in CORNERS)


class _Gaps:
    """The interpolated boxes of a video."""

    def __init__(self, tracks: Trajectories, rows: slice | NDArray[np.int64]) -> None:
        frames, boxes, _, filled, ids = filled_rows(tracks)
        gaps = filled < 0
        self.frames, self.boxes, self.ids = frames[gaps], boxes[gaps], ids[gaps]
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        self.after = np.full(len(self.ids), numbers.max(initial=-1))
        """Row of the table after which each belongs."""
        self.sources = numbers[_first_of_label(tracks)[self.ids]]
        """Row of the table with the video and the label of each."""


def _first_of_label(tracks: Trajectories) -> NDArray[np.int64]:
    """Return for each trajectory its first input row that has its label."""
    owners = tracks.track_ids[tracks.rows]
    alike = np.flatnonzero(tracks.detections.labels[tracks.rows] == tracks.labels[owners])
    return tracks.rows[alike[np.searchsorted(owners[alike], np.arange(len(tracks)))]]


class ResultColumns:
    """Collects the results of the videos of a table.

    Raises
    ------
    ValueError
        If the table has a column of the name of one that is added.
    """

    def __init__(
        self, table: Any, videos: TableVideos, *, video: str, boxes: bool, interpolate: bool, errors: bool
    ) -> None:
        added = (
            "track_id",
            "reason",
            "suppressed_by",
            *(_BOX_COLUMNS if boxes else ()),
            *(["error"] if errors else []),
        )
        for name in added:
            if name in table.column_names:
                raise ValueError(
                    f"table: found the column {name!r}, which linking adds, expected it to be dropped or renamed"
                )
        count = table.num_rows
        self._table, self._videos, self._video = table, videos, video
        self._ids = np.full(count, -1, np.int64)
        self._reasons = np.zeros(count, np.int8)
        self._suppressed_by = np.full(count, -1, np.int64)
        self._boxes = np.zeros((4, count), np.float32) if boxes else None
        self._faults = np.full(count, -1, np.int32)
        self._messages: list[str] | None = [] if errors else None
        self._gaps: list[_Gaps] | None = [] if interpolate else None

    def take(self, number: int, tracks: Trajectories) -> None:
        """Take the result of a video."""
        rows = self._videos.rows(number)
        self._ids[rows] = tracks.track_ids
        self._reasons[rows] = tracks.reasons
        self._suppressed_by[rows] = tracks.suppressed_by
        if self._boxes is not None:
            linked = rows.start + tracks.rows if isinstance(rows, slice) else rows[tracks.rows]
            self._boxes[:, linked] = tracks.boxes.T
        if self._gaps is not None:
            self._gaps.append(_Gaps(tracks, rows))

    def fail(self, number: int, error: Exception) -> None:
        """Take the error of a video."""
        assert self._messages is not None
        self._faults[self._videos.rows(number)] = len(self._messages)
        self._messages.append(str(error) or type(error).__name__)

    def finish(self) -> Any:
        """Return the table with the columns and the interpolated rows."""
        if self._gaps is None:
            return self._with_results(self._table, None)
        gaps = _Joined(self._gaps)
        order = np.argsort(np.concatenate([np.arange(self._table.num_rows), gaps.after]), kind="stable")
        return self._with_results(self._with_gaps(gaps, order), _Inserted(gaps, order))

    def _with_results(self, table: Any, inserted: _Inserted | None) -> Any:
        import pyarrow

        failed = self._faults >= 0
        unlinked = self._ids < 0
        columns: dict[str, tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any] | None]] = {
            "track_id": (self._ids, failed, None if inserted is None else inserted.gaps.ids),
            "reason": (self._reasons, failed, None),
            "suppressed_by": (self._suppressed_by, failed, None),
        }
        if self._boxes is not None:
            for axis, name in enumerate(_BOX_COLUMNS):
                columns[name] = (
                    self._boxes[axis],
                    unlinked,
                    None if inserted is None else inserted.gaps.boxes[:, axis],
                )
        for name, (values, missing, more) in columns.items():
            if inserted is not None:
                values, missing = inserted.into(values, missing, more)
            mask = missing if missing.any() else None  # without a mask, Arrow does not copy
            table = table.append_column(name, pyarrow.array(values, mask=mask))
        if self._messages is None:
            return table
        faults = self._faults
        if inserted is not None:
            faults, _ = inserted.into(faults, failed, np.full(len(inserted.gaps.ids), -1, np.int32))
        return table.append_column("error", _texts(faults, self._messages))

    def _with_gaps(self, gaps: _Joined, order: NDArray[np.int64]) -> Any:
        """Return the columns of the table with interpolated rows."""
        import pyarrow

        found, table = self._videos.found, self._table
        own = np.arange(table.num_rows)
        copied = {self._video, found.names.get("label")}
        with_copies = np.concatenate([own, gaps.sources])[order]
        with_nulls = np.concatenate([own, np.full(len(gaps.ids), -1)])[order]
        nulls = pyarrow.array(with_nulls, mask=with_nulls < 0)
        columns = []
        for field, column in zip(table.schema, table.columns, strict=True):
            if field.name == found.names["frame"]:
                if pyarrow.types.is_dictionary(column.type):
                    column = column.cast(column.type.value_type)
                frames = pyarrow.array(gaps.frames).cast(column.type)
                columns.append(pyarrow.chunked_array([*column.chunks, frames], column.type).take(order))
            else:
                columns.append(_taken(column, with_copies if field.name in copied else nulls))
        fields = [
            field.with_nullable(True).with_type(column.type)
            for field, column in zip(table.schema, columns, strict=True)
        ]
        return pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields, table.schema.metadata))


def _taken(column: Any, rows: Any) -> Any:
    """Return the rows of a column, null for null."""
    import pyarrow

    views = {pyarrow.string_view(): pyarrow.large_string(), pyarrow.binary_view(): pyarrow.large_binary()}
    if column.type in views:  # of which Arrow takes no rows
        return column.cast(views[column.type]).take(rows).cast(column.type)
    return column.take(rows)


class _Joined:
    """The interpolated boxes of all videos."""

    def __init__(self, parts: list[_Gaps]) -> None:
        self.frames = np.concatenate([np.empty(0, np.int32), *(part.frames for part in parts)])
        self.boxes = np.concatenate([np.empty((0, 4), np.float32), *(part.boxes for part in parts)])
        self.ids = np.concatenate([np.empty(0, np.int64), *(part.ids for part in parts)])
        self.after = np.concatenate([np.empty(0, np.int64), *(part.after for part in parts)])
        self.sources = np.concatenate([np.empty(0, np.int64), *(part.sources for part in parts)])


class _Inserted:
    """Places the values of interpolated rows between those of the table."""

    def __init__(self, gaps: _Joined, order: NDArray[np.int64]) -> None:
        self.gaps, self._order = gaps, order

    def into(
        self, values: NDArray[Any], missing: NDArray[np.bool_], more: NDArray[Any] | None
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the values of all rows and which are missing; `more` are those of interpolated rows, if any."""
        count = len(self.gaps.ids)
        added = np.zeros(count, values.dtype) if more is None else more
        missing = np.concatenate([missing, np.full(count, more is None)])
        return np.concatenate([values, added])[self._order], missing[self._order]


def _texts(numbers: NDArray[np.int32], texts: list[str]) -> Any:
    """Return an Arrow column of texts by number, null for -1."""
    import pyarrow

    if not texts:
        return pyarrow.nulls(len(numbers), pyarrow.string())
    indices = pyarrow.array(numbers, mask=numbers < 0)
    return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(texts, pyarrow.string())).cast(pyarrow.string())
