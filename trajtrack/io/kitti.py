"""KITTI tracking labels: ``frame id type truncated occluded alpha x1 y1 x2 y2 h w l x y z rotation [score]``.

Reading
    Frames and IDs count from 0; ID -1 is none. Boxes are corners. Without an eighteenth column the score is 1. Types
    are labels 0 to 8 in the order of `CLASSES`; other types get the next free labels in order of appearance. A type
    that is an integer is that label, without a name. The columns that describe the object in space must be numbers and
    are ignored.

Writing
    Unknown values are written as KITTI writes them: truncated, occluded and dimensions -1, alpha and rotation -10,
    location -1000. Labels without a name are written as their number. `num_frames` is lost, as are the numbers of
    labels whose names are not in `CLASSES`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.detections import Detections
from trajtrack.io.checks import as_corners, as_scores, track_ids_or_none, track_ids_to_write
from trajtrack.io.csv_table import has_header
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import frames_in_memory
from trajtrack.io.text_rows import ANY_INTEGER, MAX_INTEGER, parse_rows
from trajtrack.printable import shown

__all__ = ["CLASSES", "CLASS_NAMES", "FORMAT"]

CLASSES = ("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc", "DontCare")
"""The types of KITTI; the label of each is its index."""

CLASS_NAMES = dict(enumerate(CLASSES))
"""Names of the types by label."""

_THIRD_FIELD = re.compile(rb"^([ \t]*[^\s,]+[ \t]+[^\s,]+[ \t]+)([^\s,]+)", re.MULTILINE)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")

_COLUMNS_WITH_SCORE = 18
_UNKNOWN_SIGHT = (-1, -1, -10)  # truncated, occluded, alpha
_UNKNOWN_SPACE = (-1, -1, -1, -1000, -1000, -1000, -10)  # h, w, l, x, y, z, rotation


def _recognise(source: Source) -> bool:
    if not source.is_text or has_header(source):
        return False
    line = source.first_line
    match = _THIRD_FIELD.match(line)
    return match is not None and (match[2][:1].isalpha() or len(line.split()) >= _COLUMNS_WITH_SCORE - 1)


def _decode(source: Source) -> Detections:
    # Before blanks, a byte order mark would count as a field.
    content = source.content.removeprefix(codecs.BOM_UTF8)
    names = {name: _as_name(name, content) for name in dict.fromkeys(_types(content))}
    labels = _numbered(names.values())
    numbers = {name: str(labels[text]).encode() for name, text in names.items()}
    # Replacing each type by its label keeps the line numbers for errors.
    rows = parse_rows(
        _THIRD_FIELD.sub(lambda match: match[1] + numbers[match[2]], content),
        _COLUMNS_WITH_SCORE - 1,
        _COLUMNS_WITH_SCORE,
    )
    limits = np.iinfo(np.int32)
    frames = frames_in_memory(source, rows.integers(0, "frame", *ANY_INTEGER), rows.where, first=0)
    ids = rows.integers(1, "id", -1, MAX_INTEGER)
    has_score = rows.widths == _COLUMNS_WITH_SCORE
    return Detections(
        boxes=as_corners(rows.values[:, 6:10], rows.where),
        scores=as_scores(np.where(has_score, rows.values[:, -1], 1.0), rows.where),
        frames=frames,
        labels=rows.integers(2, "type", limits.min, limits.max),
        track_ids=track_ids_or_none(ids),
        label_names={label: name for name, label in labels.items() if not _WHOLE_NUMBER.fullmatch(name)},
    )


def _types(content: bytes) -> Iterable[bytes]:
    return (match[2] for match in _THIRD_FIELD.finditer(content))


def _as_name(name: bytes, content: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        line = 1 + content.count(b"\n", 0, content.index(name))
        raise ValueError(f"line {line}: found type {shown(name)}, expected UTF-8 text") from None


def _numbered(names: Iterable[str]) -> dict[str, int]:
    labels = {name: label for label, name in CLASS_NAMES.items()}
    others = [name for name in names if name not in labels]
    labels |= {name: int(name) for name in others if _WHOLE_NUMBER.fullmatch(name)}
    taken = set(labels.values())
    free = (label for label in count(len(CLASSES)) if label not in taken)
    return labels | {name: next(free) for name in others if name not in labels}


def _encode(detections: Detections, video: str) -> bytes:
    names = _names_to_write(detections)
    rows = len(detections)
    columns: list[NDArray[Any]] = [
        detections.frames,
        track_ids_to_write(detections, MAX_INTEGER),
        detections.labels,
        np.broadcast_to(_UNKNOWN_SIGHT, (rows, len(_UNKNOWN_SIGHT))),
        _core.short_decimals(detections.boxes),
        np.broadcast_to(_UNKNOWN_SPACE, (rows, len(_UNKNOWN_SPACE))),
        _core.short_decimals(detections.scores),
    ]
    text = _core.format_numbers(columns, " ")
    return _THIRD_FIELD.sub(lambda match: match[1] + names[match[2]], text)


def _names_to_write(detections: Detections) -> dict[bytes, bytes]:
    """Return the type to write for each label, both as bytes."""
    names: dict[bytes, bytes] = {}
    written: set[bytes] = set()
    for label in np.unique(detections.labels).tolist():
        name = detections.label_names.get(label, str(label))
        if not re.fullmatch(r"[^\s,]+", name, re.ASCII):
            raise ValueError(
                f"label_names: found {name!r} for label {label}, expected a name without whitespace and commas"
            )
        if _WHOLE_NUMBER.fullmatch(name) and name != str(label):
            raise ValueError(f"label_names: found {name!r} for label {label}, expected a name that is not a number")
        try:
            encoded = name.encode()
        except UnicodeEncodeError:
            raise ValueError(
                f"label_names: found {name!r} for label {label}, expected a name that UTF-8 can encode"
            ) from None
        if encoded in written:
            raise ValueError(f"label_names: found {name!r} for label {label}, expected distinct names")
        names[str(label).encode()] = encoded
        written.add(encoded)
    return names


FORMAT = Format(
    name="kitti",
    layout="rows of frame id type truncated occluded alpha x1 y1 x2 y2 h w l x y z rotation [score]",
    suffixes=(".txt",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
)
