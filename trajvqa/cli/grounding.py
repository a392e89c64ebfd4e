"""``trajvqa ground``: when in the video a model sees its answers."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.output import print_json
from trajvqa.answering.grounded import ATTENDED, ground
from trajvqa.cli.answers import checkpoint_path
from trajvqa.datasets.nextgqa import read_annotations, read_frame_times, write_spans
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.attended_spans import Moments, equal_parts, sampled_frames
from trajvqa.training.checkpoints import load_model
from trajvqa.training.recipes import open_split_for

__all__ = ["add_command"]

_DESCRIPTION = """\
Write the span of time behind each answer of a split, in the form of NExT-GQA's
evaluation: what the model attends to most when it chooses the answer. Attention
to a clip counts in its part of the video, that to a trajectory in its lifetime;
NExT-GQA's post-hoc rule makes them a span.

The model must have such attention, as the models trajectory and hq-gau do, or
say what its scores come from, as l-gcn does.
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "ground",
        help="write the span of time behind each answer of a split",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "spans in videos of 25 frames a second": "trajvqa ground run --data worlds --frame-rate 25 -o spans.json",
        },
    )
    parser.add_argument("checkpoint", metavar="RUN", help="folder of a run, or its best.pt")
    parser.add_argument("--data", required=True, metavar="DATA", help="the data folder")
    parser.add_argument("--split", default="test", metavar="NAME", help="split to ground; default: test")
    times = parser.add_mutually_exclusive_group(required=True)
    times.add_argument(
        "--durations", metavar="GSUB", help="take the durations of videos from annotations, such as gsub_val.json"
    )
    times.add_argument(
        "--frame-times", metavar="TIMES", help="take the times of sampled frames, such as frame2time_val.json"
    )
    times.add_argument(
        "--frame-rate", type=float, metavar="X", help="frames per second of the frame counts of the questions"
    )
    parser.add_argument("--attention", choices=ATTENDED, help="attention to use; default: all that the model has")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="file of spans to write")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    rate = arguments.frame_rate
    if rate is not None and not 0 < rate < math.inf:
        raise UsageError(f"--frame-rate: found {rate}, expected a number above 0")
    path = checkpoint_path(arguments.checkpoint)
    try:
        model, checkpoint = load_model(path)
        data = open_split_for(path, checkpoint, arguments.data, arguments.split)
        moments = _moments(arguments, data.questions)
        spans = ground(model, data, checkpoint.experiment, moments, arguments.attention)
        write_spans(arguments.output, spans)
    except ValueError as error:
        raise Failure(str(error)) from error
    left_out = len(data.questions) - len(spans)
    if arguments.json:
        print_json({"output": arguments.output, "split": arguments.split, "spans": len(spans), "left_out": left_out})
        return False
    if left_out:
        source = arguments.durations or arguments.frame_times
        print(f"{source}: left out {left_out} questions about videos that are not in it", file=sys.stderr)
    print(f"{arguments.split}: {len(spans)} spans\nwrote {arguments.output}")
    return False


def _moments(arguments: argparse.Namespace, questions: Questions) -> dict[str, Moments]:
    """Return the moments of the videos, from what the command line names."""
    if arguments.frame_times is not None:
        times = read_frame_times(arguments.frame_times)
        moments = {video: sampled_frames(each) for video, each in times.items()}
    elif arguments.durations is not None:
        durations = read_annotations(arguments.durations).durations
        moments = {video: equal_parts(each) for video, each in durations.items()}
    else:
        counts = questions.video_facts()[0].tolist()
        lengths = dict(zip(questions.videos, counts, strict=True))
        moments = {video: equal_parts(count / arguments.frame_rate) for video, count in lengths.items()}
    if moments.keys().isdisjoint(questions.videos):
        raise ValueError(
            f"{arguments.frame_times or arguments.durations}: found none of the videos of {questions.source}, "
            f"expected some, such as {questions.videos[0]}"
        )
    return moments
