"""Files around files: compression, archives, folders of sequences, Parquet."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

import trajtrack
from fuzz.mutations import NAMES, damaged_bytes, damaged_rows, often, rarely
from fuzz.target import Files, Target
from fuzz.targets.documents import written
from fuzz.targets.tables import MAKERS, mot_rows, odd_numbering

_MEMBERS = ("det.txt", "a/b.json", "tracks.xml", "a\x1b[0m.txt", "x.csv")


def _content(rng: Random) -> bytes:
    return rng.choice((b"1,-1,10,10,40,60,0.9\n" * rng.choice((1, 3, 5000)), written("vidor"), written("cvat")))


def _gzip(rng: Random) -> Files:
    packed = gzip.compress(_content(rng), rng.choice((0, 1)), mtime=0)
    content = packed + (packed if rarely(rng) else b"") + (b"rest" if rarely(rng) else b"")
    name = rng.choice(("in.txt.gz", "in.gz", "in.txt", "in.json.gz"))
    return {name: damaged_bytes(rng, content, [b"\x1f\x8b\x08"]) if often(rng) else content}


_ARCHIVES = 40


@cache
def _archive(variant: int) -> bytes:
    """Return an archive of two members, compressed in various ways."""
    rng = Random(variant)
    output = io.BytesIO()
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(output, "w") as archive:
        for name in rng.sample(_MEMBERS, 2):
            archive.writestr(zipfile.ZipInfo(name), _content(rng), rng.choice(methods))
    return output.getvalue()


def _zip(rng: Random) -> Files:
    content = bytearray(_archive(rng.randrange(_ARCHIVES)))
    if often(rng):
        return {"in.zip": damaged_bytes(rng, bytes(content)) if rarely(rng) else bytes(content)}
    # The headers of members, and the end of the archive.
    start = rng.choice((content.rfind(b"PK\1\2"), content.find(b"PK\3\4"), content.rfind(b"PK\5\6")))
    at = min(start + rng.randrange(4, 46), len(content) - 4)
    struct.pack_into("<I", content, at, rng.choice((0, 1, 2**31, 2**32 - 1, len(content), rng.randrange(300))))
    return {"in.zip": bytes(content)}


def _read_member(folder: Path, files: Files, rng: Random) -> None:
    member = rng.choice(_MEMBERS if often(rng) else ("missing.txt", "", "../in.zip", "a", "\x1b[31m"))
    trajtrack.read(folder / "in.zip" / member, **odd_numbering(rng))


def _sequence(rng: Random) -> Files:
    det = damaged_rows(rng, mot_rows(rng), MAKERS["mot"][1])
    names = rng.choice((("det/det.txt",), ("gt/gt.txt", "seqinfo.ini"), ("det/det.txt", "gt/gt.txt"), ("other.txt",)))
    return {name: damaged_bytes(rng, det) if rarely(rng) else det for name in names}


def _read_sequence(folder: Path, files: Files, rng: Random) -> None:
    trajtrack.read(folder, **odd_numbering(rng))


@cache
def _honest_columns() -> dict[str, Any]:
    return {
        "frame": np.array([0, 1, 1], np.int32),
        **{side: np.array([1, 2, 3], np.float32) for side in ("x1", "y1", "x2", "y2")},
        "score": np.array([0.5, 1, 0], np.float32),
        "label": np.array([0, 1, 1], np.int32),
        "track_id": np.array([0, -1, 5], np.int64),
    }


_ODD_COLUMNS: tuple[Any, ...] = (
    pyarrow.array([None, 1, 2]),
    pyarrow.array([None, None, None]),
    pyarrow.array(["a", "1", "nan"]),
    pyarrow.array(["a", "b", "a"]).dictionary_encode(),
    pyarrow.array([1, 2, 2**63], pyarrow.uint64()),
    pyarrow.array([0.5, float("nan"), float("inf")]),
    pyarrow.array([1e300, -1e300, 0.0]),
    pyarrow.array([[1], [2], []]),
    pyarrow.array([{"a": 1}, None, {"a": 2}]),
    pyarrow.array([True, False, True]),
    pyarrow.array([1, 2, 3], pyarrow.timestamp("ms")),
    pyarrow.array([1, 2, 3], pyarrow.date32()),
    pyarrow.array([1, 2, 3], pyarrow.duration("s")),
    pyarrow.array([b"\xff", b"", b"1"]),
    pyarrow.array([1, 2, 3], pyarrow.decimal128(5)),
    pyarrow.array([1, 2, 3], pyarrow.int8()),
    pyarrow.array(np.array([1, 2, 3], np.float16)),
)
_METADATA: tuple[bytes, ...] = (
    b'{"num_frames": 9, "label_names": {"1": "dog"}}',
    b'{"num_frames": -1, "label_names": {}}',
    b'{"num_frames": 1e400, "label_names": {}}',
    b'{"num_frames": 3, "label_names": {"\\u001b": "x"}}',
    b'{"num_frames": 3, "label_names": {"1": 5, "1": 6}}',
    b'{"num_frames": 3, "label_names": []}',
    b'{"num_frames": 3, "label_names": {"1": "\\ud800"}}',
    b"\xff\xfe",
    b"[" * 5000,
    b"",
)


def _parquet(rng: Random) -> Files:
    columns = dict(_honest_columns())
    for _ in range(rng.randrange(3)):
        name = rng.choice([*columns, "x", "w", "class_name", "other", "confidence"])
        if rarely(rng):
            columns.pop(name, None)
        elif rarely(rng):
            columns[rng.choice(NAMES).encode("utf-8", "replace").decode()] = columns.get(name, [1, 2, 3])
        else:
            columns[name] = rng.choice(_ODD_COLUMNS)
    table = pyarrow.table(columns)
    if often(rng):
        table = table.replace_schema_metadata({b"trajtrack": rng.choice(_METADATA)})
    if rarely(rng):
        table = table.append_column(rng.choice(table.column_names), table.column(0))
    output = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, output, compression=rng.choice(("none", "snappy", "gzip", "zstd")))
    content = bytes(output.getvalue())
    if often(rng):
        content = _damaged_parquet(rng, content)
    return {"in.parquet": content}


def _damaged_parquet(rng: Random, content: bytes) -> bytes:
    """Damage the pages or the metadata at the end, and keep the marks at both ends mostly."""
    size = int.from_bytes(content[-8:-4], "little")
    footer = len(content) - 8 - size
    if often(rng):
        data = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(footer, len(content) - 8) if often(rng) else rng.randrange(4, footer)
            data[at] = rng.choice((data[at] ^ (1 << rng.randrange(8)), rng.randrange(256), 0, 255))
        return bytes(data)
    return damaged_bytes(rng, content)


def _read_parquet(folder: Path, files: Files, rng: Random) -> None:
    trajtrack.read(folder / "in.parquet", **odd_numbering(rng))


TARGETS: Sequence[Target] = (
    Target("gzip", _gzip, lambda folder, files, rng: trajtrack.read(folder / next(iter(files)), **odd_numbering(rng))),
    Target("zip", _zip, _read_member),
    Target("sequence", _sequence, _read_sequence),
    Target("parquet", _parquet, _read_parquet),
)
