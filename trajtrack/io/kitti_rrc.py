"""Detections on KITTI tracking by RRC: rows of ``frame,x1,y1,x2,y2,score``, frames from 0.

Six numbers could also be a row of MOT, so this format is only read by name. Each file holds one class, which its folder
names; the label is 0, without a name.
"""

from __future__ import annotations

from trajtrack.detections import Detections
from trajtrack.io.checks import as_corners, as_scores
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import frames_in_memory
from trajtrack.io.text_rows import ANY_INTEGER, parse_rows

__all__ = ["FORMAT"]


def _decode(source: Source) -> Detections:
    rows = parse_rows(source.content, 6, 6)
    return Detections(
        boxes=as_corners(rows.values[:, 1:5], rows.where),
        scores=as_scores(rows.values[:, 5], rows.where),
        frames=frames_in_memory(source, rows.integers(0, "frame", *ANY_INTEGER), rows.where, first=0),
    )


FORMAT = Format(
    name="kitti-rrc",
    layout="rows of frame,x1,y1,x2,y2,score, frames from 0; only by name",
    suffixes=(".txt",),
    recognise=lambda source: False,
    decode=_decode,
    encode=None,
)
