"""Input files of a command and the flag for their format."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trajtrack.console.errors import Failure, UsageError, describe
from trajtrack.io import FORMATS, ReadFile, input_format, read_file

__all__ = ["add_format_flag", "read_inputs"]


def add_format_flag(parser: argparse.ArgumentParser, flag: str, text: str) -> None:
    """Add the flag; ``{formats}`` in its help text becomes the names of all formats."""
    parser.add_argument(flag, choices=list(FORMATS), metavar="NAME", help=text.format(formats=", ".join(FORMATS)))


def read_inputs(files: Sequence[tuple[str, str | None]], video_name: str | None) -> list[ReadFile]:
    """Read files of one video each.

    Parameters
    ----------
    files
        Path and format of each; a format of None is inferred from the file.
    video_name
        Video to read from files of formats that name their videos; None for the only one.

    Raises
    ------
    UsageError
        If a video name is given but no file is of a format that names its videos.
    Failure
        If a file cannot be read.
    """
    wanted = [video_name if video_name is not None and _names_videos(*file) else None for file in files]
    if video_name is not None and not any(name is not None for name in wanted):
        paths = ", ".join(path for path, _ in files)
        raise UsageError(f"--video-name: found no video names in {paths}, expected a file with several videos")
    return [_read(path, format, name) for (path, format), name in zip(files, wanted, strict=True)]


def _names_videos(path: str, format: str | None) -> bool:
    try:
        return input_format(path, format).names_videos
    except (ValueError, OSError) as error:
        raise Failure(describe(error, path)) from error


def _read(path: str, format: str | None, video_name: str | None) -> ReadFile:
    try:
        return read_file(path, format, video_name)
    except (ValueError, OSError) as error:
        raise Failure(describe(error, path)) from error
