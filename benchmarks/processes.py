"""Measure whether training in several processes is the same training, and how much faster it is.

    trajvqa worlds worlds --train 200 --val 60 --test 150
    python benchmarks/processes.py worlds [--experiment NAME] [--epochs N] [--processes N ...] [--seeds N ...]

The same experiment is trained with each seed in each number of processes, which torchrun starts with one thread each,
one run after another. Differences are between runs of the same seed and those of the first number of processes. Times
are those of the whole command, with its start and the answers to the validation and test questions.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from link import machine, markdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA", help="data folder")
    parser.add_argument("--experiment", default="small/both", metavar="NAME", help="default: small/both")
    parser.add_argument("--epochs", type=int, default=16, metavar="N", help="default: 16")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], metavar="N", help="default: 1 2")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(6)), metavar="N", help="default: 0 to 5")
    arguments = parser.parse_args()
    print(f"{machine()['cpu']}; load of the machine {os.getloadavg()[0]:.1f}\n", flush=True)
    found: dict[int, list[tuple[float, ...]]] = {number: [] for number in arguments.processes}
    with tempfile.TemporaryDirectory() as folder:
        for seed in arguments.seeds:
            for number in arguments.processes:
                found[number].append(train(arguments, number, seed, Path(folder) / f"{number}-{seed}"))
                print(f"seed {seed}, {number} processes: {found[number][-1]}", file=sys.stderr, flush=True)
    print(table({number: np.array(runs) for number, runs in found.items()}))


def train(arguments: argparse.Namespace, processes: int, seed: int, run: Path) -> tuple[float, float, float]:
    """Return the accuracies on the validation and test questions in percent, and the seconds taken."""
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}", "--standalone"]
    command += ["-m", "trajvqa", "train", arguments.experiment, f"--data={arguments.data}", f"--output={run}", "--json"]
    command += [f"--set=training.{name}" for name in (f"seed={seed}", f"epochs={arguments.epochs}", "device=cpu")]
    threads = os.environ | {"OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=threads)
    seconds = time.perf_counter() - start
    accuracies = json.loads(done.stdout)["accuracies"]
    return 100 * accuracies["val"]["overall"], 100 * accuracies["test"]["overall"], seconds


def table(found: dict[int, NDArray[np.float64]]) -> str:
    first = next(iter(found.values()))
    rows = []
    for number, runs in found.items():
        row = [str(number)]
        for column in (0, 1):
            row.append(f"{runs[:, column].mean():.1f} ± {runs[:, column].std(ddof=1):.1f}")
            row.append("" if runs is first else difference(runs[:, column] - first[:, column]))
        rows.append([*row, f"{np.median(runs[:, 2]):.0f}"])
    minus = f"minus {next(iter(found))}: 95 % interval"
    return markdown(["processes", "val", minus, "test", minus, "seconds"], rows)


def difference(values: NDArray[np.float64]) -> str:
    """Return the mean of paired differences with its interval by Student's t."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():+.1f}: {values.mean() - half:+.1f} to {values.mean() + half:+.1f}"


if __name__ == "__main__":
    main()
