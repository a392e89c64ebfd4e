"""``trajvqa predict``: the predictions of a trained model, or one question in detail."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from trajtrack.console.errors import Failure
from trajtrack.console.output import print_json
from trajvqa.answering import explain_question
from trajvqa.cli.answers import checkpoint_path, print_answer, row_of
from trajvqa.data.fingerprints import file_fingerprint, fingerprints
from trajvqa.evaluation.accuracy import score, write_predictions
from trajvqa.evaluation.predict import predict
from trajvqa.processes import FailedElsewhere, Processes, joined
from trajvqa.training.checkpoints import load_model
from trajvqa.training.recipes import open_split_for

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="answer the questions of a split, or show one question",
        description="Answer the questions of a split with a trained model and write the predictions in NExT-QA's form; "
        "the questions need no answers. Or show one question with the scores of its candidates and the trajectories "
        "that its words attend to most. Processes that torchrun starts share the questions of a split.",
        examples={
            "answer a split": "trajvqa predict run --data worlds -o predictions.json",
            "one question in detail": "trajvqa predict run --data worlds --question test-video3_2",
        },
    )
    parser.add_argument("checkpoint", metavar="RUN", help="folder of a run, or its best.pt")
    parser.add_argument("--data", required=True, metavar="DATA", help="the data folder")
    parser.add_argument("--split", default="test", metavar="NAME", help="split to answer; default: test")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", metavar="FILE", help="file of predictions to write")
    what.add_argument("--question", metavar="KEY", help="show the question VIDEO_QID")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    if arguments.question is not None:
        return _show_question(arguments)
    path = checkpoint_path(arguments.checkpoint)
    processes: Processes | None = None
    try:
        # The model is on the CPU.
        with joined("cpu") as processes:
            model, checkpoint = processes.together(lambda: load_model(path))
            data = processes.together(lambda: open_split_for(path, checkpoint, arguments.data, arguments.split))
            if processes.size > 1:
                checkpoint_file = {"checkpoint": file_fingerprint(path)}
                processes.require_equal(checkpoint_file | fingerprints(arguments.data, (arguments.split,)))
            chosen = predict(model, data, checkpoint.experiment.training, processes)
        if not processes.is_first:
            return False
        questions = data.questions
        predictions = dict(zip(questions.keys, chosen.tolist(), strict=True))
        write_predictions(arguments.output, questions, predictions)
    except ValueError as error:
        raise Failure(str(error)) from error
    except FailedElsewhere as error:
        if processes is not None and processes.is_first:
            raise Failure(str(error)) from error
        return True
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


def _show_question(arguments: argparse.Namespace) -> bool:
    path = checkpoint_path(arguments.checkpoint)
    try:
        model, checkpoint = load_model(path)
        data = open_split_for(path, checkpoint, arguments.data, arguments.split)
        answer = explain_question(model, data, row_of(data, arguments.question), checkpoint.experiment.training)
    except ValueError as error:
        raise Failure(str(error)) from error
    if arguments.json:
        print_json(answer.to_dict())
    else:
        print_answer(answer)
    return False
