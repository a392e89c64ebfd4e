"""``trajtrack eval``: compare tracks in files with ground truth."""

from __future__ import annotations

import argparse
import re
from dataclasses import asdict, replace
from typing import Any

from trajtrack.cli.presets import PRESETS, apply_preset, choose_preset
from trajtrack.cli.reading import InputFile, add_format_flag, add_reading_flags, given_reading, read_inputs
from trajtrack.cli.tables import metrics_table
from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.inputs import distinct_names, expand
from trajtrack.console.output import print_json
from trajtrack.detections import Detections
from trajtrack.io import ReadFile
from trajtrack.metrics.evaluate import evaluate_from
from trajtrack.metrics.matching import Origin
from trajtrack.printable import escaped

__all__ = ["add_command"]

_DESCRIPTION = """\
Compare tracks with ground truth, using TrackEval: HOTA, CLEAR and identity
metrics, for each video and for all together.

Presets decide which annotations count:
  mot       MOTChallenge: pedestrians (class 1, or all rows if there are no
            classes) with flag 1, whatever the labels of the tracks; tracks on a
            person on a vehicle, a static person, a distractor or a reflection
            do not count
  mot20     the same; tracks on a vehicle without a motor do not count either
  kitti     cars and pedestrians; tracks on vans or sitting persons, in DontCare
            regions, or at most 25 pixels high do not count; truncated and
            occluded objects do, unlike in KITTI's own evaluation
  visdrone  classes 1 to 10 with flag 1; tracks on boxes with flag 0 or mostly
            in ignored regions (class 0) do not count
  none      every row counts, in its own class
  auto      the one that all files of ground truth suit: kitti if classes have
            KITTI's names; visdrone for that format; mot if all flags are 0 or 1
            and all classes 1 to 13, or some flag is 0 and there are no classes,
            as in a gt.txt; otherwise none
"""


def add_command(commands: Any) -> None:
    """Add the command to the program."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "eval",
        help="compare tracks with ground truth",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "one video": "trajtrack eval --gt out/demo/truth.txt out/demo/tracks.txt",
            "several videos, sorted by name": "trajtrack eval --gt 'truth/*.txt' 'tracks/*.txt' --json",
        },
    )
    parser.add_argument(
        "--gt",
        action="append",
        required=True,
        metavar="GT",
        help="ground truth: a file or a quoted pattern; repeat for several videos, in the order of the tracks",
    )
    parser.add_argument("tracks", nargs="+", metavar="TRACKS", help="file of tracks or a quoted pattern")
    add_format_flag(parser, "--gt-format", "format of the ground truth: {formats}; default: inferred from the file")
    add_format_flag(parser, "--format", "the same for the tracks")
    add_reading_flags(parser, "the ground truth", "gt-")
    add_reading_flags(parser, "the tracks")
    parser.add_argument("--video-name", metavar="NAME", help="video to read from files that hold several")
    parser.add_argument("--preset", choices=PRESETS, default="auto", help="which annotations count; default: auto")
    parser.add_argument("--class-agnostic", action="store_true", help="ignore labels")
    parser.add_argument(
        "--classes",
        action="append",
        metavar="NAMES",
        help="classes to evaluate, by name or number, separated by commas; default: all that the preset evaluates",
    )
    parser.add_argument(
        "--iou-threshold", type=float, default=0.5, metavar="X", help="minimum overlap of a match; default: 0.5"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    if not 0 < arguments.iou_threshold <= 1:
        raise UsageError(f"--iou-threshold: found {arguments.iou_threshold}, expected a number above 0 and up to 1")
    truths = [path for word in arguments.gt for path in expand([word]).paths]
    tracks = [path for word in arguments.tracks for path in expand([word]).paths]
    if len(truths) != len(tracks):
        raise UsageError(
            f"found {len(truths)} files of ground truth and {len(tracks)} of tracks, expected as many of each"
        )
    truth_reading = replace(given_reading(arguments, "gt-"), is_truth=True)
    files = [InputFile(path, arguments.gt_format, truth_reading) for path in truths]
    files += [InputFile(path, arguments.format, given_reading(arguments)) for path in tracks]
    inputs = [_with_identities(file) for file in read_inputs(files, arguments.video_name)]
    annotated, found = inputs[: len(truths)], inputs[len(truths) :]
    preset = choose_preset(annotated) if arguments.preset == "auto" else arguments.preset
    if arguments.classes is not None and (arguments.class_agnostic or preset in ("mot", "mot20")):
        reason = "--class-agnostic" if arguments.class_agnostic else f"preset {preset}"
        raise UsageError(f"--classes: found with {reason}, which ignores labels, expected one or the other")
    pairs = [(apply_preset(preset, file), own.detections) for file, own in zip(annotated, found, strict=True)]
    try:
        metrics = evaluate_from(
            pairs,
            [(_origin(file), _origin(own)) for file, own in zip(annotated, found, strict=True)],
            class_agnostic=arguments.class_agnostic,
            classes=_classes(arguments),
            iou_threshold=arguments.iou_threshold,
        )
    except ValueError as error:
        raise Failure(str(error)) from error
    videos = [
        {"gt": truth_path, "tracks": tracks_path, "preset": preset}
        for truth_path, tracks_path in zip(truths, tracks, strict=True)
    ]
    if arguments.json:
        print_json({"files": videos, "metrics": asdict(metrics)})
        return False
    for video in videos:
        print(escaped(f"{video['tracks']} against {video['gt']}, preset {video['preset']}"))
    names: dict[int, str] = {}
    for file in (*found, *annotated):
        names |= file.detections.label_names
    rows = dict(zip(distinct_names(tracks), metrics.videos, strict=False))
    if len(metrics.classes) > 1:
        rows |= {f"class {names.get(label, label)}": own for label, own in metrics.classes.items()}
    print()
    print(metrics_table({**rows, "all": metrics}))
    return False


def _classes(arguments: argparse.Namespace) -> list[int | str] | None:
    """Return the chosen classes; whole numbers are labels."""
    if arguments.classes is None:
        return None
    words = [word.strip() for given in arguments.classes for word in given.split(",")]
    return [int(word) if re.fullmatch(r"-?[0-9]{1,10}", word) else word for word in words]


def _with_identities(file: ReadFile) -> ReadFile:
    boxes = file.detections
    if len(boxes) == 0:
        return replace(file, detections=Detections([], [], [], num_frames=boxes.num_frames, track_ids=[]))
    if boxes.track_ids is None:
        raise Failure(f"{file.path}: found boxes without identities, expected tracks")
    return file


def _origin(file: ReadFile) -> Origin:
    return Origin(file.path, file.numbering.first_frame, file.numbering.first_id)
