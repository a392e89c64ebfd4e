"""``trajtrack eval``: compare tracks in files with ground truth."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from trajtrack.cli.pairing import add_pair_flags, origin_of, read_pairs, with_identities
from trajtrack.cli.tables import metrics_table
from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.inputs import distinct_names
from trajtrack.console.output import output_path, print_json
from trajtrack.files.folders import make_folder
from trajtrack.metrics.curves import draw_hota
from trajtrack.metrics.evaluate import evaluate_from
from trajtrack.plots import IMAGE_SUFFIXES
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
            "and a picture of HOTA over overlaps": "trajtrack eval --gt out/demo/truth.txt out/demo/tracks.txt "
            "--chart hota.svg",
            "several videos, sorted by name": "trajtrack eval --gt 'truth/*.txt' 'tracks/*.txt' --json",
        },
    )
    add_pair_flags(parser, "tracks")
    parser.add_argument(
        "--iou-threshold", type=float, default=0.5, metavar="X", help="minimum overlap of a match; default: 0.5"
    )
    parser.add_argument(
        "--chart", metavar="FILE", help="also draw HOTA over the overlap of a match: a .png, .svg or .pdf file"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    if not 0 < arguments.iou_threshold <= 1:
        raise UsageError(f"--iou-threshold: found {arguments.iou_threshold}, expected a number above 0 and up to 1")
    chart = None if arguments.chart is None else output_path("--chart", arguments.chart, IMAGE_SUFFIXES)
    pairs = read_pairs(arguments, "tracks")
    found = [with_identities(file) for file in pairs.found]
    try:
        metrics = evaluate_from(
            [(truth, own.detections) for truth, own in zip(pairs.truths, found, strict=True)],
            [(origin_of(file), origin_of(own)) for file, own in zip(pairs.annotated, found, strict=True)],
            class_agnostic=arguments.class_agnostic,
            classes=pairs.classes,
            iou_threshold=arguments.iou_threshold,
        )
    except ValueError as error:
        raise Failure(str(error)) from error
    names: dict[int, str] = {}
    for file in (*found, *pairs.annotated):
        names |= file.detections.label_names
    rows = dict(zip(distinct_names([file.path for file in found]), metrics.videos, strict=False))
    if len(metrics.classes) > 1:
        rows |= {f"class {names.get(label, label)}": own for label, own in metrics.classes.items()}
    rows["all"] = metrics
    videos = pairs.as_reports()
    if arguments.json:
        print_json({"files": videos, "metrics": asdict(metrics), "overlaps": metrics.curves.overlaps})
    else:
        for video in videos:
            print(escaped(f"{video['tracks']} against {video['gt']}, preset {video['preset']}"))
        print()
        print(metrics_table(rows))
    if chart is not None:
        make_folder(chart.parent)
        draw_hota(rows, chart)
    return False
