"""Flags that choose a detector, and the frames that it sees."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trajtrack.console.errors import UsageError, flag_of
from trajtrack.decoding import Sampling
from trajtrack.decoding.opening import check_frame_rate
from trajtrack.detect.detecting import BATCH_SIZE, DetectionRun, prepare
from trajtrack.detect.detector import DetectorSource
from trajtrack.detect.sources import source_of

__all__ = ["add_detection_flags", "chosen_detector", "naming_flags", "prepared"]

_NAMES = ("detector", "fps", "start", "end", "frame_rate", "min_score", "batch_size", "device", "threads")
"""Parameters of `prepare` that have flags."""


def add_detection_flags(
    parser: argparse.ArgumentParser,
    min_score: str = "--min-score",
    *,
    fps: float | None = None,
    whole: bool = False,
) -> None:
    """Add the flags.

    Parameters
    ----------
    parser
        Parser of a command.
    min_score
        Name of the flag for the score of detections.
    fps
        Default number of frames per second.
    whole
        Whether videos are always looked at from start to end, so that there are no flags for a part.
    """
    group = parser.add_argument_group("detection")
    group.add_argument(
        "--detector",
        required=True,
        metavar="D",
        help="folder of Hugging Face Transformers with a model for object detection; or ONNX file, with a .json file "
        "beside it that declares its inputs and outputs; or Python function as module:function or file.py:function, "
        "which takes a list of RGB images and returns the boxes of each",
    )
    default = "every frame" if fps is None else f"{fps:g}"
    group.add_argument(
        "--fps", type=float, default=fps, metavar="X", help=f"frames per second to look at, by time; default: {default}"
    )
    if whole:
        parser.set_defaults(start=None, end=None)
    else:
        group.add_argument("--start", type=float, metavar="S", help="second from which on to look; default: 0")
        group.add_argument("--end", type=float, metavar="S", help="second before which to look; default: the end")
    group.add_argument(
        "--frame-rate", type=float, metavar="X", help="frames per second of a folder of images; default: 25"
    )
    group.add_argument(
        min_score,
        dest="min_detection_score",
        type=float,
        metavar="X",
        help="score below which boxes are dropped; default: 0.05 for models, none for functions",
    )
    group.add_argument(
        "--batch-size",
        type=int,
        default=BATCH_SIZE,
        metavar="N",
        help=f"number of images that the detector gets at a time; default: {BATCH_SIZE}",
    )
    group.add_argument(
        "--device", metavar="NAME", help="device of a model, such as cpu or cuda:1; default: a GPU if there is one"
    )
    group.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="number of threads; more than there are free cores are slow; default: the choice of the libraries",
    )


def chosen_detector(arguments: argparse.Namespace) -> DetectorSource:
    """Return the detector on the command line, after checking all flags.

    Raises
    ------
    UsageError
        If a value is out of range, or there is no such detector.
    """
    with naming_flags(UsageError):
        Sampling(arguments.fps, arguments.start, arguments.end)
        check_frame_rate(arguments.frame_rate)
        if arguments.batch_size < 1:
            raise ValueError(f"batch_size: found {arguments.batch_size}, expected an integer of at least 1")
        if arguments.threads is not None and not 1 <= arguments.threads <= 1024:
            raise ValueError(f"threads: found {arguments.threads}, expected an integer from 1 to 1024")
        return source_of(arguments.detector)


def prepared(video: str | Path, detector: DetectorSource, arguments: argparse.Namespace) -> DetectionRun:
    """Open a video for detection as the flags say."""
    given: dict[str, Any] = {name: getattr(arguments, name) for name in _NAMES if name in arguments}
    return prepare(video, **{**given, "detector": detector, "min_score": arguments.min_detection_score})


@contextmanager
def naming_flags(kind: type[Exception] = ValueError) -> Iterator[None]:
    """Raise ValueErrors about parameters as errors about their flags."""
    try:
        yield
    except ValueError as error:
        name, colon, rest = str(error).partition(":")
        if not colon or name not in _NAMES:
            raise kind(str(error)) from error
        raise kind(f"{flag_of(name)}:{rest}") from error
