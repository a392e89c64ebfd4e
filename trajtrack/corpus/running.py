"""Link the parts of a corpus that are not finished yet."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from trajtrack.corpus.local_engine import DiedError, run_locally
from trajtrack.corpus.part_linking import PartTask, link_part
from trajtrack.corpus.parts import Part
from trajtrack.corpus.places import open_place
from trajtrack.corpus.ray_engine import run_on_ray
from trajtrack.corpus.records import (
    PartRecord,
    check_no_foreign_outputs,
    check_options,
    read_records,
    record_place,
    write_report,
)
from trajtrack.files.locks import locked_folder
from trajtrack.linking import count_threads
from trajtrack.methods import METHODS
from trajtrack.printable import shown
from trajtrack.table_linking import TableOptions
from trajtrack.version import __version__

__all__ = ["CorpusSummary", "Engine", "link_corpus"]

Engine = Literal["local", "ray"]


@dataclass(frozen=True)
class CorpusSummary:
    """What became of a corpus."""

    records: list[PartRecord]
    """One record for each part, in the order of the parts."""
    num_reused: int
    """Number of parts that an earlier run had finished."""
    report: str | None
    """Path or URL of the file with broken parts and videos; None if there are none."""


def link_corpus(
    parts: Sequence[Part],
    output: str,
    options: TableOptions,
    *,
    engine: Engine = "local",
    workers: int | None = None,
    retries: int = 3,
    address: str | None = None,
    progress: Callable[[PartRecord, bool], None] = lambda record, reused: None,
) -> CorpusSummary:
    """Link the parts of a corpus, each into a part of the same name; parts that are finished already are kept.

    Parameters
    ----------
    parts
        Parts, from `find_parts`.
    output
        Folder of the outputs, a path or a URL.
    options
        How to link the videos.
    engine
        What runs the work: processes of this machine, or Ray.
    workers
        Number of processes; default: one for each core.
    retries
        How often a part is tried again after its process died.
    address
        Address of the Ray cluster.
    progress
        Called with the record of each part and whether an earlier run had finished it.

    Raises
    ------
    ValueError
        If the engine is unknown, an earlier run into the folder had other options, or the folder holds a file of the
        name of an output that no run has written.
    BlockingIOError
        If another run is writing to the folder.
    OSError
        If the disk is full.
    """
    if engine not in get_args(Engine):
        raise ValueError(f"engine: found {shown(engine)}, expected one of {', '.join(get_args(Engine))}")
    place = open_place(output)
    place.make_folder()
    with locked_folder(place.path) if place.is_local else nullcontext():
        check_no_foreign_outputs(place, parts)
        check_options(place, _stored(options))
        place.remove_unfinished()
        records = read_records(place, parts)
        for record in records.values():
            progress(record, True)
        reused = len(records)
        # The largest first, so that none is left to run alone at the end.
        remaining = sorted((part for part in parts if part.name not in records), key=lambda part: -part.size)
        tasks = [PartTask(part, output, options) for part in remaining]
        try:
            with closing(_run(tasks, engine, workers, retries, address)) as results:
                for task, result in results:
                    record = PartRecord.of(task.part, error=str(result)) if isinstance(result, DiedError) else result
                    if record.error is not None:
                        # Not by the worker: one of a killed run, still alive, must not remove what this run wrote.
                        record_place(place, record.name).remove()
                        (place / record.name).remove()
                    records[record.name] = record
                    progress(record, False)
        finally:
            place.remove_unfinished()
        ordered = [records[part.name] for part in parts]
        report = write_report(place, ordered)
    return CorpusSummary(ordered, reused, None if report is None else report.name)


def _run(
    tasks: list[PartTask], engine: Engine, workers: int | None, retries: int, address: str | None
) -> Generator[tuple[PartTask, PartRecord | DiedError], None, None]:
    if not tasks:
        return
    if engine == "ray":
        yield from run_on_ray(tasks, link_part, workers, retries, address)
    else:
        yield from run_locally(tasks, link_part, count_threads(workers), retries)


def _stored(options: TableOptions) -> dict[str, Any]:
    """Return the options that determine the output, by name."""
    method = next(name for name, kind in METHODS.items() if isinstance(options.linking, kind))
    return {
        "trajtrack version": __version__,
        "method": method,
        **asdict(options.linking),
        "video": options.video,
        "columns": None if options.columns is None else dict(options.columns),
        "boxes": options.boxes,
        "interpolate": options.interpolate,
    }
