"""``trajvqa eval-grounding``: spans of time against annotated ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from trajtrack.console.errors import Failure
from trajtrack.console.output import print_json
from trajtrack.printable import counted
from trajvqa.datasets.nextgqa import Annotations, Span, read_annotations, read_spans
from trajvqa.datasets.nextqa import read_questions
from trajvqa.evaluation.accuracy import is_right, read_predictions
from trajvqa.evaluation.grounding import in_seconds, score_grounding

__all__ = ["add_command"]

_NOTED_SHARE = 0.9

_DESCRIPTION = """\
Compare spans of time with annotated ones, as NExT-GQA's own evaluation does.

Spans are a JSON file {"<video>_<qid>": [start, end], ...} in seconds; spans of
other questions are left out. Annotations are a file such as gsub_val.json.
Annotated questions without a span do not count, and their number is printed.
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "eval-grounding",
        help="compare spans of time with annotated ones",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "how well do the spans fit?": "trajvqa eval-grounding spans.json gsub.json",
            "how many answers are right, and seen?": (
                "trajvqa eval-grounding spans.json gsub.json --answers answers.json test.csv"
            ),
        },
    )
    parser.add_argument("spans", metavar="SPANS", help="file of predicted spans")
    parser.add_argument("annotations", metavar="GSUB", help="file of annotated spans, such as gsub_val.json")
    parser.add_argument(
        "--answers",
        nargs=2,
        metavar=("PREDICTIONS", "ANSWERS"),
        help="predictions and the table of the questions, as for 'trajvqa eval', for Acc@GQA",
    )
    parser.add_argument(
        "--shares", action="store_true", help="the spans are shares of the duration, as those of NExT-GQA's models"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, with shares instead of percentages")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    try:
        annotations = read_annotations(arguments.annotations)
        note = _noting(arguments.spans, "span", arguments.annotations)
        spans = read_spans(arguments.spans, annotations, note)
        if arguments.shares:
            try:
                spans = in_seconds(spans, annotations)
            except ValueError as error:
                raise ValueError(f"{arguments.spans}: {error}") from error
        else:
            _note_other_units(arguments.spans, spans, annotations)
        right = None
        if arguments.answers is not None:
            predictions, answers = arguments.answers
            questions = read_questions(answers)
            found = read_predictions(predictions, questions, _noting(predictions, "prediction", answers))
            right = dict(zip(questions.keys, is_right(questions, found).tolist(), strict=True))
            unknown = [key for key in spans if key not in right]
            if unknown:
                raise ValueError(
                    f"{answers}: found no question {unknown[0]}, expected all {len(spans)} that have a span"
                )
        grounding = score_grounding(annotations, spans, right)
    except ValueError as error:
        raise Failure(str(error)) from error
    if arguments.json:
        print_json({"spans": arguments.spans, "annotations": arguments.annotations} | grounding.to_dict())
        return False
    videos = len({annotations.videos[key] for key in spans})
    asked = f"{counted(grounding.count, 'question')} of {counted(videos, 'video')}"
    print(f"{arguments.spans} against {arguments.annotations}: {asked}")
    if grounding.missing:
        missing = counted(grounding.missing, "annotated question")
        print(f"{missing} without a span {'does' if grounding.missing == 1 else 'do'} not count")
    print(f"\n{grounding.table()}")
    return False


def _note_other_units(path: str, spans: Mapping[str, Span], annotations: Annotations) -> None:
    """Say so if spans look like shares of the duration, or like frames."""
    early = sum(end <= 1 for _, end in spans.values())
    if early >= _NOTED_SHARE * len(spans):
        what = f"{early} of {counted(len(spans), 'span')} end in the first second; --shares reads shares"
        print(f"{path}: {what}", file=sys.stderr)
    # Durations are rounded.
    late = sum(start > annotations.durations[annotations.videos[key]] + 1 for key, (start, _) in spans.items())
    if late:
        what = f"{late} of {counted(len(spans), 'span')} start after the end of the video; expected seconds"
        print(f"{path}: {what}", file=sys.stderr)


def _noting(path: str, what: str, source: str) -> Callable[[int], None]:
    """Return what notes how many entries of a file are of other questions."""

    def note(count: int) -> None:
        print(f"{path}: left out {counted(count, what)} for questions that are not in {source}", file=sys.stderr)

    return note
