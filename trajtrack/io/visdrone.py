"""VisDrone text: ``frame,id,left,top,width,height,score,class,truncation,occlusion``.

Frames count from 1 in the file and from 0 in memory; IDs are those of MOT text. The score of an annotation is 1, or 0
if it does not count. The label is the class, without a name. Truncation and occlusion must be numbers and are ignored.

Reading
    The format is recognised if all classes are from 0 to 11, all truncations 0 or 1, all occlusions 0 to 2, and no
    identity changes its class. By name, any rows of ten columns are read whose eighth column is a class.

Writing
    As VisDrone expects results: truncation and occlusion are -1. `num_frames` and `label_names` are lost; IDs of
    2**53 - 1 and more cannot be written.
"""

from __future__ import annotations

import numpy as np

from trajtrack.detections import Detections
from trajtrack.io.format import Format, Source
from trajtrack.io.mot import UNKNOWN, decode_boxes, encode_boxes
from trajtrack.io.ten_columns import COLUMNS, is_visdrone
from trajtrack.io.text_rows import parse_rows

__all__ = ["FORMAT"]


def _decode(source: Source) -> Detections:
    rows = parse_rows(source.content, COLUMNS, COLUMNS)
    limits = np.iinfo(np.int32)
    return decode_boxes(source, rows, rows.integers(COLUMNS - 3, "class", limits.min, limits.max))


def _encode(detections: Detections, video: str) -> bytes:
    return encode_boxes(detections, [detections.labels, UNKNOWN, UNKNOWN])


FORMAT = Format(
    name="visdrone",
    layout="rows of frame,id,left,top,width,height,score,class,truncation,occlusion, frames from 1 (VisDrone)",
    suffixes=(".txt", ".csv"),
    recognise=is_visdrone,
    decode=_decode,
    encode=_encode,
)
