"""Train the text-only model on multiple-choice questions made from NExT-OE, and answer NExT-QA's validation questions.

    python benchmarks/nextqa_text.py [--seeds 0 1 2] [--jobs N] [--json FILE]

NExT-QA's own training questions are not needed: each open question of NExT-OE's train.csv gets four distractors, drawn
from the answers to other questions of the same type. A tenth of its videos is held out to select the
epoch. Words have GloVe vectors if the file has them. The data are read from TRAJ_DATA (default: ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from trajvqa.config import ModelConfig, TrainingConfig
from trajvqa.datasets.nextqa import multiple_choice, read_open_ended, read_questions, write_questions
from trajvqa.evaluation.accuracy import is_right, read_predictions, score
from trajvqa.evaluation.statistics import bootstrap_interval
from trajvqa.experiments.files import read_experiment, read_table
from trajvqa.experiments.tables import run_table

DATA = Path(os.environ.get("TRAJ_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
DISTRACTOR_SEED = 0
VALIDATION_SHARE = 0.1
TYPES = ("CW", "CH", "TN", "TC", "DC", "DL", "DO", "C", "T", "D")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=1, help="number of runs at a time")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder / "data")
        rows = answer(folder, arguments)
    print_rows(rows)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=2) + "\n")


def make_folder(folder: Path) -> None:
    """Write train.csv and val.csv with the generated questions, split by video; test.csv is NExT-QA's val.csv."""
    folder.mkdir()
    generated = multiple_choice(read_open_ended(DATA / "nextoe" / "train.csv"), DISTRACTOR_SEED)
    videos = sorted(set(generated.videos))
    rng = np.random.Generator(np.random.PCG64(DISTRACTOR_SEED))
    held_out = set(rng.choice(videos, round(VALIDATION_SHARE * len(videos)), replace=False).tolist())
    is_held_out = np.array([video in held_out for video in generated.videos])
    write_questions(folder / "train.csv", generated.select(np.flatnonzero(~is_held_out)))
    write_questions(folder / "val.csv", generated.select(np.flatnonzero(is_held_out)))
    (folder / "test.csv").symlink_to(DATA / "nextqa" / "val.csv")
    (folder / "glove.txt").symlink_to(DATA / "glove" / "glove.tgif-subset.300d.txt")


def answer(folder: Path, arguments: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """Train with each seed; return accuracies in percent by type and overall, with an interval of the latter."""
    table = replace(read_table("1").only(["Text only, GloVe"]), split="test")
    (row,) = table.rows
    experiment = replace(
        read_experiment(row.experiment),
        settings=ModelConfig(hidden_size=128),
        training=TrainingConfig(epochs=arguments.epochs, learning_rate=1e-3, plateau_patience=0),
    )
    run_table(table, {row.name: experiment}, folder / "data", folder / "runs", arguments.seeds, arguments.jobs)
    questions = read_questions(folder / "data" / "test.csv")
    results = []
    for seed in arguments.seeds:
        run = folder / "runs" / f"{row.experiment.replace('/', '-')}-seed-{seed}"
        predictions = read_predictions(run / "predictions_test.json", questions)
        accuracy = score(questions, predictions)
        right = is_right(questions, predictions)
        low, high = bootstrap_interval(right, questions.videos, seed=0)
        shares = {**accuracy.types, **accuracy.groups}
        results.append(
            {"seed": seed, "All": accuracy.percent, "low": 100 * low, "high": 100 * high}
            | {name: 100 * shares[name] for name in TYPES}
        )
    return {"rows": results}


def print_rows(rows: dict[str, list[dict[str, float]]]) -> None:
    print(f"| seed | {' | '.join(TYPES)} | All | 95 % interval, by video |")
    print("|---|" + "---:|" * (len(TYPES) + 2))
    for row in rows["rows"]:
        cells = " | ".join(f"{row[name]:.2f}" for name in (*TYPES, "All"))
        print(f"| {row['seed']} | {cells} | {row['low']:.2f} to {row['high']:.2f} |")
    print("| paper, BERT | | | | | | | | 42.62 | 45.53 | 43.89 | 43.76 | |")


if __name__ == "__main__":
    main()
