"""The plain text formats read a second time, slowly and by other means: what `trajtrack.read` must return.

Each parser returns the rows as ``(frame, id, x1, y1, x2, y2, score, label)``, with -1 for no ID, or raises `Refused`.
"""

from __future__ import annotations

import codecs
import gzip
import re
import string
import struct
import zlib

from trajtrack import Detections

Row = tuple[int, int, float, float, float, float, float, int]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_EXACT = 2**53 - 1
_INT32 = 2**31 - 1


class Refused(Exception):
    """The format does not allow the file."""


class Unknown(Exception):
    """The parser does not know what the format makes of the file."""


def rows_of(detections: Detections) -> list[Row]:
    ids = [-1] * len(detections) if detections.track_ids is None else detections.track_ids.tolist()
    columns = (detections.frames.tolist(), ids, detections.boxes.tolist(), detections.scores.tolist())
    return [
        (frame, number, *box, score, label)  # type: ignore[misc]
        for frame, number, box, score, label in zip(*columns, detections.labels.tolist(), strict=True)
    ]


def text_of(content: bytes) -> str:
    """Return the text of a file as one character per byte, after decompression and from UTF-16."""
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise Refused from None
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Refused
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise Refused from None
    elif len(content) >= 8 and (_alternates(content[:64]) or _alternates(content[:64], 1)):
        raise Refused
    return content.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _alternates(start: bytes, first: int = 0) -> bool:
    return all((byte == 0) == (index % 2 == first) for index, byte in enumerate(start))


def with_commas(text: str) -> str:
    """Return text whose columns are separated by semicolons with commas instead."""
    filled = text[:1000].lstrip(" \t\n\r\v\f")
    first = filled.split("\n")[0]
    is_text = "\0" not in text[:1000] and not first.startswith(("{", "[", "<"))
    if not is_text or ";" not in first or '"' in text:
        return text
    if "," in text:
        raise Refused
    return text.replace(";", ",")


def numbers_of(text: str, fewest: int, most: int) -> list[list[float]]:
    """Return the numbers of each line that is not blank."""
    rows: list[list[float]] = []
    line = ""
    for line in with_commas(text).split("\n"):
        line = re.sub(r"[ \t\r]*,[ \t\r]*", ",", re.sub(r"[ \t\r]+", " ", line).strip(" "))
        if not line:
            continue
        if " " in line and "," in line:
            raise Refused
        fields = re.split("[ ,]", line)
        if not fewest <= len(fields) <= most or not all(map(_NUMBER.fullmatch, fields)):
            raise Refused
        rows.append([float(field) for field in fields])
        if float("inf") in map(abs, rows[-1]):
            raise Refused
    if line and len(rows) > 1 and len(rows[-1]) < min(map(len, rows[:-1])):
        raise Refused  # the file ends within its last row
    return rows


def integer(value: float, low: int, high: int) -> int:
    if not low <= value <= high or value != int(value):
        raise Refused
    return int(value)


def single(value: float) -> float:
    """Round to float32."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float("inf")


def frame_of(value: float, first: int, step: int) -> int:
    number = integer(value, -_EXACT, _EXACT) - first
    if number % step or not 0 <= number // step <= _INT32:
        raise Refused
    return number // step


def corners(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
    if x2 < x1 or y2 < y1 or max(map(abs, map(single, (x1, y1, x2, y2)))) > 1e9:
        raise Refused
    return single(x1), single(y1), single(x2), single(y2)


def sized(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    if w < 0 or h < 0:
        raise Refused
    return corners(x, y, x + w, y + h)


def score_of(value: float) -> float:
    if abs(single(value)) == float("inf"):
        raise Refused
    return single(value)


def mot_ids(values: list[float]) -> list[int]:
    ids = [integer(value, -1, _EXACT) for value in values]
    return ids if 0 in ids else [number - 1 if number > 0 else number for number in ids]


def mot(content: bytes, first: int = 1, step: int = 1) -> list[Row]:
    rows = numbers_of(text_of(content), 6, 10)
    has_class = [len(row) in (8, 9) for row in rows]
    ten = [row for row in rows if len(row) == 10 and not _is_blank(*row[7:])]
    if ten and _holds_class(ten):
        has_class = [known or row in ten for known, row in zip(has_class, rows, strict=True)]
    if any(has_class) and not all(has_class):
        raise Refused
    labels = [integer(row[7], -_INT32 - 1, _INT32) if any(has_class) else 0 for row in rows]
    return _mot_rows(rows, labels, first, step)


def _is_blank(a: float, b: float, c: float) -> bool:
    return a == -1 and b in (-1, 0, 1) and c in (-1, 0, 1, 2)


def _holds_class(ten: list[list[float]]) -> bool:
    classes: dict[float, float] = {}
    for row in ten:
        a, b, c = row[7:]
        flags = b in (0, 1) and c in (0, 1, 2)
        if a != int(a) or a < 0 or not (flags or (c == -1 and (b == -1 or 0 <= b <= 1))):
            return False
        if flags and row[1] >= 0 and row[6] != 0 and classes.setdefault(row[1], a) != a:
            return False
    return True


def _mot_rows(rows: list[list[float]], labels: list[int], first: int, step: int) -> list[Row]:
    ids = mot_ids([row[1] for row in rows])
    return [
        (
            frame_of(row[0], first, step),
            number,
            *sized(row[2], row[3], row[4], row[5]),
            score_of(row[6] if len(row) > 6 else 1.0),
            label,
        )
        for row, number, label in zip(rows, ids, labels, strict=True)
    ]


def visdrone(content: bytes, first: int = 1, step: int = 1) -> list[Row]:
    rows = numbers_of(text_of(content), 10, 10)
    return _mot_rows(rows, [integer(row[7], -_INT32 - 1, _INT32) for row in rows], first, step)


def kitti_rrc(content: bytes, first: int = 0, step: int = 1) -> list[Row]:
    rows = numbers_of(text_of(content), 6, 6)
    return [
        (frame_of(row[0], first, step), -1, *corners(row[1], row[2], row[3], row[4]), score_of(row[5]), 0)
        for row in rows
    ]


def kitti_pointrcnn(content: bytes, first: int = 0, step: int = 1) -> list[Row]:
    rows = numbers_of(text_of(content), 15, 15)
    label = {1: 3, 2: 0, 3: 5}
    return [
        (
            frame_of(row[0], first, step),
            -1,
            *corners(row[2], row[3], row[4], row[5]),
            score_of(row[6]),
            label[integer(row[1], 1, 3)],
        )
        for row in rows
    ]


_KITTI = ("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc", "DontCare")


def kitti(content: bytes, first: int = 0, step: int = 1) -> list[Row]:
    """Read only files whose columns are separated by blanks alone; `Unknown` for others."""
    rows, types = [], []
    text = text_of(content)
    if "," in text or ";" in text:
        raise Unknown
    for line in text.split("\n"):
        fields = re.split("[ \t\r]+", line.strip(" \t\r"))
        if fields == [""]:
            continue
        if not 17 <= len(fields) <= 18 or not all(_NUMBER.fullmatch(field) for field in fields[:2] + fields[3:]):
            raise Refused
        types.append(fields[2])
        rows.append([float(field) for field in [*fields[:2], "0", *fields[3:]]])
        if float("inf") in map(abs, rows[-1]):
            raise Refused
    labels: dict[str, int] = {name: label for label, name in enumerate(_KITTI)}
    others = [name for name in dict.fromkeys(types) if name not in labels]
    for name in others:
        if re.fullmatch("-?[0-9]{1,15}", name):
            labels[name] = integer(int(name), -_INT32 - 1, _INT32)
    taken = set(labels.values())
    for name in others:
        if name not in labels:
            labels[name] = next(label for label in range(9, 10**6) if label not in taken)
            taken.add(labels[name])
    return [
        (
            frame_of(row[0], first, step),
            integer(row[1], -1, _EXACT),
            *corners(row[6], row[7], row[8], row[9]),
            score_of(row[17] if len(row) == 18 else 1.0),
            labels[name],
        )
        for row, name in zip(rows, types, strict=True)
    ]


_SIDES = (("x1", "y1", "x2", "y2"), ("x", "y", "w", "h"), ("bb_left", "bb_top", "bb_width", "bb_height"))


def csv_table(content: bytes, first: int | None = None, step: int = 1) -> list[Row]:
    """Read only tables without quotes and names of classes, with the names of columns that the generator uses first.

    Raises
    ------
    Unknown
        If it is another table.
    """
    text = with_commas(text_of(content)).encode("latin-1").decode("utf-8", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if '"' in text:
        raise Unknown
    lines = [line for line in text.split("\n") if line.strip("," + string.whitespace)]
    separator = "\t" if lines[0].count("\t") > lines[0].count(",") else ","
    lines = [line for line in lines if any(field.strip() for field in line.split(separator))]
    header = [name.strip().lower() for name in lines[0].split(separator)]
    table = [dict(zip(header, (field.strip() for field in line.split(separator)), strict=True)) for line in lines[1:]]
    known = [sides for sides in _SIDES if {*sides} <= {*header}]
    if "class_name" in header or "frame" not in header or len(known) != 1:
        raise Unknown
    classes = [row.get("class_id", "0") for row in table]
    if not all(map(_NUMBER.fullmatch, classes)):
        raise Unknown  # names of classes
    is_mot = "bb_left" in header
    start = first if first is not None else int(is_mot)
    rows: list[Row] = []
    convert = corners if known[0][0] == "x1" else sized
    boxes = [convert(*(float(row[side]) for side in known[0])) for row in table]
    ids = [float(row.get("track_id") or -1) for row in table]
    whole = mot_ids(ids) if is_mot else [integer(number, -1, _EXACT) for number in ids]
    for row, box, number in zip(table, boxes, whole, strict=True):
        label = integer(float(row.get("class_id", "0")), -_INT32 - 1, _INT32)
        rows.append(
            (frame_of(float(row["frame"]), start, step), number, *box, score_of(float(row.get("score", "1"))), label)
        )
    return rows


def yolo(files: dict[str, bytes], size: tuple[float, float]) -> list[Row]:
    """Read label files whose names are ``NAME_NUMBER.txt``."""
    numbers = {name: int(re.findall("[0-9]+", name.rsplit(".", 1)[0])[-1]) for name in files}
    first = 0 if 0 in numbers.values() else 1
    rows: list[tuple[int, list[float]]] = []
    for name in sorted(files, key=numbers.__getitem__):
        text = files[name].removeprefix(codecs.BOM_UTF8).decode("latin-1")
        if ";" in text:
            raise Refused
        rows += [(numbers[name] - first, row) for row in numbers_of(text, 5, 7)]
    if any(not 0 <= frame <= _INT32 for frame in (number - first for number in numbers.values())):
        raise Refused
    sixth = [row[5] for _, row in rows if len(row) > 5]
    seven = any(len(row) == 7 for _, row in rows)
    are_ids = not seven and all(value == int(value) for value in sixth) and any(value > 1 for value in sixth)
    if not seven and sixth and all(value == 1 for value in sixth):
        raise Refused
    result: list[Row] = []
    for frame, row in rows:
        cx, cy, w, h = row[1:5]
        if not all(-1 <= value <= 2 for value in (cx, cy, w, h)) or w < 0 or h < 0:
            raise Refused
        cx, w, cy, h = cx * size[0], w * size[0], cy * size[1], h * size[1]
        score = row[5] if len(row) > 5 and not are_ids else 1.0
        number = row[5] if are_ids and len(row) > 5 else row[6] if len(row) > 6 else -1
        if not 0 <= score <= 1:
            raise Refused
        box = corners(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
        label = integer(row[0], -_INT32 - 1, _INT32)
        result.append((frame, integer(number, -1, _EXACT), *box, score_of(score), label))
    return result
