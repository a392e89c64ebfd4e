"""Detections on KITTI tracking by PointRCNN.

Rows are ``frame,type,x1,y1,x2,y2,score,h,w,l,x,y,z,rotation,alpha``; frames count from 0. Types 1, 2 and 3 are
Pedestrian, Car and Cyclist and get the labels of KITTI's own files. Scores may be negative. The columns that describe
the object in space must be numbers and are ignored.
"""

from __future__ import annotations

import numpy as np

from trajtrack.detections import Detections
from trajtrack.io.checks import as_corners, as_scores
from trajtrack.io.csv_table import has_header
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import frames_in_memory
from trajtrack.io.kitti import CLASS_NAMES, CLASSES
from trajtrack.io.text_rows import ANY_INTEGER, parse_rows

__all__ = ["FORMAT"]

_COLUMNS = 15
_LABELS_OF_TYPES = np.array([CLASSES.index(name) for name in ("Pedestrian", "Car", "Cyclist")])


def _recognise(source: Source) -> bool:
    return source.is_text and source.first_line.count(b",") == _COLUMNS - 1 and not has_header(source)


def _decode(source: Source) -> Detections:
    rows = parse_rows(source.content, _COLUMNS, _COLUMNS)
    types = rows.integers(1, "type", 1, len(_LABELS_OF_TYPES))
    return Detections(
        boxes=as_corners(rows.values[:, 2:6], rows.where),
        scores=as_scores(rows.values[:, 6], rows.where),
        frames=frames_in_memory(source, rows.integers(0, "frame", *ANY_INTEGER), rows.where, first=0),
        labels=_LABELS_OF_TYPES[types - 1],
        label_names=CLASS_NAMES,
    )


FORMAT = Format(
    name="kitti-pointrcnn",
    layout="rows of frame,type,x1,y1,x2,y2,score and eight more columns, frames from 0",
    suffixes=(".txt",),
    recognise=_recognise,
    decode=_decode,
    encode=None,
)
