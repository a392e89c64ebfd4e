"""``trajvqa eval``: accuracy of files of predictions, and how sure it is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.output import output_path, print_json
from trajtrack.files.folders import make_folder
from trajtrack.plots import IMAGE_SUFFIXES
from trajtrack.printable import counted
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import Accuracy, accuracy_table, is_right, read_predictions, score
from trajvqa.evaluation.accuracy_chart import draw_accuracy
from trajvqa.evaluation.by_type import results_by_type
from trajvqa.evaluation.confusion import confusions
from trajvqa.evaluation.confusion_chart import draw_confusions
from trajvqa.evaluation.statistics import (
    LEVEL,
    RESAMPLES,
    SEED,
    bootstrap_interval,
    difference_interval,
    mcnemar,
    p_text,
)

__all__ = ["add_command"]

_DESCRIPTION = """\
Compare predictions with the correct answers, by question type, as NExT-QA's own
evaluation does.

Predictions are a JSON file {"<video>_<qid>": {"prediction": 0, "answer": 0},
...} with an entry for each question; entries of other questions are left out.
Its answers must be those of the table of questions, or -1.
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "eval",
        help="compare predictions with the correct answers",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        examples={
            "answers against the table of the questions": "trajvqa eval run/predictions_test.json worlds/test.csv",
            "what does the video add?": "trajvqa eval run/predictions_test.json worlds/test.csv --text-only text.json",
            "and a picture by question type": "trajvqa eval answers.json test.csv --text-only text.json --chart a.svg",
            "which answers are mixed up?": "trajvqa eval run/predictions_test.json worlds/test.csv --confusion b.svg",
        },
    )
    parser.add_argument("predictions", metavar="PREDICTIONS", help="file of predictions")
    parser.add_argument(
        "answers", metavar="ANSWERS", help="table of the questions, such as val.csv; - for standard input"
    )
    parser.add_argument(
        "--compare", metavar="OTHER", help="predictions of another model: is the difference significant?"
    )
    parser.add_argument(
        "--text-only", metavar="TEXT", help="predictions of a model that sees no video: what does the video add?"
    )
    parser.add_argument(
        "--chart",
        metavar="FILE",
        help="also draw the accuracy by question type, with --compare or --text-only beside that of the others: a "
        ".png, .svg or .pdf file",
    )
    parser.add_argument(
        "--confusion",
        metavar="FILE",
        help="also draw which answer is chosen in place of which, for question types whose answers are few, such as "
        "counts: a .png, .svg or .pdf file",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object, with shares instead of percentages and what the images show",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    images = {
        flag: output_path(f"--{flag}", value, IMAGE_SUFFIXES)
        for flag in ("chart", "confusion")
        if (value := getattr(arguments, flag)) is not None
    }
    if len({os.path.realpath(image) for image in images.values()}) < len(images):
        raise UsageError(f"--confusion: found {arguments.confusion!r}, expected another file than that of --chart")
    paths = {"compare": arguments.compare, "text_only": arguments.text_only}
    try:
        questions = read_questions("/dev/stdin" if arguments.answers == "-" else arguments.answers)
        predictions = _read(arguments.predictions, questions)
        others = {name: _read(path, questions) for name, path in paths.items() if path is not None}
    except ValueError as error:
        raise Failure(str(error)) from error
    _report(arguments, questions, predictions, others)
    # Last, so that what was measured is printed even if an image cannot be written.
    if "chart" in images:
        names = {f"{name.replace('_', ' ')}: {paths[name]}": other for name, other in others.items()}
        make_folder(images["chart"].parent)
        draw_accuracy({arguments.predictions: predictions, **names}, questions, images["chart"])
    if "confusion" in images:
        make_folder(images["confusion"].parent)
        try:
            draw_confusions(predictions, questions, images["confusion"], arguments.predictions)
        except ValueError as error:
            raise Failure(f"--confusion: {error}") from error
    return False


def _report(
    arguments: argparse.Namespace,
    questions: Questions,
    predictions: Mapping[str, int],
    others: Mapping[str, Mapping[str, int]],
) -> None:
    right = is_right(questions, predictions)
    interval = bootstrap_interval(right, questions.videos)
    accuracy = score(questions, predictions)
    accuracies = {name: score(questions, other) for name, other in others.items()}
    comparisons = {
        name: {"predictions": getattr(arguments, name)} | _compare(questions, right, is_right(questions, other))
        for name, other in others.items()
    }
    if arguments.json:
        report = {
            "predictions": arguments.predictions,
            "answers": arguments.answers,
            "accuracy": accuracy.to_dict() | {"interval": interval},
            **{name: {**each, "accuracy": accuracies[name].to_dict()} for name, each in comparisons.items()},
            "by_type": list(_by_type(questions, predictions, others)),
            "confusions": {
                each.kind: {"answers": each.texts, "chosen": each.chosen.tolist(), "offered": each.offered.tolist()}
                for each in confusions(questions, predictions)
            },
            "intervals": {"level": LEVEL, "resamples": RESAMPLES, "seed": SEED, "drawn": "videos"},
        }
        print_json(report)
        return
    videos = len(set(questions.videos))
    asked = f"{counted(len(questions), 'question')} of {counted(videos, 'video')}"
    print(f"{arguments.predictions} against {arguments.answers}: {asked}\n")
    rows = {"accuracy": accuracy, **accuracies}
    print(accuracy_table({f"{name.replace('_', ' ')}, %": each for name, each in rows.items()}))
    print()
    print("\n".join(_lines(accuracy, interval, comparisons)))


def _by_type(
    questions: Questions, predictions: Mapping[str, int], others: Mapping[str, Mapping[str, int]]
) -> Iterator[dict[str, Any]]:
    """Yield what the chart shows of each question type."""
    for result in results_by_type(questions, [is_right(questions, each) for each in (predictions, *others.values())]):
        accuracy, *accuracies = map(asdict, result.accuracies)
        differences, agreements = map(asdict, result.differences), map(asdict, result.agreements)
        yield {
            "title": result.title,
            "questions": result.questions,
            "videos": result.videos,
            "accuracy": accuracy,
            **{
                name: {"accuracy": own, "difference": difference, "agreement": agreement}
                for name, own, difference, agreement in zip(others, accuracies, differences, agreements, strict=True)
            },
        }


def _read(path: str, questions: Questions) -> dict[str, int]:
    """Read predictions of the questions, and note how many there are of others."""

    def note(count: int) -> None:
        left_out = counted(count, "prediction")
        print(f"{path}: left out {left_out} for questions that are not in {questions.source}", file=sys.stderr)

    return read_predictions(path, questions, note)


def _compare(questions: Questions, right: NDArray[np.bool_], other: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "difference": float(right.mean() - other.mean()),
        "interval": difference_interval(right, other, questions.videos),
        "p": mcnemar(right, other),
        "right_here_only": int((right & ~other).sum()),
        "right_there_only": int((other & ~right).sum()),
    }


def _lines(accuracy: Accuracy, interval: tuple[float, float], comparisons: dict[str, dict[str, Any]]) -> Iterator[str]:
    low, high = interval
    yield f"accuracy: {accuracy.percent:.2f} %, {100 * low:.2f} to {100 * high:.2f}"
    names = {"compare": "difference from", "text_only": "gain over text alone,"}
    for name, each in comparisons.items():
        low, high = each["interval"]
        yield (
            f"{names[name]} {each['predictions']}: {100 * each['difference']:+.2f} points, "
            f"{100 * low:+.2f} to {100 * high:+.2f}; McNemar's p {p_text(each['p'])} "
            f"({each['right_here_only']} correct here only, {each['right_there_only']} there only)"
        )
    yield (
        f"Intervals hold {100 * LEVEL:.0f} % of {RESAMPLES} bootstrap draws of whole videos, since questions about "
        "one video are not independent."
    )
