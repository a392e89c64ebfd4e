"""Measure how much more training data would help: test accuracy by share of the training videos.

    python benchmarks/learning_curve.py DATA [--experiment NAME] [--shares 0.25 0.5 1] [--seeds 0 1 2] [--jobs N]

DATA is a data folder, such as ``trajvqa vidvrd-questions`` writes. A model is trained on the questions of a share of
the training videos, with more epochs for smaller shares, so that all take about the same number of steps; a larger
share contains the videos of a smaller one. Test accuracy and accuracy on the training questions are those of the same
weights, from the epoch that was best on the validation split.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from link import markdown
from trajvqa.data.splits import open_split
from trajvqa.datasets.nextqa import read_questions, write_questions
from trajvqa.evaluation.predict import predict
from trajvqa.experiments.files import read_experiment
from trajvqa.training.checkpoints import load_model
from trajvqa.training.trainer import train

ORDER_SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--experiment", default="small/both")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.25, 0.5, 1.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1, help="number of runs at a time")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
        threads = max(torch.get_num_threads() // arguments.jobs, 1)
        work = partial(measure, arguments.experiment, threads)
        folders = {share: write_share(arguments.data, Path(name) / str(share), share) for share in arguments.shares}
        runs = [(share, seed) for share in arguments.shares for seed in arguments.seeds]
        found = pool.map(work, *zip(*((*run, folders[run[0]]) for run in runs), strict=True))
        rows = list(found)
    print(table(rows))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n")


def write_share(data: Path, folder: Path, share: float) -> Path:
    """Write a data folder with the questions of a share of the training videos, and links to all other files."""
    folder.mkdir()
    for path in data.iterdir():
        if path.name != "train.csv":
            (folder / path.name).symlink_to(path.resolve())
    questions = read_questions(data / "train.csv")
    videos = sorted(set(questions.videos))
    order = np.random.Generator(np.random.PCG64(ORDER_SEED)).permutation(len(videos))
    kept = {videos[index] for index in order[: round(share * len(videos))].tolist()}
    rows = np.flatnonzero([video in kept for video in questions.videos])
    write_questions(folder / "train.csv", questions.select(rows))
    return folder


def measure(name: str, threads: int, share: float, seed: int, data: Path) -> dict[str, float]:
    """Train; return the numbers of training videos and questions, and accuracies in percent on both splits."""
    torch.set_num_threads(threads)
    experiment = read_experiment(name)
    epochs = round(experiment.training.epochs / share)
    experiment = replace(experiment, training=replace(experiment.training, epochs=epochs, seed=seed))
    run = Path(f"{data}-run-{seed}")
    accuracy = train(experiment, data, run).accuracies["test"]
    model, checkpoint = load_model(run / "best.pt")
    trained = open_split(data, "train", experiment, checkpoint.schema)
    correct = predict(model, trained, experiment.training) == trained.questions.answers
    return {
        "share": share,
        "seed": seed,
        "videos": len(set(trained.questions.videos)),
        "questions": len(trained),
        "trained on": 100 * float(correct.mean()),
        "test": accuracy.percent,
    }


def table(rows: list[dict[str, float]]) -> str:
    cells = []
    for share in dict.fromkeys(row["share"] for row in rows):
        own = [row for row in rows if row["share"] == share]
        columns = [np.array([row[name] for row in own]) for name in ("trained on", "test")]
        spreads = [f"{values.mean():.1f} ± {values.std(ddof=1):.1f}" for values in columns]
        cells.append([f"{own[0]['videos']:,}", f"{own[0]['questions']:,}", *spreads])
    return markdown(["training videos", "questions", "accuracy on these", "on the test split"], cells)


if __name__ == "__main__":
    main()
