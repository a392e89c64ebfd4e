"""``trajtrack link``: link files of detections into files of trajectories."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from trajtrack.arguments import warn
from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.cli.outputs import add_output_format_flag, checked_format, output_paths
from trajtrack.cli.reading import add_format_flag, add_reading_flags, given_reading
from trajtrack.console.errors import UsageError, describe
from trajtrack.console.inputs import expand
from trajtrack.console.output import Progress, print_json
from trajtrack.files.folders import make_folder
from trajtrack.flow_options import FlowOptions
from trajtrack.io import write
from trajtrack.many_videos import LinkedVideo, link_many, link_video
from trajtrack.options import LinkOptions
from trajtrack.printable import counted, escaped
from trajtrack.trajectories import Trajectories

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "link",
        help="link detections into trajectories",
        description="Link the detections of videos, one file per video, into trajectories. Each output is written "
        "completely or not at all.",
        examples={
            "one video, into detections.tracks.txt": "trajtrack link out/demo/detections.txt",
            "without trajectories of fewer than 5 detections": "trajtrack link out/demo/detections.txt "
            "-o tracks.txt --min-length 5",
            "many videos, into a folder": "trajtrack link 'detections/*.txt' -o tracks",
            "classic Seq-NMS": "trajtrack link out/demo/detections.txt -o classic.txt --max-gap 0",
        },
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="file of detections, folder of labels or of a sequence, or a quoted pattern such as 'in/*.txt'",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="file to write; default: detections.tracks.txt for detections.txt. For several inputs or a pattern the "
        "folder to write to, created if missing: its files are named after the inputs, preceded by the names of their "
        "folders if names would be the same",
    )
    add_format_flag(parser, "--format", "format of the inputs: {formats}; default: inferred from suffix and content")
    add_output_format_flag(parser)
    parser.add_argument("--video-name", metavar="NAME", help="video to read from inputs that hold several")
    add_reading_flags(parser, "the inputs")
    parser.add_argument("--no-interpolate", action="store_true", help="omit the interpolated boxes in gaps")
    parser.add_argument("--threads", type=int, metavar="N", help="number of threads; default: number of cores")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    add_link_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    """Return whether an input failed."""
    options = link_options(arguments)
    if arguments.threads is not None and arguments.threads < 1:
        raise UsageError(f"--threads: found {arguments.threads}, expected an integer of at least 1")
    inputs = expand(arguments.inputs)
    outputs = output_paths(inputs, arguments.output, arguments.output_format)
    for output in outputs:
        checked_format(output, arguments.output_format)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with Progress(len(inputs.paths)) as progress:
        videos = _link_files(inputs.paths, options, arguments)
        for path, output, video in zip(inputs.paths, outputs, videos, strict=True):
            progress.show(path)
            try:
                report = _write(path, output, video.result(), arguments)
            except Exception as error:  # one faulty video must not end the others
                failed.append({"input": path, "error": describe(error, path)})
                continue
            done.append(report)
            if not arguments.json:
                progress.clear()
                print(escaped(_line(report)), flush=True)
    if arguments.json:
        print_json({"files": done, "failed": failed})
    for failure in failed:
        print(f"trajtrack: error: {failure['error']}", file=sys.stderr)
    if failed and len(inputs.paths) > 1:
        print(f"trajtrack: {len(failed)} of {len(inputs.paths)} inputs failed", file=sys.stderr)
    return bool(failed)


def _link_files(
    paths: list[str], options: LinkOptions | FlowOptions, arguments: argparse.Namespace
) -> Iterator[LinkedVideo]:
    """Link one file on all threads, or several on one thread each."""
    reading = replace(given_reading(arguments), video=arguments.video_name)
    if len(paths) > 1:
        return link_many(
            paths,
            options,
            num_threads=arguments.threads,
            format=arguments.format,
            video=reading.video,
            first_frame=reading.first_frame,
            frame_step=reading.frame_step,
            image_size=reading.image_size,
        )
    return iter([link_video(0, paths[0], options, arguments.threads, arguments.format, reading)])


def _write(path: str, output: Path, trajectories: Trajectories, arguments: argparse.Namespace) -> dict[str, Any]:
    if len(trajectories.detections) == 0:
        warn(f"{path}: found no detections, expected some")
    make_folder(output.parent)
    write(output, trajectories, arguments.output_format, interpolate=not arguments.no_interpolate)
    return {
        "input": path,
        "output": str(output),
        "detections": len(trajectories.detections),
        "frames": trajectories.detections.num_frames,
        "trajectories": len(trajectories),
        "linked": len(trajectories.rows),
    }


def _line(report: dict[str, Any]) -> str:
    share = report["linked"] / max(report["detections"], 1)
    tracks = counted(report["trajectories"], "trajectory", "trajectories")
    return (
        f"{report['input']}: {report['detections']} detections in {counted(report['frames'], 'frame')}, "
        f"{tracks} with {share:.1%} of them -> {report['output']}"
    )
