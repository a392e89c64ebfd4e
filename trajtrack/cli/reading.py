"""Input files of a command and the flags that say how to read them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trajtrack.console.errors import Failure, UsageError, about_flag, describe
from trajtrack.io import FORMATS, ReadFile, Reading, input_format, read_file, reading_of

__all__ = ["InputFile", "add_format_flag", "add_reading_flags", "given_reading", "parse_size", "read_inputs"]


@dataclass(frozen=True)
class InputFile:
    """A file to read."""

    path: str
    """Path as on the command line."""
    format: str | None
    """Name of the format; None if it is inferred from the file."""
    reading: Reading
    """What the command line says about the file, except the video."""


def add_format_flag(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    """Add the flag; ``{formats}`` in its help text becomes the names of all formats."""
    parser.add_argument(flag, choices=list(FORMATS), metavar="NAME", help=text.format(formats=", ".join(FORMATS)))


def add_reading_flags(parser: argparse.ArgumentParser, files: str, prefix: str = "") -> None:
    """Add the flags that say how `files` count their frames and how large their images are."""
    parser.add_argument(
        f"--{prefix}first-frame",
        type=int,
        metavar="N",
        help=f"number of the first frame in {files}; default: that of the format",
    )
    parser.add_argument(
        f"--{prefix}frame-step",
        type=float,
        metavar="X",
        help=f"difference between the numbers of two successive frames in {files}, or the time between them in "
        "tables of times; default: 1, and none for times",
    )
    parser.add_argument(
        f"--{prefix}image-size",
        metavar="WxH",
        help=f"width and height of the images in pixels, if {files} have relative coordinates",
    )


def given_reading(arguments: argparse.Namespace, prefix: str = "") -> Reading:
    """Return what the flags of `add_reading_flags` say.

    Raises
    ------
    UsageError
        If a value is out of range.
    """
    first, step, size = (
        getattr(arguments, f"{prefix}{name}".replace("-", "_")) for name in ("first-frame", "frame-step", "image-size")
    )
    image_size = None if size is None else parse_size(f"--{prefix}image-size", size)
    try:
        return reading_of(None, first, step, image_size)
    except ValueError as error:
        raise about_flag(error, prefix) from error


def parse_size(flag: str, text: str) -> tuple[float, float]:
    """Return the width and the height in a text such as 1920x1080.

    Raises
    ------
    UsageError
        If the text is of another form.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,8})x([1-9][0-9]{0,8})", text)
    if match is None:
        raise UsageError(f"{flag}: found {text!r}, expected a width and a height such as 1920x1080")
    return float(match[1]), float(match[2])


def read_inputs(files: Sequence[InputFile], video_name: str | None) -> list[ReadFile]:
    """Read files of one video each.

    Parameters
    ----------
    files
        The files.
    video_name
        Video to read from files of formats that name their videos; None for the only one.

    Raises
    ------
    UsageError
        If a video name is given but no file is of a format that names its videos.
    Failure
        If a file cannot be read.
    """
    wanted = [video_name if video_name is not None and _names_videos(file) else None for file in files]
    if video_name is not None and not any(name is not None for name in wanted):
        paths = ", ".join(file.path for file in files)
        raise UsageError(f"--video-name: found no video names in {paths}, expected a file with several videos")
    return [_read(file, name) for file, name in zip(files, wanted, strict=True)]


def _names_videos(file: InputFile) -> bool:
    try:
        return input_format(file.path, file.format).names_videos
    except (ValueError, OSError) as error:
        raise Failure(describe(error, file.path)) from error


def _read(file: InputFile, video_name: str | None) -> ReadFile:
    try:
        return read_file(file.path, file.format, replace(file.reading, video=video_name))
    except (ValueError, OSError) as error:
        raise Failure(describe(error, file.path)) from error
