"""Where the outputs of several inputs go, and in which format."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath

from trajtrack.console.errors import UsageError
from trajtrack.console.inputs import Inputs, distinct_names, same_file
from trajtrack.io import FORMATS, WRITABLE, Format, output_format
from trajtrack.plots import IMAGE_SUFFIXES
from trajtrack.viewer.page import PAGE_SUFFIXES
from trajtrack.viewer.video import VIDEO_SUFFIXES

__all__ = ["add_output_format_flag", "checked_format", "output_paths"]

_VIEWS = (*PAGE_SUFFIXES, *VIDEO_SUFFIXES, *IMAGE_SUFFIXES)


def add_output_format_flag(parser: argparse.ArgumentParser, text: str = "format to write") -> None:
    """Add ``--output-format``; its help text goes on with the names of the formats."""
    parser.add_argument(
        "--output-format",
        choices=list(WRITABLE),
        metavar="NAME",
        help=f"{text}: {', '.join(WRITABLE)}; default: inferred from the suffix",
    )


def checked_format(output: Path, name: str | None, others: Sequence[str] = ()) -> Format:
    """Return the format of a file of tracks or detections.

    Parameters
    ----------
    output
        The file.
    name
        Name of the format; None if the suffix decides.
    others
        Suffixes that the command knows besides those of formats.

    Raises
    ------
    UsageError
        If no format has the suffix; the message says what writes files that show tracks.
    """
    try:
        return output_format(output, name)
    except ValueError as error:
        message = str(error).partition(": ")[2]
        if others:
            known = "one of the suffixes "
            message = message.replace(known, f"{known}{', '.join(others)}, ", 1)
        if output.suffix.lower() in _VIEWS:
            message += f"; 'trajtrack view TRACKS -o {shlex.quote(str(output))}' shows tracks"
        raise UsageError(f"--output: {message}") from error


def output_paths(inputs: Inputs, output: str | None, output_format: str | None) -> list[Path]:
    """Return the output file of each input; by default, one in the present folder that is named after the input.

    Raises
    ------
    UsageError
        If two outputs would be the same file, an output is an input, or `output` is missing or a file but must be a
        folder.
    """
    if output is None:
        if len(inputs.paths) > 1:
            raise UsageError(f"--output: found none, expected a folder for the outputs of {len(inputs.paths)} inputs")
        path = inputs.paths[0]
        outputs = [Path(f"{distinct_names([path])[0]}.tracks{_suffix(path, output_format)}")]
    elif len(inputs.paths) == 1 and not inputs.by_pattern and not _is_folder(output):
        outputs = [Path(output)]
    else:
        if os.path.exists(output) and not os.path.isdir(output):
            raise UsageError(f"{output}: found a file, expected a folder for the outputs of several inputs")
        names = distinct_names(inputs.paths)
        outputs = [
            Path(output) / f"{name}{_suffix(path, output_format)}"
            for name, path in zip(names, inputs.paths, strict=True)
        ]
    for each in outputs:
        for path in inputs.paths:
            if same_file(each, path):
                raise UsageError(f"{each}: the output would overwrite an input")
    return outputs


def _is_folder(output: str) -> bool:
    return os.path.isdir(output) or output.endswith(("/", os.sep))


def _suffix(path: str, output_format: str | None) -> str:
    if output_format is not None:
        return FORMATS[output_format].suffixes[0]
    suffix = PurePath(path.removesuffix(".gz")).suffix
    known = any(suffix.lower() in format.suffixes for format in WRITABLE.values())
    return suffix if known else ".txt"
