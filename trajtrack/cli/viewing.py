"""``trajtrack view``: show trajectories as a page for the browser, an annotated video or a still image."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from trajtrack.arguments import TrajtrackWarning, warn, warnings_about
from trajtrack.cli.link_flags import add_link_flags, given_link_flags, link_options
from trajtrack.cli.presets import PRESETS, apply_preset, choose_preset
from trajtrack.cli.reading import InputFile, add_format_flag, add_reading_flags, given_reading, parse_size, read_inputs
from trajtrack.cli.titles import video_title
from trajtrack.cli.views import (
    add_image_flags,
    check_image_flags,
    frames_done,
    note,
    note_if_large,
    sum_up,
)
from trajtrack.console.errors import Failure, UsageError, flag_of
from trajtrack.console.inputs import distinct_names, same_file
from trajtrack.console.output import output_path, print_json
from trajtrack.detections import Detections
from trajtrack.files.folders import make_folder
from trajtrack.io import ReadFile
from trajtrack.linking import link
from trajtrack.metrics import GroundTruth
from trajtrack.plots import IMAGE_SUFFIXES
from trajtrack.printable import escaped
from trajtrack.trajectories import Trajectories
from trajtrack.viewer import ViewSummary, write_page, write_video
from trajtrack.viewer.drawing import draw
from trajtrack.viewer.matching import reproduces
from trajtrack.viewer.page import PAGE_SUFFIXES
from trajtrack.viewer.video import VIDEO_SUFFIXES

__all__ = ["add_command"]

_DESCRIPTION = """\
Show trajectories. The suffix of the output decides how: .html is a page that
plays them in a browser, one file that needs no network; .mp4, .mkv, .mov and
.gif are videos with the boxes drawn in; .png, .svg and .pdf are still images
of all paths.

Detections without identities are linked first. For tracks with identities,
--detections names the detections that they were linked from. If the linking
options reproduce the tracks, the page explains what happened to each
detection; otherwise boxes are matched with detections by position.

With --gt a page lists misses, false boxes and identity switches, and shows the
metrics. --beside shows a second result for the same video next to the first.
"""


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "view",
        help="show trajectories in a browser, as a video or as an image",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "a page of the tracks": "trajtrack view tracks.txt -o page.html",
            "with what happened to each detection": "trajtrack view out/demo/detections.txt -o page.html",
            "with the errors against ground truth": "trajtrack view tracks.txt --gt out/demo/truth.txt -o page.html",
            "a moving picture": "trajtrack view tracks.txt -o tracks.gif --max-width 480",
            "a still image": "trajtrack view tracks.txt -o image.png",
        },
    )
    parser.add_argument("tracks", metavar="TRACKS", help="file of tracks, or of detections to link first")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="file to write; default: the name of TRACKS with the suffix .html, in the current folder",
    )
    parser.add_argument("--detections", metavar="D", help="file of the detections that the tracks were linked from")
    parser.add_argument("--gt", metavar="GT", help="file of ground truth to compare the tracks with on a page")
    parser.add_argument("--preset", choices=PRESETS, help="which annotations count, as for eval; default: auto")
    parser.add_argument(
        "--gt-class-agnostic", action="store_true", default=None, help="ignore labels in the comparison"
    )
    parser.add_argument(
        "--beside",
        metavar="TRACKS",
        help="file of tracks, or of detections to link, to show beside the first on a page",
    )
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--video", metavar="V", help="video to show behind the boxes")
    images.add_argument(
        "--frames", metavar="DIR", help="folder of numbered .jpg or .png images to show instead; the first is frame 0"
    )
    add_image_flags(parser)
    parser.add_argument(
        "--size",
        metavar="WxH",
        help="width and height of the video in pixels if no images are given; default: large enough for all boxes",
    )
    parser.add_argument(
        "--frame-rate", type=float, metavar="X", help="frames per second; default: that of the video, or 25"
    )
    parser.add_argument("--title", metavar="T", help="title; default: the name of the video")
    add_format_flag(parser, "--format", "format of TRACKS: {formats}; default: inferred from the file")
    add_format_flag(parser, "--detections-format", "the same for --detections")
    add_format_flag(parser, "--gt-format", "the same for --gt")
    add_format_flag(parser, "--beside-format", "the same for --beside")
    add_reading_flags(parser, "TRACKS")
    add_reading_flags(parser, "D", "detections-")
    add_reading_flags(parser, "GT", "gt-")
    parser.add_argument("--video-name", metavar="NAME", help="video to read from files that hold several")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    add_link_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    output = Path(arguments.output or f"{Path(arguments.tracks).stem}.html")
    kind = _kind_of(output, arguments)
    size = _size_of(arguments)
    for path in (arguments.tracks, arguments.detections, arguments.video, arguments.gt, arguments.beside):
        if path is not None and same_file(output, path):
            raise UsageError(f"{output}: the output would overwrite an input")
    files = _read_files(arguments)
    tracks, detections = _gather(files, arguments)
    if len(files["tracks"].detections) == 0:
        warn(f"{arguments.tracks}: found no boxes, expected some")
    make_folder(output.parent)
    try:
        if kind in PAGE_SUFFIXES:
            written = _write_page(files, tracks, detections, output, size, arguments)
        elif kind in VIDEO_SUFFIXES:
            written = _write_video(tracks, output, size, arguments)
        else:
            written = None
            _draw(tracks, detections, output, size, arguments)
    except ValueError as error:
        raise Failure(str(error)) from error
    _report(arguments, output, written)
    return False


def _kind_of(output: Path, arguments: argparse.Namespace) -> str:
    """Return the suffix of the output, after checking that the other options apply to it."""
    output_path("--output", str(output), (*PAGE_SUFFIXES, *VIDEO_SUFFIXES, *IMAGE_SUFFIXES))
    kind = output.suffix.lower()
    check_image_flags(arguments)
    if arguments.frame_rate is not None and not 0 < arguments.frame_rate <= 1000:
        raise UsageError(f"--frame-rate: found {arguments.frame_rate}, expected a number above 0 and up to 1000")
    unused = {
        "--max-width": IMAGE_SUFFIXES,
        "--link-video": (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES),
        "--detections": VIDEO_SUFFIXES,
        "--gt": (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES),
        "--beside": (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES),
        "--title": VIDEO_SUFFIXES,
        "--video": IMAGE_SUFFIXES,
        "--frames": IMAGE_SUFFIXES,
        "--frame-rate": IMAGE_SUFFIXES,
    }
    for flag, kinds in unused.items():
        if kind in kinds and getattr(arguments, flag[2:].replace("-", "_")) is not None:
            raise UsageError(f"{flag}: found an output with suffix {kind}, to which this option does not apply")
    readings = ("format", "first-frame", "frame-step", "image-size")
    needs = {
        "detections": [f"detections-{name}" for name in readings],
        "gt": ["preset", "gt-class-agnostic", *(f"gt-{name}" for name in readings)],
        "beside": ["beside-format"],
    }
    for owner, flags in needs.items():
        for flag in flags:
            if getattr(arguments, flag.replace("-", "_")) is not None and getattr(arguments, owner) is None:
                raise UsageError(f"--{flag}: found no --{owner}, expected both or neither")
    return kind


def _size_of(arguments: argparse.Namespace) -> tuple[float, float] | None:
    if arguments.size is None:
        return None
    if arguments.video is not None or arguments.frames is not None:
        raise UsageError("--size: found images, which have a size, expected one or the other")
    return parse_size("--size", arguments.size)


def _read_files(arguments: argparse.Namespace) -> dict[str, ReadFile]:
    """Return the files by the names of their arguments; the video that is named may be in any of them."""
    files = {"tracks": InputFile(arguments.tracks, arguments.format, given_reading(arguments))}
    if arguments.detections is not None:
        reading = given_reading(arguments, "detections-")
        files["detections"] = InputFile(arguments.detections, arguments.detections_format, reading)
    if arguments.gt is not None:
        reading = replace(given_reading(arguments, "gt-"), is_truth=True)
        files["gt"] = InputFile(arguments.gt, arguments.gt_format, reading)
    if arguments.beside is not None:
        files["beside"] = InputFile(arguments.beside, arguments.beside_format, given_reading(arguments))
    return dict(zip(files, read_inputs(list(files.values()), arguments.video_name), strict=True))


def _gather(
    files: Mapping[str, ReadFile], arguments: argparse.Namespace
) -> tuple[Trajectories | Detections, Detections | None]:
    """Return trajectories if it is known how they were linked, otherwise boxes with identities and detections."""
    options = link_options(arguments)
    tracks = files["tracks"].detections
    others = [files["detections"].detections] if "detections" in files else []
    has_identities = tracks.track_ids is not None and bool((tracks.track_ids >= 0).any())
    if len(tracks) and not has_identities:
        if others:
            raise UsageError(f"--detections: found no identities in {arguments.tracks}, expected tracks")
        with warnings_about(arguments.tracks):
            return link(tracks, options), None
    if not others:
        given = given_link_flags(arguments)
        if given:
            flag = flag_of(next(iter(given)))
            raise UsageError(f"{flag}: found tracks in {arguments.tracks}, expected detections to link")
        return tracks, None
    (detections,) = others
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrajtrackWarning)  # the tracks may be those of another tool
        linked = link(detections, options)
    return (linked, None) if reproduces(linked, tracks) else (tracks, detections)


def _truth_of(files: Mapping[str, ReadFile], arguments: argparse.Namespace) -> Detections | GroundTruth | None:
    file = files.get("gt")
    if file is None:
        return None
    preset = arguments.preset or "auto"
    return apply_preset(choose_preset([file]) if preset == "auto" else preset, file)


def _beside_of(files: Mapping[str, ReadFile], arguments: argparse.Namespace) -> Trajectories | Detections | None:
    """Return the second result, linked with the same options if it has no identities."""
    if "beside" not in files:
        return None
    boxes = files["beside"].detections
    if len(boxes) == 0 or (boxes.track_ids is not None and bool((boxes.track_ids >= 0).any())):
        return boxes
    with warnings_about(arguments.beside):
        return link(boxes, link_options(arguments))


def _write_page(
    files: Mapping[str, ReadFile],
    tracks: Trajectories | Detections,
    detections: Detections | None,
    output: Path,
    size: tuple[float, float] | None,
    arguments: argparse.Namespace,
) -> ViewSummary:
    with frames_done(output) as progress:
        page = write_page(
            tracks,
            output,
            detections=detections,
            images=arguments.video or arguments.frames,
            embed=not arguments.link_video,
            max_width=arguments.max_width,
            size=size,
            frame_rate=arguments.frame_rate,
            title=_title(arguments),
            truth=_truth_of(files, arguments),
            class_agnostic=bool(arguments.gt_class_agnostic),
            beside=_beside_of(files, arguments),
            names=() if arguments.beside is None else distinct_names([arguments.tracks, arguments.beside]),
            progress=progress,
        )
    if page.num_unknown:
        note(
            f"{arguments.tracks}: {page.num_unknown} detections are in no trajectory for an unknown reason: "
            "the linking options do not reproduce these tracks"
        )
    note_if_large(output)
    return page


def _write_video(
    tracks: Trajectories | Detections, output: Path, size: tuple[float, float] | None, arguments: argparse.Namespace
) -> ViewSummary:
    with warnings_about(str(output)), frames_done(output) as progress:
        return write_video(
            tracks,
            output,
            images=arguments.video or arguments.frames,
            size=size,
            frame_rate=arguments.frame_rate,
            max_width=arguments.max_width,
            progress=progress,
        )


def _draw(
    tracks: Trajectories | Detections,
    detections: Detections | None,
    output: Path,
    size: tuple[float, float] | None,
    arguments: argparse.Namespace,
) -> None:
    every = tracks.detections if isinstance(tracks, Trajectories) else detections
    draw(tracks, output, detections=every, size=size, title=_title(arguments))


def _title(arguments: argparse.Namespace) -> str:
    named = arguments.title or arguments.video_name
    return str(named) if named else video_title(Path(arguments.video or arguments.frames or arguments.tracks))


def _report(arguments: argparse.Namespace, output: Path, written: ViewSummary | None) -> None:
    num_bytes = output.stat().st_size
    if arguments.json:
        shown = {} if written is None else asdict(written)
        print_json({"input": arguments.tracks, "output": str(output), "bytes": num_bytes, **shown})
        return
    shows = "" if written is None else f": {sum_up(written)}"
    print(escaped(f"{arguments.tracks}{shows} -> {output}, {num_bytes / 1e6:.1f} MB"))
