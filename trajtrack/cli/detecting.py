"""``trajtrack detect``: run a detector over videos."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from trajtrack.arguments import warnings_about
from trajtrack.cli.detection_flags import add_detection_flags, chosen_detector, naming_flags, prepared
from trajtrack.cli.outputs import add_output_format_flag, checked_format, output_paths
from trajtrack.cli.views import note
from trajtrack.console.errors import UsageError, describe
from trajtrack.console.inputs import expand
from trajtrack.console.output import print_json
from trajtrack.console.progress import LongProgress
from trajtrack.detect.detecting import DetectionRun, open_journal
from trajtrack.detect.detector import DetectorSource
from trajtrack.detect.found_boxes import DetectedVideo
from trajtrack.detect.kept import check_parquet, write_kept
from trajtrack.detect.tracking import unfinished_path
from trajtrack.detections import Detections
from trajtrack.files.folders import make_folder
from trajtrack.io import Format, write
from trajtrack.printable import escaped

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "detect",
        help="detect objects in videos",
        description="Run a detector over the frames of videos, and write its boxes, one file per video. A command that "
        "was stopped goes on where it stopped if it is given again. The network is never reached.",
        examples={
            "with a model": "trajtrack detect video.mp4 --detector models/rtdetr -o detections.parquet",
            "with a function, five frames per second": "trajtrack detect video.mp4 --detector detector.py:find "
            "--fps 5 -o found.txt",
        },
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="VIDEO",
        help="video file, folder of numbered .jpg or .png images, or a quoted pattern such as 'in/*.mp4'",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="file to write; for several videos or a pattern the folder to write to, created if missing",
    )
    add_output_format_flag(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    add_detection_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    """Return whether a video failed."""
    inputs = expand(arguments.inputs)
    outputs = output_paths(inputs, arguments.output, arguments.output_format)
    formats = [_format_for_detections(output, arguments.output_format) for output in outputs]
    detector = chosen_detector(arguments)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for path, output, format in zip(inputs.paths, outputs, formats, strict=True):
        try:
            with naming_flags(), warnings_about(path):
                report = _detect(path, output, format, detector, arguments)
        except Exception as error:  # one faulty video must not end the others
            failed.append({"input": path, "error": describe(error, path)})
            print(f"trajtrack: error: {failed[-1]['error']}", file=sys.stderr)
            continue
        done.append(report)
        if not arguments.json:
            print(escaped(_line(report)), flush=True)
    if arguments.json:
        print_json({"files": done, "failed": failed})
    if failed and len(inputs.paths) > 1:
        print(f"trajtrack: {len(failed)} of {len(inputs.paths)} videos failed", file=sys.stderr)
    return bool(failed)


def _format_for_detections(output: Path, name: str | None) -> Format:
    """Return the format of an output; raise UsageError if it cannot hold detections, before any are made."""
    format = checked_format(output, name)
    assert format.encode is not None
    if format.name == "parquet":
        check_parquet()
    try:
        format.encode(Detections([[0, 0, 1, 1]], [0.5], [0], label_names={0: "object"}), "video")
    except ValueError as error:
        raise UsageError(f"--output: found the format {format.name}, which cannot hold detections ({error})") from error
    return format


def _detect(
    path: str, output: Path, format: Format, detector: DetectorSource, arguments: argparse.Namespace
) -> dict[str, Any]:
    run = prepared(path, detector, arguments)
    make_folder(output.parent)
    with open_journal(run, unfinished_path(output)) as journal, LongProgress(path, "frame") as progress:
        note_resumed(path, len(journal.frames))
        found = run.detect(journal, progress)
        _write(found, output, format, run)
        journal.remove()
    return {
        "input": path,
        "output": str(output),
        "detections": len(found.detections),
        "frames": found.detections.num_frames,
        "looked_at": len(found.frames),
    }


def _write(found: DetectedVideo, output: Path, format: Format, run: DetectionRun) -> None:
    if format.name == "parquet":
        write_kept(output, found, run.recipe)
    else:
        write(output, found.detections, format.name)


def note_resumed(path: str, num_frames: int) -> None:
    """Say that an earlier run is continued, if it is."""
    if num_frames:
        note(f"{path}: going on after {num_frames} frames of a stopped run")


def _line(report: dict[str, Any]) -> str:
    part = "" if report["looked_at"] == report["frames"] else f"{report['looked_at']} of "
    return (
        f"{report['input']}: {report['detections']} detections in {part}{report['frames']} frames -> {report['output']}"
    )
