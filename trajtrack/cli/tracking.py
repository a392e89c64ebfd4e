"""``trajtrack track``: from a video to tracks, a page or an annotated video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from trajtrack.arguments import warnings_about
from trajtrack.cli.detection_flags import add_detection_flags, chosen_detector, naming_flags, prepared
from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.cli.outputs import add_output_format_flag, checked_format
from trajtrack.cli.titles import video_title
from trajtrack.cli.views import (
    add_image_flags,
    check_image_flags,
    frames_done,
    note,
    note_if_large,
    sum_up,
)
from trajtrack.console.errors import Failure, UsageError, describe
from trajtrack.console.inputs import same_file
from trajtrack.console.output import print_json
from trajtrack.console.progress import LongProgress
from trajtrack.detect.kept import check_parquet
from trajtrack.detect.tracking import detect_or_reuse, link_detected
from trajtrack.files.folders import make_folder
from trajtrack.io import write
from trajtrack.printable import counted, escaped
from trajtrack.trajectories import Trajectories
from trajtrack.viewer import write_page, write_video
from trajtrack.viewer.page import PAGE_SUFFIXES
from trajtrack.viewer.video import VIDEO_SUFFIXES

__all__ = ["add_command"]

_DESCRIPTION = """\
Detect objects in a video, link the detections, and write the trajectories. The
suffix of the output decides how: .html is a page that plays them over the
video in a browser; .mp4, .mkv, .mov and .gif are videos with the boxes drawn
in; other suffixes are files of tracks.

The detections are kept beside the output. Given again with other linking
options or another output beside it, the command links the kept detections
without the detector. A command that was stopped goes on where it stopped.
"""


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "track",
        help="detect objects in a video and link them into trajectories",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "a page over the video": "trajtrack track video.mp4 --detector detector.py:find -o page.html",
            "an annotated video, from the same detections": "trajtrack track video.mp4 --detector detector.py:find "
            "-o page.mp4",
        },
    )
    parser.add_argument("video", metavar="VIDEO", help="video file, or folder of numbered .jpg or .png images")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="file to write")
    add_output_format_flag(parser, "format of a file of tracks")
    parser.add_argument(
        "--detections",
        metavar="FILE",
        help="Parquet file in which detections are kept, or from which they are taken if it exists; default: OUT with "
        "the suffix .detections.parquet",
    )
    parser.add_argument("--no-interpolate", action="store_true", help="omit interpolated boxes from a file of tracks")
    add_image_flags(parser)
    parser.add_argument("--title", metavar="T", help="title of a page; default: the name of VIDEO")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    add_detection_flags(parser, "--min-detection-score")
    add_link_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    options = link_options(arguments)
    output = Path(arguments.output)
    kind = _kind_of(output, arguments)
    kept = Path(arguments.detections or output.with_suffix(".detections.parquet"))
    if kept.suffix.lower() != ".parquet":
        raise UsageError(f"--detections: found {str(kept)!r}, expected the suffix .parquet")
    for path in (output, kept):
        if same_file(path, arguments.video):
            raise UsageError(f"{path}: the output would overwrite an input")
    if same_file(output, str(kept)):
        raise UsageError(f"--detections: found {str(kept)!r}, which is the output, expected another file")
    check_parquet()
    detector = chosen_detector(arguments)
    try:
        with naming_flags(), warnings_about(arguments.video):
            run = prepared(arguments.video, detector, arguments)
            for folder in (output.parent, kept.parent):
                make_folder(folder)
            reused = kept.exists()
            with LongProgress(arguments.video, "frame") as progress:
                found = detect_or_reuse(run, kept, progress, resumed=lambda count: _note_resumed(arguments, count))
            tracks = link_detected(found, options, arguments.threads)
            shows = _write(tracks, output, kind, arguments)
    except (ValueError, TypeError, RuntimeError) as error:
        raise Failure(describe(error, arguments.video)) from error
    _report(arguments, tracks, output, kept, reused, shows)
    return False


def _note_resumed(arguments: argparse.Namespace, num_frames: int) -> None:
    note(f"{arguments.video}: going on after {num_frames} frames of a stopped run")


def _kind_of(output: Path, arguments: argparse.Namespace) -> str:
    """Return ``page``, ``video`` or ``tracks``, after checking that the other options apply to it."""
    check_image_flags(arguments)
    suffix = output.suffix.lower()
    named = arguments.output_format is not None
    kind = "tracks"
    if not named and suffix in (*PAGE_SUFFIXES, *VIDEO_SUFFIXES):
        kind = "page" if suffix in PAGE_SUFFIXES else "video"
    unused = {} if kind == "page" else {"--link-video": arguments.link_video, "--title": arguments.title}
    if kind == "tracks":
        unused["--max-width"] = arguments.max_width
    else:
        unused["--no-interpolate"] = arguments.no_interpolate or None
    for flag, value in unused.items():
        if value is not None:
            raise UsageError(f"{flag}: found an output with suffix {suffix}, to which this option does not apply")
    if kind == "tracks":
        checked_format(output, arguments.output_format, (*PAGE_SUFFIXES, *VIDEO_SUFFIXES))
    return kind


def _write(tracks: Trajectories, output: Path, kind: str, arguments: argparse.Namespace) -> str:
    """Write the output; return in words what it shows."""
    if kind == "tracks":
        write(output, tracks, arguments.output_format, interpolate=not arguments.no_interpolate)
        return f"{counted(len(tracks), 'trajectory', 'trajectories')} in {tracks.detections.num_frames} frames"
    with frames_done(output) as progress:
        if kind == "video":
            with warnings_about(str(output)):
                video = write_video(
                    tracks,
                    output,
                    images=arguments.video,
                    frame_rate=arguments.frame_rate,
                    max_width=arguments.max_width,
                    progress=progress,
                )
            return sum_up(video)
        page = write_page(
            tracks,
            output,
            images=arguments.video,
            embed=not arguments.link_video,
            max_width=arguments.max_width,
            frame_rate=arguments.frame_rate,
            title=arguments.title or video_title(Path(arguments.video)),
            progress=progress,
        )
    note_if_large(output)
    return sum_up(page)


def _report(
    arguments: argparse.Namespace, tracks: Trajectories, output: Path, kept: Path, reused: bool, shows: str
) -> None:
    if arguments.json:
        print_json(
            {
                "input": arguments.video,
                "output": str(output),
                "detections": str(kept),
                "reused": reused,
                "num_detections": len(tracks.detections),
                "num_frames": tracks.detections.num_frames,
                "num_tracks": len(tracks),
                "num_linked": len(tracks.rows),
            }
        )
        return
    where = f" kept in {kept}" if reused else ""
    print(escaped(f"{arguments.video}: {len(tracks.detections)} detections{where}, {shows} -> {output}"))
