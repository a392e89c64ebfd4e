"""Text tables of detections, compared with the independent parsers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import trajtrack
from fuzz import plain_parsers as plain
from fuzz.mutations import damaged_bytes, damaged_rows, often, rarely
from fuzz.target import Difference, Files, Target

_BLANKS = (" ", "  ", "\t")
_MIXED = (",", ",", ",", " ", "\t", ", ", " , ", ";")


def _number(rng: Random) -> str:
    return f"{rng.random() * 1000:.{rng.randrange(4)}f}"


def _id(rng: Random) -> str:
    return str(rng.choice((-1, 0, 1, 1, 2, 3, 17)))


def _score(rng: Random) -> str:
    return rng.choice(("1", "0", f"{rng.random():.3f}"))


def _rows(rng: Random, make: Callable[[Random], list[str]]) -> list[list[str]]:
    return [make(rng) for _ in range(rng.choice((0, 1, 2, 3, 5, 9)))]


def mot_rows(rng: Random) -> list[list[str]]:
    """Make rows of MOT text, of one of its widths, or of several."""
    width = rng.choice((6, 7, 8, 9, 10, 10, 10))
    tail = rng.choice(
        ((-1, -1, -1), (1, 0, 0), (3, 1, 2), (2, 0.5, -1), (2, -1, -1), (1.5, 2, 3), (4, 5, 6), (-1, 0, 2))
    )

    def row(rng: Random) -> list[str]:
        fields = [str(rng.randrange(1, 9)), _id(rng), *(_number(rng) for _ in range(4)), _score(rng), *map(str, tail)]
        if rarely(rng):
            fields[7] = str(rng.randrange(12))
        return fields[: width if often(rng) or often(rng) else rng.randrange(5, 12)]

    return _rows(rng, row)


def _corners(rng: Random) -> list[str]:
    x, y = rng.random() * 100, rng.random() * 100
    return [f"{x:.2f}", f"{y:.2f}", f"{x + rng.random() * 9:.2f}", f"{y + rng.random() * 9:.2f}"]


def kitti_rows(rng: Random) -> list[list[str]]:
    """Make rows of KITTI text with 17 or 18 columns."""
    width = rng.choice((17, 18, 18))
    names = ("Car", "Van", "Pedestrian", "DontCare", "7", "-3", "Bike", "caf\u00e9", "x" * 40, "9", "10")

    def row(rng: Random) -> list[str]:
        space = [_number(rng) for _ in range(7)]
        fields = [
            str(rng.randrange(5)),
            _id(rng),
            rng.choice(names),
            "-1",
            "-1",
            "-10",
            *_corners(rng),
            *space,
            _score(rng),
        ]
        return fields[:width]

    return _rows(rng, row)


def csv_rows(rng: Random) -> list[list[str]]:
    """Make a table with a header, in one of the layouts that the independent parser knows, and rarely others."""
    boxes = rng.choice(
        (
            ("x1", "y1", "x2", "y2"),
            ("x", "y", "w", "h"),
            ("bb_left", "bb_top", "bb_width", "bb_height"),
            ("xtl", "ytl", "xbr", "ybr"),
        )
    )
    header = ["frame", *boxes, *rng.sample(("score", "class_id", "track_id", "class_name", "other"), rng.randrange(5))]
    if rarely(rng):
        header[0] = rng.choice(("timestamp", "frame_id", "Frame Number"))
    values: dict[str, Callable[[Random], str]] = {
        "frame": lambda rng: str(rng.randrange(1, 9)),
        "score": _score,
        "class_id": lambda rng: str(rng.randrange(3)),
        "track_id": lambda rng: rng.choice(("", "3", "-1", "7")),
        "class_name": lambda rng: rng.choice(("", "dog", '"dog"', '"a ""b"""')),
    }

    def row(rng: Random) -> list[str]:
        corners = dict(zip(boxes, _corners(rng), strict=True))
        return [corners.get(name) or values.get(name, _number)(rng) for name in header]

    rows = [header, *_rows(rng, row)]
    if often(rng):
        order = rng.sample(range(len(header)), len(header))
        rows = [[each[at] for at in order] for each in rows]
    return rows


def _rrc(rng: Random) -> list[list[str]]:
    return _rows(rng, lambda rng: [str(rng.randrange(5)), *_corners(rng), _number(rng)])


def _pointrcnn(rng: Random) -> list[list[str]]:
    return _rows(
        rng,
        lambda rng: [
            *(str(rng.randrange(5)), str(rng.randrange(1, 4)), *_corners(rng), _number(rng)),
            *(_number(rng) for _ in range(8)),
        ],
    )


def _visdrone(rng: Random) -> list[list[str]]:
    return _rows(
        rng,
        lambda rng: [
            *(str(rng.randrange(1, 5)), _id(rng), *(_number(rng) for _ in range(4)), _score(rng)),
            *(str(rng.randrange(12)), str(rng.randrange(2)), str(rng.randrange(3))),
        ],
    )


MAKERS = {
    "mot": (mot_rows, _MIXED),
    "visdrone": (_visdrone, _MIXED),
    "kitti-rrc": (_rrc, _MIXED),
    "kitti-pointrcnn": (_pointrcnn, _MIXED),
    "kitti": (kitti_rows, _BLANKS),
    "csv": (csv_rows, (",", ",", ";", "\t", ", ")),
}
"""Rows of each format, and what may separate their columns."""

_NUMBERING: tuple[dict[str, Any], ...] = ({}, {}, {}, {"first_frame": 0}, {"first_frame": 3}, {"frame_step": 2})
_PARAMETERS = {"first_frame": "first", "frame_step": "step"}


def _compare(found: list[plain.Row] | None, expected: list[plain.Row] | None) -> None:
    if found != expected:
        raise Difference(f"found {found}\nexpected {expected}")


def _table(format: str, parse: Callable[..., list[plain.Row]], *, knows_refusals: bool = True) -> Target:
    """Return the target of a format; `knows_refusals` is whether the parser knows everything that is refused."""
    make, separators = MAKERS[format]

    def files(rng: Random) -> Files:
        return {"in.txt": damaged_rows(rng, make(rng), separators)}

    def read(folder: Path, files: Files, rng: Random) -> None:
        options = rng.choice(_NUMBERING)
        arguments = {_PARAMETERS[name]: value for name, value in options.items()}
        expected: list[plain.Row] | None = None
        if knows_refusals:
            with contextlib.suppress(plain.Refused):
                expected = parse(files["in.txt"], **arguments)
        try:
            found = plain.rows_of(trajtrack.read(folder / "in.txt", format, **options))
        except ValueError:
            _compare(None, expected)
            raise
        if not knows_refusals:
            try:
                expected = parse(files["in.txt"], **arguments)
            except plain.Unknown:
                return
            except (plain.Refused, ValueError):
                expected = None
        _compare(found, expected)

    return Target(format, files, read)


def _yolo_files(rng: Random) -> Files:
    def row(rng: Random) -> list[str]:
        fields = [str(rng.randrange(3)), *(f"{rng.random():.4f}" for _ in range(4)), _score(rng), str(rng.randrange(5))]
        return fields[: rng.choice((5, 6, 7)) if rarely(rng) else width]

    width = rng.choice((5, 6, 7))
    numbers = rng.sample(range(20), rng.randrange(1, 4))
    separators = (" ", " ", "\t", "  ") if often(rng) else (",", ";", " ")
    return {f"v_{number}.txt": damaged_rows(rng, _rows(rng, row), separators) for number in numbers}


def _read_yolo(folder: Path, files: Files, rng: Random) -> None:
    expected = None
    with contextlib.suppress(plain.Refused):
        expected = plain.yolo(files, (640.0, 480.0))
    try:
        found = trajtrack.read(folder, "yolo", image_size=(640, 480))
    except ValueError:
        _compare(None, expected)
        raise
    _compare(plain.rows_of(found), expected)


def _any_text(rng: Random) -> Files:
    make, separators = MAKERS[rng.choice([*MAKERS])]
    content = damaged_rows(rng, make(rng), separators)
    if rarely(rng):
        other, others = MAKERS[rng.choice([*MAKERS])]
        content = damaged_bytes(rng, content, [damaged_rows(rng, other(rng), others)])
    return {rng.choice(("in.txt", "in.csv", "in.dat", "in", "in.json", "in.txt.gz")): content}


def odd_numbering(rng: Random) -> dict[str, Any]:
    """Return arguments of `trajtrack.read` for frames, mostly none."""
    options: dict[str, Any] = {}
    if often(rng):
        return options
    if rarely(rng):
        options["first_frame"] = rng.choice((0, 1, -5, 10**6, 2**31 - 1, -(2**31) + 1))
    if rarely(rng):
        options["frame_step"] = rng.choice((1, 2, 0.04, 1e-30, 1e18, 1e30, 2**31, 2**53, 12.0))
    if often(rng):
        options["image_size"] = rng.choice(((640, 480), (1, 1), (1e30, 1e30), (1e-30, 5)))
    if rarely(rng):
        options["video"] = rng.choice(("a", "", 1, 0, -1, "1", "\x1b[0m", "\ud800"))
    return options


def read_anything(folder: Path, files: Files, rng: Random) -> None:
    """Read the first file as `trajtrack.read` infers it, with arguments that may not suit it."""
    options = odd_numbering(rng)
    format = rng.choice([*trajtrack.io.FORMATS]) if rarely(rng) and rarely(rng) else None
    trajtrack.read(folder / next(iter(files)), format, **options)


def _odd_yolo_files(rng: Random) -> Files:
    """Make label files with odd names, class names and headers of images."""
    files = _yolo_files(rng)
    first = next(iter(files))
    stem = rng.choice(
        ("a", "v_1_2", "v 3", "\u0661", "9" * 30, "v\x1b[31m_7", "0", "00", "v_1", "-4", "\u202e9", "4.5")
    )
    files[f"{stem}.txt"] = files[first]
    names = b"dog\ncat\n\nfish\n"
    files["classes.txt"] = damaged_bytes(rng, names) if often(rng) else "\x1b[0m\n\u202e\n\ufeff\r\ta\n".encode()
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xe0\x08\x02\0\0\0"
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x11\x08\1\xe0\2\x80\3\1\x22\0"
    kind = rng.choice((png, jpeg))
    files[first.replace(".txt", rng.choice((".png", ".jpg", ".JPEG")))] = damaged_bytes(rng, kind)
    return files


def _read_odd_yolo(folder: Path, files: Files, rng: Random) -> None:
    trajtrack.read(folder, "yolo" if often(rng) else None, **odd_numbering(rng))


TARGETS: Sequence[Target] = (
    _table("mot", plain.mot),
    _table("visdrone", plain.visdrone),
    _table("kitti-rrc", plain.kitti_rrc),
    _table("kitti-pointrcnn", plain.kitti_pointrcnn),
    _table("kitti", plain.kitti, knows_refusals=False),
    _table("csv", plain.csv_table, knows_refusals=False),
    Target("yolo", _yolo_files, _read_yolo),
    Target("yolo-folder", _odd_yolo_files, _read_odd_yolo),
    Target("any-text", _any_text, read_anything),
)
