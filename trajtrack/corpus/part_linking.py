"""Link the videos of one part: Parquet in, Parquet out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trajtrack.arguments import TrajtrackWarning
from trajtrack.corpus.parts import Part
from trajtrack.corpus.places import open_place
from trajtrack.corpus.records import PartRecord, check_visible, write_record
from trajtrack.files.atomic import DISK_FULL
from trajtrack.printable import escaped
from trajtrack.table_linking import TableOptions, link_rows
from trajtrack.table_linking.videos import encoded

__all__ = ["PartTask", "link_part", "written_as"]

_BATCH_BYTES = 2**26
_BATCH_ROWS = (2**10, 2**17)
_COUNTS = ("videos", "boxes", "tracks", "linked")


@dataclass(frozen=True)
class PartTask:
    """A part to link."""

    part: Part
    output: str
    """Folder of the outputs."""
    options: TableOptions


class _NotAdjacentError(Exception):
    """The rows of a video are not adjacent."""


def link_part(task: PartTask) -> PartRecord:
    """Link a part, write its output and then its record; nothing is written for a part that cannot be linked.

    Rows are read as they are needed if those of each video are adjacent, so that memory holds the largest video or a
    few megabytes. Otherwise the whole part is read.

    Raises
    ------
    OSError
        If the disk of the output is full, which is no fault of the part.
    """
    part, output = task.part, open_place(task.output)
    try:
        check_visible(output)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrajtrackWarning)
            try:
                record = _linked(task, streamed=True)
            except _NotAdjacentError:
                record = _linked(task, streamed=False)
        write_record(output, record)
        return record
    except Exception as error:  # one broken part must not end the others
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise
        return PartRecord.of(part, error=escaped(str(error)) or type(error).__name__)


def _linked(task: PartTask, *, streamed: bool) -> PartRecord:
    from pyarrow import parquet

    counts: Counter[str] = Counter(dict.fromkeys(_COUNTS, 0))
    failed: list[tuple[Any, str]] = []
    source = task.part.place()
    with source.filesystem.open_input_file(source.path) as stream:
        file = parquet.ParquetFile(stream)
        # Wrong columns are found before anything is read.
        schema = link_rows(file.schema_arrow.empty_table(), task.options, 1).table.schema
        place = open_place(task.output) / task.part.name
        with place.written() as target, parquet.ParquetWriter(target, schema, **written_as(schema)) as writer:
            first_row = 0
            for table in _whole_videos(file, task.options.video) if streamed else [file.read(use_threads=False)]:
                linked = link_rows(table, task.options, 1, first_row=first_row)
                writer.write_table(linked.table)
                first_row += table.num_rows
                counts.update(
                    videos=linked.num_videos, boxes=table.num_rows, tracks=linked.num_tracks, linked=linked.num_linked
                )
                failed += [(video, str(error) or type(error).__name__) for video, error in linked.failed]
    return PartRecord.of(task.part, **counts, failed=failed)


def written_as(schema: Any) -> dict[str, Any]:
    """Return settings for the writer of Parquet files.

    Coordinates rarely repeat: a dictionary of them takes ten times as long to write, and half as much space again.
    """
    from pyarrow import types

    return {"use_dictionary": [field.name for field in schema if not types.is_floating(field.type)]}


def _whole_videos(file: Any, video: str) -> Iterator[Any]:
    """Yield tables of whole videos.

    Raises
    ------
    _NotAdjacentError
        If a video has begun, another one has, and the first one goes on.
    """
    import pyarrow

    seen: set[Any] = set()
    current: Any = None
    pending: list[Any] = []
    for batch in file.iter_batches(_rows_of_a_batch(file.metadata), use_threads=False):
        if not batch.num_rows:
            continue
        names, starts = _runs(batch.column(video))
        goes_on = bool(pending) and names[0] == current
        begun = names[goes_on:]
        if len({*begun}) < len(begun) or not seen.isdisjoint(begun):
            raise _NotAdjacentError
        seen.update(begun)
        last = starts[-1]
        if last > 0 or (pending and not goes_on):
            yield pyarrow.Table.from_batches([*pending, batch.slice(0, last)])
            pending = []
        pending.append(batch.slice(last))
        current = names[-1]
    if pending:
        yield pyarrow.Table.from_batches(pending)


def _runs(column: Any) -> tuple[list[Any], list[int]]:
    """Return value and first row of each run of equal values."""
    import pyarrow

    codes, names = encoded(pyarrow.chunked_array([column]))
    starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    return [names[code] for code in codes[starts].tolist()], starts


def _rows_of_a_batch(metadata: Any) -> int:
    """Return how many rows to read at a time: fewer if they are long."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    longest = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)
    least, most = _BATCH_ROWS
    return int(np.clip(_BATCH_BYTES // max(longest, 1), least, most))
