"""MOTChallenge text: ``frame, id, left, top, width, height[, score[, class, visibility | x, y, z]]``.

Reading
    Rows have 6 to 10 columns, separated by commas or by blanks; they may have different lengths and any order. Frames
    count from 1 in the file and from 0 in memory. Frames without rows are empty. IDs count from 1 in the file and from
    0 in memory, and -1 is none; if a file has an ID 0, all its IDs are kept unchanged. Without a seventh column the
    score is 1. The label is the eighth of 8 or 9 columns, and of 10 columns if they hold a class (`ten_columns`); if no
    row has a class, it is 0. Further columns must be numbers and are ignored.

    The last three of ten columns are a position in space unless all rows agree with a class. If they agree with both,
    the label is 0, and a warning names the format that reads the class.

Writing
    If all labels are 0, ten columns, the last three -1; otherwise nine columns with the class and a visibility of -1.
    `num_frames` and `label_names` are lost; IDs of 2**53 - 1 and more cannot be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.arguments import warn
from trajtrack.detections import Detections
from trajtrack.io.checks import (
    as_scores,
    corners_from_sizes,
    ids_from_zero,
    refuse,
    sizes_from_corners,
    track_ids_or_none,
    track_ids_to_write,
)
from trajtrack.io.csv_table import has_header
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import frames_in_memory
from trajtrack.io.ten_columns import COLUMNS, LastColumns, has_last_columns, is_visdrone, last_columns
from trajtrack.io.text_rows import ANY_INTEGER, MAX_INTEGER, TextRows, parse_rows

__all__ = ["FORMAT", "UNKNOWN", "decode_boxes", "encode_boxes"]

UNKNOWN = -1
"""What stands in columns without a value."""


def _recognise(source: Source) -> bool:
    if not source.is_text or has_header(source):
        return False
    line = source.first_line
    columns = line.count(b",") + 1 if b"," in line else len(line.split())
    return columns <= COLUMNS and not is_visdrone(source)


def _decode(source: Source) -> Detections:
    rows = parse_rows(source.content, 6, COLUMNS)
    return decode_boxes(source, rows, _labels(rows, source.path))


def decode_boxes(source: Source, rows: TextRows, labels: NDArray[np.int64] | None) -> Detections:
    """Decode the columns that MOT text and the formats derived from it share."""
    values = rows.values
    frames = frames_in_memory(source, rows.integers(0, "frame", *ANY_INTEGER), rows.where, first=1)
    ids = ids_from_zero(rows.integers(1, "id", -1, MAX_INTEGER), source.numbering)
    return Detections(
        boxes=corners_from_sizes(values[:, 2:6], rows.where),
        scores=as_scores(np.where(rows.widths >= 7, values[:, 6], 1.0), rows.where),
        frames=frames,
        labels=labels,
        track_ids=track_ids_or_none(ids),
    )


def _labels(rows: TextRows, path: str) -> NDArray[np.int64] | None:
    classified = (rows.widths == 8) | (rows.widths == 9)
    last, filled = last_columns(rows), has_last_columns(rows)
    if last is LastColumns.CLASS:
        classified |= filled
    if not classified.any():
        if last is LastColumns.UNCLEAR:
            warn(
                f"{path}, {rows.where(int(filled.argmax()))}: found columns 8 to 10 that may be a class or a position, "
                "read as a position; format='visdrone' or --format visdrone reads the class"
            )
        return None
    limits = np.iinfo(np.int32)
    classes = np.where(classified, rows.values[:, 7], 0.0)[:, None]
    labels = TextRows(classes, rows.lines, rows.widths).integers(0, "class", limits.min, limits.max)
    first = int(classified.argmax())
    refuse(~classified, rows.where, lambda row: "no class", f"one in every row, as in {rows.where(first)}")
    return labels


def _encode(detections: Detections, video: str) -> bytes:
    has_classes = bool(detections.labels.any())
    return encode_boxes(detections, [detections.labels, UNKNOWN] if has_classes else [UNKNOWN] * 3)


def encode_boxes(detections: Detections, last_columns: Sequence[NDArray[np.int32] | int]) -> bytes:
    """Encode the columns that MOT text and the formats derived from it share, and further ones."""
    ids = track_ids_to_write(detections, MAX_INTEGER - 1)
    columns: list[NDArray[Any]] = [
        detections.frames.astype(np.int64) + 1,
        np.where(ids >= 0, ids + 1, ids),
        sizes_from_corners(detections.boxes),
        _core.short_decimals(detections.scores),
        *(np.broadcast_to(column, len(detections)).astype(np.float64) for column in last_columns),
    ]
    return _core.format_numbers(columns, ",")


FORMAT = Format(
    name="mot",
    layout="rows of frame,id,left,top,width,height[,score[,class,visibility | x,y,z]], frames from 1",
    suffixes=(".txt", ".csv"),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
)
