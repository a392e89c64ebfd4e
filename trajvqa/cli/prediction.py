"""``trajvqa predict``: the predictions of a trained model, or one question in detail."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trajtrack.console.errors import Failure, UsageError
from trajtrack.console.output import print_json
from trajvqa.data.batches import QuestionBatches
from trajvqa.data.folder import find_files
from trajvqa.data.splits import open_split
from trajvqa.evaluation.accuracy import score, write_predictions
from trajvqa.evaluation.predict import predict
from trajvqa.models.explanation import Explaining
from trajvqa.stores import TrajectoryStore
from trajvqa.training.checkpoints import load_model

__all__ = ["add_command"]

_SHOWN_TRAJECTORIES = 5


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="answer the questions of a split, or show one question",
        description="Answer the questions of a split with a trained model and write the predictions in NExT-QA's form; "
        "the questions need no answers. Or show one question with the scores of its candidates and the trajectories "
        "that its words attend to most.",
        examples={
            "answer a split": "trajvqa predict run/best.pt --data worlds -o predictions.json",
            "one question in detail": "trajvqa predict run/best.pt --data worlds --question test-video3_2",
        },
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="best.pt of a run")
    parser.add_argument("--data", required=True, metavar="DATA", help="the data folder")
    parser.add_argument("--split", default="test", metavar="NAME", help="split to answer; default: test")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", metavar="FILE", help="file of predictions to write")
    what.add_argument("--question", metavar="KEY", help="show the question VIDEO_QID")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    try:
        model, checkpoint = load_model(arguments.checkpoint)
        data = open_split(
            arguments.data, arguments.split, checkpoint.experiment, checkpoint.schema, require_answers=False
        )
        if arguments.question is not None:
            stores = find_files(arguments.data, arguments.split)
            found = _look_at(model, data, arguments.question, stores.trajectories)
            if arguments.json:
                print_json(found)
            else:
                _show(found)
            return False
        questions = data.questions
        chosen = predict(model, data, checkpoint.experiment.training)
        predictions = dict(zip(questions.keys, chosen.tolist(), strict=True))
        write_predictions(arguments.output, questions, predictions)
    except ValueError as error:
        raise Failure(str(error)) from error
    answered = questions.answered()
    accuracy = score(answered, predictions) if len(answered) else None
    if arguments.json:
        report = {"output": arguments.output, "split": arguments.split, "questions": len(questions)}
        print_json(report | {"accuracy": None if accuracy is None else accuracy.to_dict()})
        return False
    if accuracy is not None:
        print(f"{arguments.split}: {accuracy.percent:.2f} % of {accuracy.count} questions")
        print(accuracy.table())
    if len(answered) < len(questions):
        print(
            f"{arguments.split}: {len(questions) - len(answered)} questions without an answer, which no accuracy counts"
        )
    print(f"wrote {Path(arguments.output)}")
    return False


def _look_at(model: torch.nn.Module, data: QuestionBatches, key: str, store: Path | None) -> dict[str, Any]:
    """Return a question, its scores, and the trajectories that the words of the chosen candidate attend to most."""
    questions = data.questions
    if key not in questions.keys:
        raise UsageError(f"--question: found no {key!r}, expected VIDEO_QID as in {questions.keys[0]!r}")
    row = questions.keys.index(key)
    batch = data[np.array([row])]
    with torch.inference_mode():
        explained = model.explain(batch) if isinstance(model, Explaining) else None
        scores = model(batch) if explained is None else explained.scores
    chosen = int(scores[0].argmax())
    found = {
        "video": questions.videos[row],
        "qid": questions.qids[row],
        "type": questions.types[row],
        "question": questions.questions[row],
        "candidates": questions.candidates[row],
        "scores": scores[0].tolist(),
        "answer": int(questions.answers[row]) if questions.answers[row] >= 0 else None,
        "prediction": chosen,
    }
    if explained is None or explained.weights is None or store is None:
        return found
    seen = TrajectoryStore(store)
    read = seen.read([questions.videos[row]], data.max_trajectories)
    count, weights = int(read.mask.sum()), explained.weights[0, chosen].numpy()
    most = np.argsort(-weights, kind="stable")[: min(_SHOWN_TRAJECTORIES, count)].tolist()
    attention = [
        {
            "weight": float(weights[index]),
            "class": seen.classes[read.labels[0, index]],
            "span": read.spans[0, index].tolist(),
        }
        for index in most
    ]
    return {**found, "trajectories": count, "attention": attention}


def _show(found: dict[str, Any]) -> None:
    print(f"video {found['video']}, question {found['qid']} ({found['type']})")
    print(f"{found['question'].rstrip('?')}?\n")
    for index, (text, value) in enumerate(zip(found["candidates"], found["scores"], strict=True)):
        marks = ["correct"] * (index == found["answer"]) + ["chosen"] * (index == found["prediction"])
        print(f"{value:8.3f}  {text}" + (f"  <- {' and '.join(marks)}" if marks else ""))
    if "attention" not in found:
        return
    print(f"\nattention of the chosen candidate's words, of {found['trajectories']} trajectories:")
    for each in found["attention"]:
        start, end = each["span"]
        print(f"{100 * each['weight']:7.1f} %  {each['class']}, {100 * start:.0f} to {100 * end:.0f} % of the video")
