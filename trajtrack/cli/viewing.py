"""``trajtrack view``: trajectories as a page for the browser, an annotated video or a still image."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from trajtrack.cli.files import same_file
from trajtrack.cli.format_flag import add_format_flag
from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.cli.reading import read_inputs
from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.json_output import print_json
from trajtrack.console.progress import StatusLine
from trajtrack.detections import Detections
from trajtrack.linking import link
from trajtrack.options import LinkOptions
from trajtrack.trajectories import Trajectories
from trajtrack.viewer import ViewSummary, write_page, write_video
from trajtrack.viewer.drawing import IMAGE_SUFFIXES, draw
from trajtrack.viewer.matching import reproduces
from trajtrack.viewer.video import VIDEO_SUFFIXES

__all__ = ["add_command"]

_PAGES = (".html", ".htm")
_LARGE = 100_000_000
"""Bytes of a page above which browsers are slow to open it."""

_DESCRIPTION = """\
Show trajectories. The suffix of the output says how: .html is a page that
plays them in a browser, one file that needs no network; .mp4, .mkv and .mov
are videos with the boxes drawn in; .png, .svg and .pdf are still images of
all paths.

Detections without identities are linked first. For tracks with identities,
--detections names what they were linked from: where the linking options give
the same tracks again, the page says of each detection what became of it;
otherwise boxes are found among the detections by their place.
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "view",
        help="show trajectories in a browser, as a video or as an image",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "a page of the tracks": "trajtrack view tracks.txt -o page.html",
            "with what became of each detection": "trajtrack view out/demo/detections.txt -o page.html",
            "a still image": "trajtrack view tracks.txt -o image.png",
        },
    )
    parser.add_argument("tracks", metavar="TRACKS", help="file of tracks, or of detections, which are linked first")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="file to write; default: the name of TRACKS with the suffix .html, in the current folder",
    )
    parser.add_argument("--detections", metavar="D", help="file of the detections that the tracks were linked from")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--video", metavar="V", help="video whose frames the boxes are shown over")
    images.add_argument(
        "--frames", metavar="DIR", help="folder of numbered .jpg or .png images instead; the first is frame 0"
    )
    parser.add_argument(
        "--max-width", type=int, metavar="N", help="scale wider images of a page down to a width of N pixels"
    )
    parser.add_argument(
        "--size",
        metavar="WxH",
        help="width and height of the video in pixels where no images are given; default: what holds all boxes",
    )
    parser.add_argument(
        "--frame-rate", type=float, metavar="X", help="frames a second; default: that of the video, else 25"
    )
    parser.add_argument("--title", metavar="T", help="title; default: the name of TRACKS")
    add_format_flag(parser, "--format", "format of TRACKS: {formats}; told from the file where left out")
    add_format_flag(parser, "--detections-format", "the same for --detections; told from the file where left out")
    parser.add_argument("--video-name", metavar="NAME", help="which video of files that hold several")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    add_link_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    output = Path(arguments.output or f"{Path(arguments.tracks).stem}.html")
    kind = _kind_of(output, arguments)
    size = _size_of(arguments)
    for path in (arguments.tracks, arguments.detections, arguments.video):
        if path is not None and same_file(output, path):
            raise UsageError(f"{output}: the output would overwrite an input")
    tracks, detections = _gather(arguments)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        if kind in _PAGES:
            written = _write_page(tracks, detections, output, size, arguments)
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
    """Return the suffix of the output, after a look at the options that do not go with it."""
    kind = output.suffix.lower()
    if kind not in (*_PAGES, *VIDEO_SUFFIXES, *IMAGE_SUFFIXES):
        suffixes = ", ".join((*_PAGES, *VIDEO_SUFFIXES, *IMAGE_SUFFIXES))
        raise UsageError(f"--output: found {str(output)!r}, expected one of the suffixes {suffixes}")
    if arguments.max_width is not None and arguments.max_width < 1:
        raise UsageError(f"--max-width: expected an integer of at least 1, found {arguments.max_width}")
    if arguments.frame_rate is not None and not 0 < arguments.frame_rate <= 1000:
        raise UsageError(f"--frame-rate: expected a number above 0 and up to 1000, found {arguments.frame_rate}")
    unused = {
        "--max-width": (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES),
        "--detections": VIDEO_SUFFIXES,
        "--title": VIDEO_SUFFIXES,
        "--video": IMAGE_SUFFIXES,
        "--frames": IMAGE_SUFFIXES,
        "--frame-rate": IMAGE_SUFFIXES,
    }
    for flag, kinds in unused.items():
        if kind in kinds and getattr(arguments, flag[2:].replace("-", "_")) is not None:
            raise UsageError(f"{flag}: a {kind} file has no use for it")
    if arguments.detections_format is not None and arguments.detections is None:
        raise UsageError("--detections-format: expected --detections too")
    return kind


def _size_of(arguments: argparse.Namespace) -> tuple[float, float] | None:
    if arguments.size is None:
        return None
    if arguments.video is not None or arguments.frames is not None:
        raise UsageError("--size: the images have a size, expected one or the other")
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", arguments.size)
    if match is None:
        raise UsageError(f"--size: expected a width and a height such as 1920x1080, found {arguments.size!r}")
    return float(match[1]), float(match[2])


def _gather(arguments: argparse.Namespace) -> tuple[Trajectories | Detections, Detections | None]:
    """Return what is shown: trajectories where it is known how they were linked, else boxes and detections."""
    options = link_options(arguments)
    files = [(arguments.tracks, arguments.format)]
    if arguments.detections is not None:
        files.append((arguments.detections, arguments.detections_format))
    tracks, *others = read_inputs(files, arguments.video_name)
    has_identities = tracks.track_ids is not None and bool((tracks.track_ids >= 0).any())
    if len(tracks) and not has_identities:
        if others:
            raise UsageError(f"--detections: found no identities in {arguments.tracks}, expected tracks")
        return link(tracks, options), None
    if not others:
        given = [field.name for field in fields(LinkOptions) if field.name in arguments]
        if given:
            flag = given[0].replace("_", "-")
            raise UsageError(f"--{flag}: {arguments.tracks} holds tracks, which are linked anew only from --detections")
        return tracks, None
    (detections,) = others
    linked = link(detections, options)
    return (linked, None) if reproduces(linked, tracks) else (tracks, detections)


def _write_page(
    tracks: Trajectories | Detections,
    detections: Detections | None,
    output: Path,
    size: tuple[float, float] | None,
    arguments: argparse.Namespace,
) -> ViewSummary:
    with _frames_done(output) as progress:
        page = write_page(
            tracks,
            output,
            detections=detections,
            images=arguments.video or arguments.frames,
            max_width=arguments.max_width,
            size=size,
            frame_rate=arguments.frame_rate,
            title=_title(arguments),
            progress=progress,
        )
    if page.num_unknown:
        print(
            f"trajtrack: {arguments.tracks}: {page.num_unknown} detections are in no trajectory, and why is not known: "
            "these tracks are not what the linking options give",
            file=sys.stderr,
        )
    if output.stat().st_size > _LARGE:
        print(
            f"trajtrack: {output}: browsers open such a large page slowly; --max-width N makes it smaller",
            file=sys.stderr,
        )
    return page


def _write_video(
    tracks: Trajectories | Detections, output: Path, size: tuple[float, float] | None, arguments: argparse.Namespace
) -> ViewSummary:
    with _frames_done(output) as progress:
        return write_video(
            tracks,
            output,
            images=arguments.video or arguments.frames,
            size=size,
            frame_rate=arguments.frame_rate,
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
    return arguments.title or Path(arguments.tracks).stem


@contextmanager
def _frames_done(output: Path) -> Iterator[Callable[[int, int], None]]:
    """Give what shows on a terminal how many frames are done, and wipe it out afterwards."""
    line = StatusLine()
    try:
        yield lambda done, total: line.show(f"{output}: frame {done} of {total}")
    finally:
        line.clear()


def _report(arguments: argparse.Namespace, output: Path, written: ViewSummary | None) -> None:
    num_bytes = output.stat().st_size
    if arguments.json:
        shown = {} if written is None else asdict(written)
        print_json({"input": arguments.tracks, "output": str(output), "bytes": num_bytes, **shown})
        return
    shows = "" if written is None else f": {_sum_up(written)}"
    print(f"{arguments.tracks}{shows} -> {output}, {num_bytes / 1e6:.1f} MB")


def _sum_up(written: ViewSummary) -> str:
    noun = "trajectory" if written.num_tracks == 1 else "trajectories"
    images = "" if written.num_images is None else f", {written.num_images} of {written.num_frames} with an image"
    return f"{written.num_tracks} {noun} in {written.num_frames} frames{images}"
