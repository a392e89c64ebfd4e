"""``trajvqa demo``: train on synthetic videos, with and without seeing them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from trajtrack.console.errors import Failure, UsageError
from trajvqa.cli.progress import TrainingProgress
from trajvqa.datasets.worlds import WorldsOptions, make_worlds
from trajvqa.evaluation.accuracy import Accuracy, accuracy_table
from trajvqa.experiments.files import read_experiment
from trajvqa.training.curves import draw_curves
from trajvqa.training.trainer import train

__all__ = ["add_command"]

_EXPERIMENTS = {"text only": "small/text-only", "frames and trajectories": "small/both"}


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="train on synthetic videos and compare with a text-only model",
        description="Make synthetic videos, train the text-only model and the model of frames and trajectories, and "
        "print their accuracies by question type. Finished runs are not repeated.",
        examples={
            "in a minute": "trajvqa demo -o small-demo --videos 20 --epochs 1",
        },
    )
    parser.add_argument("-o", "--output", default="out/vqa-demo", metavar="DIR", help="folder; default: out/vqa-demo")
    parser.add_argument("--videos", type=int, default=450, metavar="N", help="number of training videos; default: 450")
    parser.add_argument("--epochs", type=int, default=8, metavar="N", help="number of epochs; default: 8")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    for name in ("videos", "epochs"):
        if getattr(arguments, name) < 1:
            raise UsageError(f"--{name}: found {getattr(arguments, name)}, expected an integer of at least 1")
    folder = Path(arguments.output)
    few = max(arguments.videos // 5, 1)
    options = WorldsOptions(train=arguments.videos, val=few, test=few)
    statistics = make_worlds(folder / "worlds", options)
    for split, numbers in statistics.items():
        print(f"{split}: {numbers['videos']} videos, {numbers['questions']} questions")
    rows: dict[str, Accuracy] = {}
    logs = []
    for name, experiment in _EXPERIMENTS.items():
        chosen = read_experiment(experiment)
        chosen = replace(chosen, training=replace(chosen.training, epochs=arguments.epochs))
        progress = TrainingProgress(name)
        run = folder / f"{experiment.replace('/', '-')}-{arguments.epochs}-epochs-{arguments.videos}-videos"
        try:
            rows[name] = train(chosen, folder / "worlds", run, progress).accuracies["test"]
        except ValueError as error:
            raise Failure(str(error)) from error
        finally:
            progress.clear()
        logs.append(run / "log.jsonl")
    print("\ntest questions answered correctly, in percent:\n")
    print(accuracy_table(rows))
    image = folder / "curves.png"
    try:
        draw_curves(logs, image)
    except ImportError as error:
        print(f"curves not drawn: {error}")
    else:
        print(f"\nwrote {image}")
    return False
