"""What commands that write pages and videos have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trajtrack.console.errors import UsageError
from trajtrack.console.output import StatusLine
from trajtrack.printable import counted, escaped
from trajtrack.viewer import ViewSummary

__all__ = ["add_image_flags", "check_image_flags", "frames_done", "note", "note_if_large", "sum_up"]

_LARGE = 100_000_000
"""Size in bytes above which browsers are slow to open a page."""


def add_image_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how a page has its images."""
    parser.add_argument(
        "--max-width",
        type=int,
        metavar="N",
        help="scale images of a page, or a video, down to N pixels wide; default for .gif: 800",
    )
    parser.add_argument(
        "--link-video",
        action="store_true",
        default=None,
        help="let a page play the video file, which must stay beside it, instead of holding its images",
    )


def check_image_flags(arguments: argparse.Namespace) -> None:
    """Raise UsageError if a maximum width is out of range, or there is no video to link as it is."""
    width = arguments.max_width
    if width is not None and width < 1:
        raise UsageError(f"--max-width: found {width}, expected an integer of at least 1")
    if not arguments.link_video:
        return
    if width is not None:
        raise UsageError("--link-video: found --max-width, expected one or the other")
    if arguments.video is None or os.path.isdir(arguments.video):
        found = "no --video" if arguments.video is None else f"the folder {arguments.video}"
        raise UsageError(f"--link-video: found {found}, expected a video file")


@contextmanager
def frames_done(output: Path) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows on a terminal how many frames are done; erase the line afterwards."""
    line = StatusLine()
    try:
        yield lambda done, total: line.show(f"{output}: frame {done} of {total}")
    finally:
        line.clear()


def note(message: str) -> None:
    """Print a line to standard error that is neither an error nor a warning."""
    print(f"trajtrack: {escaped(message)}", file=sys.stderr)


def note_if_large(page: Path) -> None:
    """Say how to make a page smaller that browsers are slow to open."""
    if page.stat().st_size > _LARGE:
        note(f"{page}: browsers are slow to open such a large page; --max-width N and --link-video make it smaller")


def sum_up(written: ViewSummary) -> str:
    """Return in words what a page or a video shows."""
    tracks = counted(written.num_tracks, "trajectory", "trajectories")
    images = "" if written.num_images is None else f", {written.num_images} of {written.num_frames} with an image"
    return f"{tracks} in {written.num_frames} frames{images}"
