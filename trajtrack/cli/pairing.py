"""Pairs of ground truth and inputs on the command line, and the flags that say how to compare them."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, replace

from trajtrack.cli.presets import PRESETS, apply_preset, choose_preset
from trajtrack.cli.reading import InputFile, add_format_flag, add_reading_flags, given_reading, read_inputs
from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.inputs import expand
from trajtrack.detections import Detections
from trajtrack.io import ReadFile
from trajtrack.metrics import GroundTruth
from trajtrack.metrics.matching import Origin

__all__ = ["Pairs", "add_pair_flags", "origin_of", "read_pairs", "with_identities"]


@dataclass(frozen=True)
class Pairs:
    """Ground truth and inputs of one or more videos."""

    kind: str
    """What the inputs hold, such as "tracks"."""
    preset: str
    """Preset of all videos."""
    annotated: list[ReadFile]
    """Ground truth of each video as read."""
    truths: list[Detections | GroundTruth]
    """The same under the rules of the preset."""
    found: list[ReadFile]
    """Input of each video."""
    classes: list[int | str] | None
    """Classes to evaluate; None for all that the preset evaluates."""

    def as_reports(self) -> list[dict[str, str]]:
        """Return the paths and the preset of each video."""
        return [
            {"gt": truth.path, self.kind: own.path, "preset": self.preset}
            for truth, own in zip(self.annotated, self.found, strict=True)
        ]


def add_pair_flags(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add the inputs, which hold `kind`, their ground truth, how to read both and which annotations count."""
    parser.add_argument(
        "--gt",
        action="append",
        required=True,
        metavar="GT",
        help=f"ground truth: a file or a quoted pattern; repeat for several videos, in the order of the {kind}",
    )
    parser.add_argument("inputs", nargs="+", metavar=kind.upper(), help=f"file of {kind} or a quoted pattern")
    add_format_flag(parser, "--gt-format", "format of the ground truth: {formats}; default: inferred from the file")
    add_format_flag(parser, "--format", f"the same for the {kind}")
    add_reading_flags(parser, "the ground truth", "gt-")
    add_reading_flags(parser, f"the {kind}")
    parser.add_argument("--video-name", metavar="NAME", help="video to read from files that hold several")
    parser.add_argument("--preset", choices=PRESETS, default="auto", help="which annotations count; default: auto")
    parser.add_argument("--class-agnostic", action="store_true", help="ignore labels")
    parser.add_argument(
        "--classes",
        action="append",
        metavar="NAMES",
        help="classes to evaluate, by name or number, separated by commas; default: all that the preset evaluates",
    )


def read_pairs(arguments: argparse.Namespace, kind: str) -> Pairs:
    """Read what the flags of `add_pair_flags` name.

    Raises
    ------
    UsageError
        If there are not as many inputs as files of ground truth, or no preset suits them.
    Failure
        If a file cannot be read, or is no ground truth.
    """
    truth_paths = [path for word in arguments.gt for path in expand([word]).paths]
    paths = [path for word in arguments.inputs for path in expand([word]).paths]
    if len(truth_paths) != len(paths):
        raise UsageError(
            f"found {len(truth_paths)} files of ground truth and {len(paths)} of {kind}, expected as many of each"
        )
    truth_reading = replace(given_reading(arguments, "gt-"), is_truth=True)
    files = [InputFile(path, arguments.gt_format, truth_reading) for path in truth_paths]
    files += [InputFile(path, arguments.format, given_reading(arguments)) for path in paths]
    inputs = read_inputs(files, arguments.video_name)
    annotated = [with_identities(file) for file in inputs[: len(truth_paths)]]
    preset = choose_preset(annotated) if arguments.preset == "auto" else arguments.preset
    if arguments.classes is not None and (arguments.class_agnostic or preset in ("mot", "mot20")):
        reason = "--class-agnostic" if arguments.class_agnostic else f"preset {preset}"
        raise UsageError(f"--classes: found with {reason}, which ignores labels, expected one or the other")
    truths = [apply_preset(preset, file) for file in annotated]
    return Pairs(kind, preset, annotated, truths, inputs[len(truth_paths) :], _classes(arguments))


def with_identities(file: ReadFile) -> ReadFile:
    """Return the file with the identity of each box.

    Raises
    ------
    Failure
        If there is none.
    """
    boxes = file.detections
    if len(boxes) == 0:
        return replace(file, detections=Detections([], [], [], num_frames=boxes.num_frames, track_ids=[]))
    if boxes.track_ids is None:
        raise Failure(f"{file.path}: found boxes without identities, expected tracks")
    return file


def origin_of(file: ReadFile) -> Origin:
    """Return where the boxes of a file come from."""
    return Origin(file.path, file.numbering.first_frame, file.numbering.first_id)


def _classes(arguments: argparse.Namespace) -> list[int | str] | None:
    """Return the chosen classes; whole numbers are labels."""
    if arguments.classes is None:
        return None
    words = [word.strip() for given in arguments.classes for word in given.split(",")]
    return [int(word) if re.fullmatch(r"-?[0-9]{1,10}", word) else word for word in words]
