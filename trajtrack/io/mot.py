"""MOTChallenge text: ``frame, id, left, top, width, height[, score[, class, visibility | x, y, z]]``.

Reading
    Rows have 6 to 10 columns with commas or blanks between them; they may differ in width and come in any
    order. Frames count from 1 in the file and from 0 in memory. A frame that the file leaves out is empty.
    Ids count from 1 in the file and from 0 in memory, and -1 is none; in a file that holds an id 0 all ids
    are kept as they are. Without a seventh column the score is 1. Rows of 8 and 9 columns are ground truth,
    whose eighth column is the class: the label. Elsewhere the label is 0; what stands in further columns is
    checked to be numbers and left alone.

Writing
    Ten columns, the last three -1, where all labels are 0; else nine columns with the class and a visibility
    of -1. There is no room for `num_frames` and `label_names`, and for ids from 2**53 - 1.
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
    written_track_ids,
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
    ids = written_track_ids(detections, MAX_INTEGER - 1)
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
