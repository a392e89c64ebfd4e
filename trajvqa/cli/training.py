"""``trajvqa train``: train one experiment on one data folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from trajtrack.console.errors import Failure
from trajtrack.console.output import print_json
from trajtrack.console.running import Terminated
from trajvqa.cli.progress import TrainingProgress
from trajvqa.cli.settings import add_settings_flag, chosen_experiment
from trajvqa.config import Experiment
from trajvqa.data.folder import find_files
from trajvqa.models import streams_of
from trajvqa.processes import FailedElsewhere, Processes, joined
from trajvqa.stores import open_trajectories
from trajvqa.training.curves import draw_curves
from trajvqa.training.trainer import train

__all__ = ["add_command"]

_NOTED_SHARE = 0.01


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="train a model and answer the questions of the other splits",
        description="Train a model on the questions of DATA/train.csv, keep the epoch with the best accuracy on "
        "val.csv, and answer val.csv and test.csv (if there is one). An interrupted run resumes after its last "
        "complete epoch if the same command is given again. Several GPUs or processes train together if torchrun "
        "starts them ('torchrun --nproc-per-node 2 -m trajvqa train ...'); another number of them may resume.",
        examples={
            "on synthetic videos, which 'trajvqa worlds' makes": "trajvqa train small/both --data worlds -o run",
            "with other settings": "trajvqa train small/both --data worlds -o run2 --set training.epochs=1",
        },
    )
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", help="name of an experiment ('trajvqa models' lists them) or a .yaml file"
    )
    parser.add_argument("--data", required=True, metavar="DATA", help="the data folder")
    parser.add_argument("-o", "--output", required=True, metavar="RUN", help="folder for log, checkpoints, predictions")
    add_settings_flag(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    experiment = chosen_experiment(arguments.experiment, arguments.set)
    progress = TrainingProgress()
    processes: Processes | None = None
    try:
        with joined(experiment.training.device) as processes:
            files = processes.together(lambda: find_files(arguments.data, "train"))
            if experiment.settings.text == "glove" and files.word_vectors is None and processes.is_first:
                print(
                    f"{arguments.data}: found no word vectors (glove*.txt); words start from random vectors",
                    file=sys.stderr,
                )
            if processes.is_first:
                _note_left_out(files.trajectories, experiment)
            result = train(experiment, arguments.data, arguments.output, progress, processes=processes)
    except ValueError as error:
        raise Failure(str(error)) from error
    except FailedElsewhere as error:
        if processes is not None and processes.is_first:
            raise Failure(f"{error}; the same command resumes after the last complete epoch") from error
        return True
    except (KeyboardInterrupt, Terminated):
        progress.clear()
        if processes is None or processes.is_first:
            print("interrupted; the same command resumes after the last complete epoch", file=sys.stderr)
        raise
    finally:
        progress.clear()
    if not processes.is_first:
        return False
    if arguments.json:
        accuracies = {split: accuracy.to_dict() for split, accuracy in result.accuracies.items()}
        print_json({"run": arguments.output, "accuracies": accuracies})
    else:
        for split, accuracy in result.accuracies.items():
            print(f"{split}: {accuracy.percent:.2f} % of {accuracy.count} questions")
            print(accuracy.table())
            print()
        if "test" not in result.accuracies and (Path(arguments.output) / "predictions_test.json").exists():
            print("test: found no answers, so the predictions have no accuracy\n")
        print(f"wrote {Path(arguments.output)}")
    try:
        draw_curves([Path(arguments.output) / "log.jsonl"], Path(arguments.output) / "curves.png")
    except (ImportError, ValueError) as error:  # a log may hold numbers that no axis has room for
        print(f"curves not drawn: {error}", file=sys.stderr)
    return False


def _note_left_out(path: Path | None, experiment: Experiment) -> None:
    """Say so if a file has no trajectories, or if their limit hides some from the model."""
    if path is None or "trajectory" not in streams_of(experiment.model, experiment.settings):
        return
    store, limit = open_trajectories(path), experiment.settings.max_trajectories
    total = int(store.counts.sum())
    if not total:
        print(f"{path}: found no trajectory of any video; the model sees none", file=sys.stderr)
        return
    share = store.left_out(limit) / total
    if share >= _NOTED_SHARE:
        print(f"{path}: settings.max_trajectories={limit} leaves out {100 * share:.0f} % of the rows", file=sys.stderr)
