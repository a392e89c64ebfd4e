"""Parquet, using pyarrow: columns ``frame, x1, y1, x2, y2, score, label`` and optionally ``track_id``.

Reading
    Tables of other programs are read like those of `Detections.from_table`: they need at least ``frame``, ``score`` and
    the corners or ``x, y, w, h``. Other columns are not read.

Writing
    The columns have the types that they have in memory; `num_frames` and `label_names` are stored in the metadata of
    the schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from trajtrack.column_names import name_columns
from trajtrack.columns import TABLE_COLUMNS
from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import count_frames, frames_in_memory

__all__ = ["FORMAT", "encode"]

_METADATA_KEY = b"trajtrack"
_MAGIC = b"PAR1"
_INT32 = np.iinfo(np.int32)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError("Parquet files need pyarrow: pip install 'trajtrack[io]'") from None
    return pyarrow, pyarrow.parquet


def _recognise(source: Source) -> bool:
    return source.content.startswith(_MAGIC)


def _decode(source: Source) -> Detections:
    arrow, parquet = _pyarrow()
    try:
        file = parquet.ParquetFile(arrow.BufferReader(source.content))
        rows = file.metadata.num_rows
        # Equal values take almost no space, but boxes of different frames take a bit at least.
        if rows > 8 * len(source.content):
            raise ValueError(f"found {rows} rows in {len(source.content)} bytes, expected at least a bit for each")
        # Threads of pyarrow may outlive the call, hold the content, and abort the interpreter while it ends.
        table = file.read(_used(file.schema_arrow.names), use_threads=False)
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"found an unreadable file ({reason}), expected a Parquet table") from error
    metadata = (table.schema.metadata or {}).get(_METADATA_KEY)
    num_frames, label_names = (None, None) if metadata is None else _from_metadata(metadata)
    try:
        detections = Detections.from_table(table, num_frames, label_names=label_names)
    except (TypeError, arrow.ArrowException) as error:
        raise ValueError(str(error)) from error
    frames = frames_in_memory(source, detections.frames.astype(np.int64), lambda row: f"row {row}", first=0)
    length = None if num_frames is None else max(count_frames(source, num_frames), int(frames.max(initial=-1)) + 1)
    return Detections(
        detections.boxes,
        detections.scores,
        frames,
        detections.labels,
        length,
        track_ids=detections.track_ids,
        label_names=detections.label_names,
    )


def _used(names: list[str]) -> list[str]:
    """Return the columns that `Detections.from_table` looks at; the others may be large."""
    found = name_columns(names)
    used = {*TABLE_COLUMNS, *found.names.values(), *found.sides, found.class_name, *found.videos}
    return [name for name in names if name in used]


def _from_metadata(metadata: bytes) -> tuple[int, dict[int, str]]:
    place: fields.Place = ("metadata", _METADATA_KEY.decode())
    try:
        document = fields.parse(metadata)
    except ValueError as error:
        raise ValueError(f"{fields.at(place)}, {error}") from error
    num_frames = fields.integer(fields.field(document, "num_frames", place), (*place, "num_frames"))
    names = fields.field(document, "label_names", place)
    place = (*place, "label_names")
    if not isinstance(names, dict):
        raise fields.unexpected(names, place, "an object with names by label")
    return num_frames, {_as_label(label, place): fields.text(name, (*place, label)) for label, name in names.items()}


def _as_label(text: str, place: fields.Place) -> int:
    if not re.fullmatch(r"0|-?[1-9][0-9]{0,9}", text) or not _INT32.min <= int(text) <= _INT32.max:
        raise fields.unexpected(text, place, f"keys that are labels, integers from {_INT32.min} to {_INT32.max}")
    return int(text)


def _encode(detections: Detections, video: str) -> bytes:
    return encode(detections, {})


def encode(detections: Detections, metadata: Mapping[bytes, str]) -> bytes:
    """Return the content of a file with more metadata in its schema than reading needs."""
    arrow, parquet = _pyarrow()
    names = {str(label): name for label, name in detections.label_names.items()}
    own = {_METADATA_KEY: json.dumps({"num_frames": detections.num_frames, "label_names": names})}
    table = arrow.table(detections.to_columns()).replace_schema_metadata({**own, **metadata})
    output = arrow.BufferOutputStream()
    parquet.write_table(table, output)
    return bytes(output.getvalue())


FORMAT = Format(
    name="parquet",
    layout="Parquet table with the columns frame, x1, y1, x2, y2, score[, label, track_id]",
    suffixes=(".parquet",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
)
