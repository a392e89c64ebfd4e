"""``trajtrack corpus``: link a corpus of many Parquet files."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.console.errors import Failure, UsageError, flag_of
from trajtrack.console.inputs import expand
from trajtrack.console.output import print_json
from trajtrack.console.progress import LongLine, clock
from trajtrack.corpus import CorpusSummary, Part, PartRecord, find_parts, link_corpus
from trajtrack.corpus.places import without_secrets
from trajtrack.printable import counted, escaped
from trajtrack.table_linking import TableOptions

__all__ = ["add_command"]

_DESCRIPTION = """\
Link a corpus: Parquet files with the detections of many videos each, into one
Parquet file of the same name each. The rows of a video must be in one file,
best one after another. The outputs have the columns of the inputs and those
that `trajtrack.link_table` adds, and are the same whatever the engine and the
number of workers.

A command that was stopped, given again, goes on with the files that are not
finished. A broken file or video does not stop the others; it is reported in
OUT/_failed.jsonl. Linking never skips a row: those of a broken video have the
error in the column `error`.
"""
_MOST_SHOWN = 5
_MOST = 1024
"""Number of broken files that are named before the report is."""
_SUMS = ("videos", "boxes", "tracks", "linked")


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "corpus",
        help="link the videos of many Parquet files, on several processes or machines",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "a folder, on all cores": "trajtrack corpus corpus -o tracks",
            "with smoothed and interpolated boxes": "trajtrack corpus corpus -o boxes --interpolate",
        },
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="DETECTIONS",
        help="Parquet file, folder of such files at any depth, quoted pattern, or URL of a file or folder that pyarrow "
        "or fsspec can read",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="folder or URL to write to, created if missing"
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="what runs the work: processes of this machine, or Ray; default: local",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="number of processes, one core each; default: number of cores"
    )
    parser.add_argument(
        "--address", metavar="A", help="address of the Ray cluster; default: RAY_ADDRESS or this machine"
    )
    parser.add_argument(
        "--retries",
        type=int,
        default=3,
        metavar="N",
        help="how often a file is tried again after its process died; default: 3",
    )
    parser.add_argument(
        "--video", default="video", metavar="NAME", help="column with the video of each row; default: video"
    )
    parser.add_argument("--boxes", action="store_true", help="add the columns track_x1 to track_y2, smoothed boxes")
    parser.add_argument(
        "--interpolate", action="store_true", help="add rows with the interpolated boxes in gaps; implies --boxes"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    add_link_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    """Return whether a part or a video failed."""
    options = TableOptions(
        link_options(arguments), arguments.video, None, arguments.boxes or arguments.interpolate, arguments.interpolate
    )
    for flag, least in (("workers", 1), ("retries", 0)):
        value = getattr(arguments, flag)
        if value is not None and not least <= value <= _MOST:
            raise UsageError(f"--{flag}: found {value}, expected an integer from {least} to {_MOST}")
    if arguments.address is not None and arguments.engine != "ray":
        raise UsageError(f"--address: found with --engine {arguments.engine}, expected --engine ray")
    _check_pyarrow()
    try:
        parts = find_parts(_expanded(arguments.inputs), arguments.output)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with _CorpusProgress(parts) as progress:
        try:
            summary = link_corpus(
                parts,
                arguments.output,
                options,
                engine=arguments.engine,
                workers=arguments.workers,
                retries=arguments.retries,
                address=arguments.address,
                progress=progress,
            )
        except ValueError as error:
            name, _, rest = str(error).partition(":")
            flag = flag_of(name) if name in arguments else name
            raise UsageError(f"{flag}:{rest}") from error
        except (RuntimeError, ConnectionError) as error:
            raise Failure(str(error)) from error
    return _report(summary, arguments)


def _check_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ImportError("Parquet files need pyarrow: pip install 'trajtrack[io]'") from None


def _expanded(words: Sequence[str]) -> list[str]:
    return [path for word in words for path in ([word] if "://" in word else expand([word]).paths)]


class _CorpusProgress(LongLine):
    """Shows how much is done, the speed, and how long the rest takes."""

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__()
        self._count, self._bytes = len(parts), sum(part.size for part in parts)
        self._done = 0
        self._bytes_done = self._bytes_reused = 0
        self._sums: Counter[str] = Counter()
        self._start = time.monotonic()

    def __call__(self, record: PartRecord, reused: bool) -> None:
        """Show that a part is done."""
        self._done += 1
        self._bytes_done += record.size
        if reused:
            self._bytes_reused += record.size
            return
        self._sums.update(videos=record.videos, boxes=record.boxes)
        now = time.monotonic()
        seconds = max(now - self._start, 1e-3)
        # The footers with the numbers of rows are not read in advance; the sizes of the files are known.
        share = max(self._bytes_done - self._bytes_reused, 1) / seconds
        self.show(
            f"{self._done} of {self._count} files, {self._sums['videos'] / seconds:.0f} videos/s, "
            f"{self._sums['boxes'] / seconds:.0f} boxes/s, {clock((self._bytes - self._bytes_done) / share)} left",
            now,
        )


def _report(summary: CorpusSummary, arguments: argparse.Namespace) -> bool:
    output = without_secrets(arguments.output)
    sums = {name: sum(getattr(record, name) for record in summary.records) for name in _SUMS}
    broken = [record for record in summary.records if record.error is not None]
    failed = sum(len(record.failed) for record in summary.records)
    if arguments.json:
        print_json(
            {
                "output": output,
                "files": len(summary.records),
                "reused": summary.num_reused,
                **sums,
                "failed_files": len(broken),
                "failed_videos": failed,
                "report": summary.report,
            }
        )
    else:
        reused = f" ({summary.num_reused} finished before)" if summary.num_reused else ""
        tracks = counted(sums["tracks"], "trajectory", "trajectories")
        print(
            escaped(
                f"{counted(len(summary.records), 'file')}{reused}, {counted(sums['videos'], 'video')}, "
                f"{sums['boxes']} boxes: {tracks} with "
                f"{sums['linked'] / max(sums['boxes'], 1):.1%} of them -> {output}"
            )
        )
    for record in broken[:_MOST_SHOWN]:
        print(f"trajtrack: error: {escaped(record.source)}: {record.error}", file=sys.stderr)
    if len(broken) > _MOST_SHOWN:
        print(f"trajtrack: error: {counted(len(broken), 'file')} failed", file=sys.stderr)
    if failed:
        print(f"trajtrack: error: {counted(failed, 'video')} failed", file=sys.stderr)
    if summary.report is not None:
        print(f"trajtrack: see {escaped(summary.report)}", file=sys.stderr)
    return summary.report is not None
