"""``trajvqa train``: one experiment on one data folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from trajtrack.cli.errors import Failure
from trajvqa.cli.progress import TrainingProgress
from trajvqa.cli.settings import add_settings_flag, chosen_experiment
from trajvqa.curves import draw_curves
from trajvqa.data_files import find_files
from trajvqa.training import train

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="train a model and answer the questions of the other splits",
        description="Train a model on the questions of DATA/train.csv, keep the epoch of the best accuracy on "
        "val.csv, and answer val.csv and, where there is one, test.csv. A run that was stopped goes on after its last "
        "whole epoch when the same command is given again.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", help="name of an experiment ('trajvqa models' lists them) or a .yaml file"
    )
    parser.add_argument("--data", required=True, metavar="DATA", help="the data folder")
    parser.add_argument("-o", "--output", required=True, metavar="RUN", help="folder for log, checkpoints and answers")
    add_settings_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    experiment = chosen_experiment(arguments.experiment, arguments.set)
    if experiment.settings.text == "glove" and find_files(arguments.data, "train").word_vectors is None:
        print(f"{arguments.data}: found no word vectors (glove*.txt); words begin as random numbers", file=sys.stderr)
    progress = TrainingProgress()
    try:
        result = train(experiment, arguments.data, arguments.output, progress)
    except ValueError as error:
        raise Failure(str(error)) from error
    except KeyboardInterrupt:
        progress.clear()
        print("stopped; the same command goes on after the last whole epoch", file=sys.stderr)
        raise
    finally:
        progress.clear()
    for split, accuracy in result.accuracies.items():
        print(f"{split}: {accuracy.percent:.2f} % of {accuracy.count} questions")
        print(accuracy.table())
        print()
    print(f"wrote {Path(arguments.output)}")
    try:
        draw_curves([Path(arguments.output) / "log.jsonl"], Path(arguments.output) / "curves.png")
    except ImportError as error:
        print(f"no picture of the curves: {error}")
    return False
