"""MOTChallenge text: ``frame, id, left, top, width, height[, score[, class, visibility | x, y, z]]``.

Reading
    Rows have 6 to 10 columns, separated by commas or whitespace; they may have different lengths and any order. Frames
    count from 1 in the file and from 0 in memory. Frames without rows are empty. IDs count from 1 in the file and from
    0 in memory, and -1 is none; if a file has an ID 0, all its IDs are kept unchanged. Without a seventh column the
    score is 1. Rows of 8 or 9 columns are ground truth, whose eighth column is the class, used as label. In other rows
    the label is 0. Further columns must be numbers and are ignored.

Writing
    If all labels are 0, ten columns, the last three -1; otherwise nine columns with the class and a visibility of -1.
    `num_frames` and `label_names` are lost; IDs of 2**53 - 1 and more cannot be written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.detections import Detections
from trajtrack.io.checks import (
    MAX_FRAME,
    as_scores,
    corners_from_sizes,
    ids_from_zero,
    sizes_from_corners,
    track_ids_or_none,
    track_ids_to_write,
)
from trajtrack.io.format import Format, Source
from trajtrack.io.text_rows import MAX_INTEGER, TextRows, parse_rows

__all__ = ["FORMAT"]

_MOST_COLUMNS = 10
_UNKNOWN = -1


def _recognise(source: Source) -> bool:
    if not source.is_text:
        return False
    line = source.first_line
    columns = line.count(b",") + 1 if b"," in line else len(line.split())
    return columns <= _MOST_COLUMNS


def _decode(source: Source) -> Detections:
    rows = parse_rows(source.content, 6, _MOST_COLUMNS)
    values, widths = rows.values, rows.widths
    frames = rows.integers(0, "frame", 1, MAX_FRAME + 1) - 1
    ids = ids_from_zero(rows.integers(1, "id", -1, MAX_INTEGER))
    return Detections(
        boxes=corners_from_sizes(values[:, 2:6], rows.where),
        scores=as_scores(np.where(widths >= 7, values[:, 6], 1.0), rows.where),
        frames=frames,
        labels=_labels(rows),
        track_ids=track_ids_or_none(ids),
    )


def _labels(rows: TextRows) -> NDArray[np.int64] | None:
    has_class = (rows.widths == 8) | (rows.widths == 9)
    if not has_class.any():
        return None
    limits = np.iinfo(np.int32)
    classes = np.where(has_class, rows.values[:, 7], 0.0)[:, None]
    return TextRows(classes, rows.lines, rows.widths).integers(0, "class", limits.min, limits.max)


def _encode(detections: Detections, video: str) -> bytes:
    ids = track_ids_to_write(detections, MAX_INTEGER - 1)
    unknown = np.full(len(detections), _UNKNOWN, np.float64)
    has_classes = bool(detections.labels.any())
    columns: list[NDArray[Any]] = [
        detections.frames.astype(np.int64) + 1,
        np.where(ids >= 0, ids + 1, ids),
        sizes_from_corners(detections.boxes),
        _core.short_decimals(detections.scores),
        *([detections.labels, unknown] if has_classes else [unknown] * 3),
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
