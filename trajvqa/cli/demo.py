"""``trajvqa demo``: train on synthetic videos, with and without seeing them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from trajtrack.console.errors import Failure, UsageError
from trajvqa.answering import write_answers_page
from trajvqa.answering.asking import Answerer, remembering
from trajvqa.cli.answers import print_answer
from trajvqa.cli.progress import TrainingProgress
from trajvqa.cli.worlds import print_oracles
from trajvqa.data.folder import QUESTIONS
from trajvqa.datasets.events import EventsOptions, make_events
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.shapes import ShapesOptions, make_shapes, see
from trajvqa.datasets.worlds import WorldsOptions, make_worlds
from trajvqa.evaluation.accuracy import Accuracy, accuracy_table
from trajvqa.experiments.files import read_experiment
from trajvqa.training.checkpoints import load_model
from trajvqa.training.curves import draw_curves
from trajvqa.training.trainer import train

__all__ = ["add_command"]

_WORLDS = {"text only": "small/text-only", "frames and trajectories": "small/both"}
_SHAPES = {"text only": "small/text-only", "trajectories": "small/trajectories"}
_MANY, _FEW = 450, 130
_EPOCHS, _EPOCHS_OF_FEW = 8, 14
_TYPED = 3
"""Number of questions that are asked one by one about a film."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="train on synthetic videos and compare with a text-only model",
        description="Make synthetic videos, train the text-only model and the model of frames and trajectories, and "
        "print their accuracies by question type, then what an oracle answers with and without links on worlds of "
        "events. Finished runs are not repeated. With --video the videos are files: "
        "small films of coloured shapes are rendered, the shapes detected in their pixels and linked, and questions "
        "about a film that no model has seen are answered on a page.",
        examples={
            "in a minute": "trajvqa demo -o small-demo --videos 20 --epochs 1",
            "from pixels to answers": "trajvqa demo --video -o small-film-demo --videos 8 --epochs 1",
        },
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="folder; default: out/vqa-demo or out/video-demo")
    parser.add_argument("--video", action="store_true", help="begin with video files instead of synthetic features")
    parser.add_argument(
        "--videos", type=int, metavar="N", help=f"number of training videos; default: {_MANY}, with --video {_FEW}"
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help=f"number of epochs; default: {_EPOCHS}, with --video {_EPOCHS_OF_FEW}"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> bool:
    for name in ("videos", "epochs"):
        given = getattr(arguments, name)
        if given is not None and given < 1:
            raise UsageError(f"--{name}: found {given}, expected an integer of at least 1")
    if arguments.video:
        folder = Path(arguments.output or "out/video-demo")
        # Steps of so small a model are not faster on more threads, and much slower where cores are busy.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            _from_pixels(folder, arguments.videos or _FEW, arguments.epochs or _EPOCHS_OF_FEW)
        finally:
            torch.set_num_threads(threads)
    else:
        folder = Path(arguments.output or "out/vqa-demo")
        _from_features(folder, arguments.videos or _MANY, arguments.epochs or _EPOCHS)
    return False


def _from_features(folder: Path, videos: int, epochs: int) -> None:
    few = max(videos // 5, 1)
    statistics = make_worlds(folder / "worlds", WorldsOptions(train=videos, val=few, test=few))
    for split, numbers in statistics.items():
        print(f"{split}: {numbers['videos']} videos, {numbers['questions']} questions")
    _train(_WORLDS, folder / "worlds", {"epochs": epochs}, f"{epochs}-epochs-{videos}-videos")
    print(
        "\nworlds of events, where it takes links to tell who did what when:\n"
        "questions that an oracle answers, in percent, from linked objects, clip by clip\n"
        "or pooled, and from the same objects without links between clips ('segments')\n",
        flush=True,
    )
    events = make_events(folder / "events", EventsOptions(train=2, val=1, test=few, tracks="flow"))
    print_oracles(events["test"]["oracles"])


def _from_pixels(folder: Path, videos: int, epochs: int) -> None:
    few = max(videos // 5, 1)
    print("rendering films of coloured shapes, detecting and linking the shapes", flush=True)
    sizes = make_shapes(folder / "shapes", ShapesOptions(train=videos, val=few, test=few))
    for split, size in sizes.items():
        print(f"{split}: {videos if split == 'train' else few} videos, {size} questions")
    settings = {"epochs": epochs, "batch_size": 32, "learning_rate": 2e-3, "plateau_patience": 6}
    runs = _train(_SHAPES, folder / "shapes", settings, f"{epochs}-epochs-{videos}-videos")
    model, checkpoint = load_model(runs["trajectories"] / "best.pt")
    answerer = Answerer(model.eval(), checkpoint.experiment, checkpoint.schema, remembering(see), None)
    questions = read_questions(QUESTIONS.output(folder / "shapes", "test"))
    video = folder / "shapes" / "videos" / f"{questions.videos[0]}.mp4"
    print(f"\n{video}, which was not trained on")
    for row in range(min(_TYPED, questions.videos.count(questions.videos[0]))):
        candidates = list(questions.candidates[row])
        correct = candidates[questions.answers[row]]
        # Two to any number of candidates can be asked for.
        for wrong in [each for each in candidates if each != correct][:row]:
            candidates.remove(wrong)
        answer, shown = answerer.ask(video, questions.questions[row], candidates)
        print()
        print_answer(answer)
        print(f"correct answer: {correct}")
        page = folder / f"answer{row + 1}.html"
        write_answers_page(page, [("trajectories", answer)], shown, images=video)
        print(f"wrote {page}")


def _train(experiments: dict[str, str], data: Path, settings: dict[str, Any], suffix: str) -> dict[str, Path]:
    """Train the experiments, print their accuracies and draw their curves; return the folders of the runs."""
    rows: dict[str, Accuracy] = {}
    runs: dict[str, Path] = {}
    for name, experiment in experiments.items():
        chosen = read_experiment(experiment)
        chosen = replace(chosen, training=replace(chosen.training, **settings))
        progress = TrainingProgress(name)
        runs[name] = data.parent / f"{experiment.replace('/', '-')}-{suffix}"
        try:
            rows[name] = train(chosen, data, runs[name], progress).accuracies["test"]
        except ValueError as error:
            raise Failure(f"{error}; remove {data.parent}, or name another folder with -o") from error
        finally:
            progress.clear()
    print("\ntest questions answered correctly, in percent:\n")
    print(accuracy_table(rows))
    image = data.parent / "curves.png"
    try:
        draw_curves([run / "log.jsonl" for run in runs.values()], image)
    except ImportError as error:
        print(f"curves not drawn: {error}")
    else:
        print(f"\nwrote {image}")
    return runs
