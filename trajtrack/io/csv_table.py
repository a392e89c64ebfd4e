"""CSV with a header: one row per box, the columns in any order.

Reading
    Columns are found by name, in upper or lower case: a frame, the sides of a box, and optionally score, class and
    identity; `trajtrack.column_names` lists the names. Frames count from 0, IDs are kept unchanged, and an empty ID or
    -1 is none. Without a score the score is 1. The label is a number, or a name; names are numbered in sorted order,
    unless ``class_name`` stands beside a number. Columns separated by commas, semicolons or tabs; fields may be quoted.
    With the names of MOTChallenge (``bb_left``), frames and IDs count from 1 as in its files. A table with times and no
    frames is read if the time between two frames is given as the step. Other columns are ignored; a warning names those
    that look like scores if there is none.

Writing
    ``frame,x1,y1,x2,y2,score,class_id``, then ``track_id`` and ``class_name`` if there are any. `num_frames` and the
    names of labels without rows are lost.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.arguments import warn
from trajtrack.column_names import OTHER_NAMES, NamedColumns, name_columns, normalised
from trajtrack.detections import Detections
from trajtrack.files.packed import decode
from trajtrack.io.checks import (
    as_corners,
    as_scores,
    as_text,
    corners_from_centres,
    corners_from_sizes,
    ids_from_zero,
    refuse,
    track_ids_or_none,
    track_ids_to_write,
)
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import frames_at_times, frames_in_memory
from trajtrack.io.text_rows import MAX_INTEGER
from trajtrack.printable import near_name, shown

__all__ = ["FORMAT", "has_header"]

_NAMES = {**OTHER_NAMES, "track_id": (*OTHER_NAMES["track_id"], "id")}
_TIMES = ("timestamp", "time", "time_seconds", "time_s", "seconds")
_FIRST_NAMES = {"frame", *OTHER_NAMES["frame"], *_TIMES}
_SEPARATORS = b",;\t"
_LIKE_SCORE = re.compile(r"score|conf|prob", re.IGNORECASE)
_INT32 = np.iinfo(np.int32)


def has_header(source: Source) -> bool:
    """Return whether the content is text whose first line names columns: a frame, a time or the sides of a box."""
    if not source.is_text:
        return False
    fields = re.split(rb"[,;\t]", source.first_line)
    names = {normalised(field.decode("ascii", "replace").strip().strip('"')) for field in fields}
    return len(fields) > 1 and (bool(names & _FIRST_NAMES) or bool(name_columns(names, {}).sides))


def _decode(source: Source) -> Detections:
    header, rows, lines = _parse(source)
    try:
        columns = name_columns(header, _NAMES)
    except ValueError as error:
        raise ValueError(f"line {lines[0]}: {error}") from None
    table = _Table(header, rows, lines)
    if not columns.sides:
        raise ValueError(
            f"line {lines[0]}: found no columns of a box among {shown(', '.join(header))}, "
            "expected x1, y1, x2, y2 or x, y, w, h"
        )
    _refuse_several_videos(table, columns)
    is_mot = normalised(columns.sides[0]) == "bb_left"
    boxes = np.stack([table.numbers(side) for side in columns.sides], axis=1)
    convert = {"xyxy": as_corners, "xywh": corners_from_sizes, "cxcywh": corners_from_centres}[columns.box_format]
    labels, label_names = _labels(table, columns)
    ids = None
    if "track_id" in columns.names:
        ids = table.integers(columns.names["track_id"], -1, MAX_INTEGER, missing=-1)
        ids = ids_from_zero(ids, source.numbering) if is_mot else ids
    return Detections(
        boxes=convert(boxes, table.where),
        scores=as_scores(_scores(table, columns, source.path), table.where),
        frames=_frames(source, table, columns, first=1 if is_mot else 0),
        labels=labels,
        track_ids=None if ids is None else track_ids_or_none(ids),
        label_names=label_names,
    )


def _refuse_several_videos(table: _Table, columns: NamedColumns) -> None:
    """Raise ValueError if a column that tells the video of each row has more than one value."""
    for name in columns.videos:
        texts = table.texts(name)
        distinct = [*dict.fromkeys(texts)]
        if len(distinct) > 1:
            raise ValueError(
                f"{table.where(texts.index(distinct[1]))}: found {name} {shown(distinct[1])}, expected the rows of one "
                f"video, as of {shown(distinct[0])} before"
            )


def _parse(source: Source) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the header, the rows and the lines of both."""
    text = decode(source.content, "UTF-8 text")
    separator = chr(max(_SEPARATORS, key=source.first_line.count))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in _filled(reader):
            rows.append(row)
            lines.append(reader.line_num)
            if len(row) != len(rows[0]):
                raise ValueError(
                    f"line {reader.line_num}: found {len(row)} columns, expected {len(rows[0])} as in the header"
                )
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: found invalid CSV ({error}), expected rows of a table") from None
    if not rows:
        raise ValueError("line 1: found no header, expected the names of the columns")
    header = [name.strip() for name in rows[0]]
    return header, rows[1:], lines


def _filled(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    return (row for row in reader if any(field.strip() for field in row))


class _Table:
    """The columns of a table, by name."""

    def __init__(self, header: list[str], rows: list[list[str]], lines: list[int]) -> None:
        self.header = header
        self.first_line = lines[0]
        self._rows = rows
        self._lines = lines

    def __len__(self) -> int:
        return len(self._rows)

    def where(self, row: int) -> str:
        return f"line {self._lines[row + 1]}"

    def texts(self, name: str) -> list[str]:
        index = self.header.index(name)
        return [row[index].strip() for row in self._rows]

    def numbers(self, name: str, missing: float | None = None) -> NDArray[np.float64]:
        texts = self.texts(name)
        if missing is not None:
            texts = [text or str(missing) for text in texts]
        try:
            values = np.array(texts or [], np.float64)
        except ValueError:
            values = np.array([_as_number(text) for text in texts])
        # Python also reads 1_000, and digits of other scripts, which no program writes for numbers.
        bad = ~np.isfinite(values) | np.array(["_" in text or not text.isascii() for text in texts], np.bool_)
        refuse(bad, self.where, lambda row: f"{name} {shown(texts[row])}", "a finite number")
        return values

    def integers(self, name: str, low: int, high: int, missing: int | None = None) -> NDArray[np.int64]:
        values = self.numbers(name, missing)

        def found(row: int) -> str:
            return f"{name} {as_text(values[row])}"

        refuse((values < low) | (values > high), self.where, found, f"{name} from {low} to {high}")
        refuse(values != np.trunc(values), self.where, found, "an integer")
        return values.astype(np.int64)


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _frames(source: Source, table: _Table, columns: NamedColumns, first: int) -> NDArray[np.int64]:
    name = columns.names.get("frame")
    if name is not None:
        numbers = table.integers(name, -MAX_INTEGER, MAX_INTEGER)
        return frames_in_memory(source, numbers, table.where, first, name)
    name = next((each for each in table.header if normalised(each) in _TIMES), None)
    if name is None:
        raise ValueError(
            f"line {table.first_line}: found no column of frames among {shown(', '.join(table.header))}, "
            f"expected one of frame, {', '.join(OTHER_NAMES['frame'])}"
        )
    return frames_at_times(source, table.numbers(name), table.where, name)


def _scores(table: _Table, columns: NamedColumns, path: str) -> NDArray[np.float64]:
    if "score" in columns.names:
        return table.numbers(columns.names["score"])
    alike = [name for name in table.header if _LIKE_SCORE.search(name) or near_name(normalised(name), ["score"])]
    if alike:
        warn(
            f"{path}, line {table.first_line}: found the column {shown(alike[0])}, which is not read (so that the "
            f"score is 1), expected one of score, {', '.join(OTHER_NAMES['score'])}"
        )
    return np.ones(len(table))


def _labels(table: _Table, columns: NamedColumns) -> tuple[NDArray[np.int64] | None, dict[int, str]]:
    """Return the labels and their names."""
    if "label" not in columns.names:
        return None, {}
    name = columns.names["label"]
    texts = table.texts(name)
    by_name = any(text and np.isnan(_as_number(text)) for text in texts)
    if by_name:
        refuse(np.array([not text for text in texts]), table.where, lambda row: f"no {name}", "a class in every row")
        names = sorted({*texts})
        numbers = {text: number for number, text in enumerate(names)}
        return np.array([numbers[text] for text in texts], np.int64), dict(enumerate(names))
    labels = table.integers(name, _INT32.min, _INT32.max)
    if columns.class_name is None:
        return labels, {}
    known: dict[int, str] = {}
    for row, (label, text) in enumerate(zip(labels.tolist(), table.texts(columns.class_name), strict=True)):
        if text and known.setdefault(label, text) != text:
            raise ValueError(
                f"{table.where(row)}: found {columns.class_name} {shown(text)} for class {label}, "
                f"expected {shown(known[label])} as before"
            )
    return labels, known


def _encode(detections: Detections, video: str) -> bytes:
    header = ["frame", "x1", "y1", "x2", "y2", "score", "class_id"]
    columns: list[NDArray[Any]] = [
        detections.frames,
        _core.short_decimals(detections.boxes),
        _core.short_decimals(detections.scores),
        detections.labels,
    ]
    if detections.track_ids is not None:
        header.append("track_id")
        columns.append(track_ids_to_write(detections, MAX_INTEGER))
    rows = _core.format_numbers(columns, ",")
    names = detections.label_names
    if any(label in names for label in np.unique(detections.labels).tolist()):
        header.append("class_name")
        quoted = {label: '"{}"'.format(name.replace('"', '""')).encode() for label, name in names.items()}
        rows = b"".join(
            row + b"," + quoted.get(label, b"") + b"\n"
            for row, label in zip(rows.splitlines(), detections.labels.tolist(), strict=True)
        )
    return ",".join(header).encode() + b"\n" + rows


FORMAT = Format(
    name="csv",
    layout="a header that names frame, x1, y1, x2, y2 or x, y, w, h, score, class_id, track_id; then a row per box",
    suffixes=(".csv", ".txt"),
    recognise=has_header,
    decode=_decode,
    encode=_encode,
)
