"""``trajtrack view``: trajectories as a page for the browser, an annotated video or a still picture."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from trajtrack.cli.errors import Failure, UsageError, describe
from trajtrack.cli.files import same_file
from trajtrack.cli.link_flags import add_link_flags, link_options
from trajtrack.detections import Detections
from trajtrack.io import FORMATS, read
from trajtrack.linking import LinkOptions, link
from trajtrack.trajectories import Trajectories
from trajtrack.view import draw
from trajtrack.viewer import write_page, write_video
from trajtrack.viewer.matching import reproduces
from trajtrack.viewer.pictures import open_pictures

__all__ = ["add_command"]

_PAGES = (".html", ".htm")
_PICTURES = (".png", ".svg", ".pdf")
_VIDEOS = (".mp4", ".mkv", ".mov")
_LARGE = 100_000_000
"""Bytes of a page above which browsers are slow to open it."""

_DESCRIPTION = """\
Show trajectories. The suffix of the output says how: .html is a page that plays them in a browser, one
file that needs no network; .mp4, .mkv and .mov are videos with the boxes drawn in; .png, .svg and .pdf
are still pictures of all paths.

Detections without identities are linked first. For tracks with identities, --detections names what they
were linked from: where the linking options give the same tracks again, the page says of each detection
what became of it; otherwise boxes are found among the detections by their place.
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "view",
        help="show trajectories in a browser, as a video or as a picture",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("tracks", metavar="TRACKS", help="file of tracks, or of detections, which are linked first")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="file to write; default: the name of TRACKS with the suffix .html, in the current folder",
    )
    parser.add_argument("--detections", metavar="D", help="file of the detections that the tracks were linked from")
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument("--video", metavar="V", help="video whose frames the boxes are shown over")
    pictures.add_argument(
        "--frames", metavar="DIR", help="folder of numbered .jpg or .png pictures instead; the first is frame 0"
    )
    parser.add_argument(
        "--max-width", type=int, metavar="N", help="scale wider pictures of a page down to a width of N pixels"
    )
    parser.add_argument(
        "--size",
        metavar="WxH",
        help="width and height of the video in pixels where no pictures are given; default: what holds all boxes",
    )
    parser.add_argument(
        "--frame-rate", type=float, metavar="X", help="frames a second; default: that of the video, else 25"
    )
    parser.add_argument("--title", metavar="T", help="title; default: the name of TRACKS")
    parser.add_argument("--format", choices=FORMATS, help="format of TRACKS; told from the file where left out")
    parser.add_argument("--video-name", metavar="NAME", help="which video of files that hold several")
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
            _write_page(tracks, detections, output, size, arguments)
        elif kind in _VIDEOS:
            _write_video(tracks, output, size, arguments)
        else:
            _draw(tracks, detections, output, size, arguments)
    except ValueError as error:
        raise Failure(str(error)) from error
    return False


def _kind_of(output: Path, arguments: argparse.Namespace) -> str:
    """Return the suffix of the output, after a look at the options that do not go with it."""
    kind = output.suffix.lower()
    if kind not in (*_PAGES, *_VIDEOS, *_PICTURES):
        suffixes = ", ".join((*_PAGES, *_VIDEOS, *_PICTURES))
        raise UsageError(f"--output: found {str(output)!r}, expected one of the suffixes {suffixes}")
    if arguments.max_width is not None and arguments.max_width < 1:
        raise UsageError(f"--max-width: expected an integer of at least 1, found {arguments.max_width}")
    if arguments.frame_rate is not None and not 0 < arguments.frame_rate <= 1000:
        raise UsageError(f"--frame-rate: expected a number above 0 and up to 1000, found {arguments.frame_rate}")
    unused = {
        "--max-width": arguments.max_width is not None and kind not in _PAGES,
        "--title": arguments.title is not None and kind in _VIDEOS,
        "--frame-rate": arguments.frame_rate is not None and kind in _PICTURES,
    }
    for flag, is_unused in unused.items():
        if is_unused:
            raise UsageError(f"{flag}: a {kind} file has no use for it")
    return kind


def _size_of(arguments: argparse.Namespace) -> tuple[float, float] | None:
    if arguments.size is None:
        return None
    if arguments.video is not None or arguments.frames is not None:
        raise UsageError("--size: the pictures have a size, expected one or the other")
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", arguments.size)
    if match is None:
        raise UsageError(f"--size: expected a width and a height such as 1920x1080, found {arguments.size!r}")
    return float(match[1]), float(match[2])


def _gather(arguments: argparse.Namespace) -> tuple[Trajectories | Detections, Detections | None]:
    """Return what is shown: trajectories where it is known how they were linked, else boxes and detections."""
    options = link_options(arguments)
    tracks = _read(arguments.tracks, arguments.format, arguments.video_name)
    has_identities = tracks.track_ids is not None and bool((tracks.track_ids >= 0).any())
    if len(tracks) and not has_identities:
        if arguments.detections is not None:
            raise UsageError(f"--detections: found no identities in {arguments.tracks}, expected tracks")
        return link(tracks, options), None
    if arguments.detections is None:
        given = [field.name for field in fields(LinkOptions) if field.name in arguments]
        if given:
            flag = given[0].replace("_", "-")
            raise UsageError(f"--{flag}: {arguments.tracks} holds tracks, expected --detections to link")
        return tracks, None
    detections = _read(arguments.detections, None, arguments.video_name)
    linked = link(detections, options)
    return (linked, None) if reproduces(linked, tracks) else (tracks, detections)


def _read(path: str, format: str | None, video: str | None) -> Detections:
    try:
        return read(path, format, video=video)
    except (ValueError, OSError) as error:
        raise Failure(describe(error, path)) from error


def _write_page(
    tracks: Trajectories | Detections,
    detections: Detections | None,
    output: Path,
    size: tuple[float, float] | None,
    arguments: argparse.Namespace,
) -> None:
    page = write_page(
        tracks,
        output,
        detections=detections,
        pictures=arguments.video or arguments.frames,
        max_width=arguments.max_width,
        size=size,
        frame_rate=arguments.frame_rate,
        title=arguments.title or Path(arguments.tracks).stem,
    )
    if page.num_unknown:
        print(
            f"trajtrack: {arguments.tracks}: {page.num_unknown} detections are in no trajectory, and why is not known: "
            "these tracks are not what the linking options give",
            file=sys.stderr,
        )
    num_bytes = output.stat().st_size
    _report(arguments.tracks, page.num_tracks, page.num_frames, page.num_pictures, output)
    if num_bytes > _LARGE:
        print(
            f"trajtrack: {output}: browsers open such a large page slowly; --max-width N makes it smaller",
            file=sys.stderr,
        )


def _write_video(
    tracks: Trajectories | Detections, output: Path, size: tuple[float, float] | None, arguments: argparse.Namespace
) -> None:
    video = write_video(
        tracks,
        output,
        pictures=arguments.video or arguments.frames,
        size=size,
        frame_rate=arguments.frame_rate,
    )
    _report(arguments.tracks, video.num_tracks, video.num_frames, video.num_pictures, output)


def _draw(
    tracks: Trajectories | Detections,
    detections: Detections | None,
    output: Path,
    size: tuple[float, float] | None,
    arguments: argparse.Namespace,
) -> None:
    pictures = arguments.video or arguments.frames
    if pictures is not None:
        size = open_pictures(pictures).size
    every = tracks.detections if isinstance(tracks, Trajectories) else detections
    draw(tracks, output, detections=every, size=size, title=arguments.title)
    print(f"{arguments.tracks} -> {output}")


def _report(source: str, num_tracks: int, num_frames: int, num_pictures: int | None, output: Path) -> None:
    noun = "trajectory" if num_tracks == 1 else "trajectories"
    pictures = "" if num_pictures is None else f", {num_pictures} of {num_frames} with a picture"
    size = f"{output.stat().st_size / 1e6:.1f} MB"
    print(f"{source}: {num_tracks} {noun} in {num_frames} frames{pictures} -> {output}, {size}")
