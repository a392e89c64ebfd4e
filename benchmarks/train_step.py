"""Time the forward pass and the training step of the paper's model at the paper's size.

    python benchmarks/train_step.py [--json FILE]

Random features: B=64 questions, C=5 candidates and 5 drawn negatives, L=37 words, N=16 clips of width 4096, K=40
trajectories of width 1536, d=256. Measured in float32 and bfloat16 on the CPU and on a GPU if there is one, there also
compiled. Peak memory on the CPU is that of the process, including Python and torch; on the GPU it is what torch
allocated.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch

from trajvqa import Inputs, ModelConfig, create_model
from trajvqa.data.batches import Batch
from trajvqa.training.losses import hinge_loss

QUESTIONS, CANDIDATES, NEGATIVES, WORDS, CLIPS, TRAJECTORIES = 64, 5, 5, 37, 16, 40
FRAME_SIZE, TRAJECTORY_SIZE, VOCABULARY, CLASSES = 4096, 1536, 6041, 600
REPEATS = 7


@dataclass(frozen=True)
class Case:
    device: str
    precision: str
    compiled: bool

    @property
    def name(self) -> str:
        return f"{self.device} {self.precision}{' compiled' if self.compiled else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(measure(Case(**json.loads(arguments.case)))))
        return
    cases = [Case("cpu", precision, compiled) for precision, compiled in (("fp32", False), ("bf16", False))]
    if torch.cuda.is_available():
        cases += [Case("cuda", precision, compiled) for precision in ("fp32", "bf16") for compiled in (False, True)]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}", file=sys.stderr)
    # One process per case, so that the peak is its own.
    rows = {case.name: json.loads(_run(case)) for case in cases}
    print("| | forward, questions/s | training, questions/s | slowest to fastest step | peak memory |")
    print("|---|---:|---:|---:|---:|")
    for name, row in rows.items():
        spread = f"{row['training_seconds'][0]:.3f} to {row['training_seconds'][-1]:.3f} s"
        memory = f"{row['peak_bytes'] / 2**30:.2f} GiB"
        print(f"| {name} | {row['forward']:.0f} | {row['training']:.0f} | {spread} | {memory} |")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(rows, file, indent=2)


def _run(case: Case) -> str:
    command = [sys.executable, __file__, "--case", json.dumps(asdict(case))]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measure(case: Case) -> dict[str, Any]:
    device = torch.device(case.device)
    torch.manual_seed(0)
    inputs = Inputs(
        word_vectors=torch.randn(VOCABULARY, 300),
        frame_size=FRAME_SIZE,
        trajectory_size=TRAJECTORY_SIZE,
        label_vectors=torch.randn(CLASSES, 300),
    )
    model = create_model("trajectory", ModelConfig(), inputs).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-5)
    run = torch.compile(model) if case.compiled else model
    precision = torch.autocast(device.type, torch.bfloat16) if case.precision == "bf16" else nullcontext()
    asked, trained = make_batch(CANDIDATES).to(device), make_batch(CANDIDATES + NEGATIVES).to(device)

    def forward() -> None:
        with torch.inference_mode(), precision:
            run(asked)

    def step() -> None:
        with precision:
            scores = run(trained)
        optimiser.zero_grad(set_to_none=True)
        hinge_loss(scores.float(), trained.answers).backward()
        optimiser.step()

    model.eval()
    forward_seconds = seconds_of(forward, device)
    model.train()
    training_seconds = seconds_of(step, device)
    return {
        "forward": QUESTIONS / statistics.median(forward_seconds),
        "training": QUESTIONS / statistics.median(training_seconds),
        "training_seconds": sorted(training_seconds),
        "peak_bytes": torch.cuda.max_memory_allocated()
        if device.type == "cuda"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def seconds_of(work: Any, device: torch.device) -> list[float]:
    """Return the times of a few runs, after one for warming up."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return times[1:]


def make_batch(candidates: int) -> Batch:
    return Batch(
        words=torch.randint(4, VOCABULARY, (QUESTIONS, candidates, WORDS)),
        word_mask=torch.ones(QUESTIONS, candidates, WORDS, dtype=torch.bool),
        answers=torch.randint(CANDIDATES, (QUESTIONS,)),
        rows=torch.arange(QUESTIONS),
        frames=torch.randn(QUESTIONS, CLIPS, FRAME_SIZE),
        trajectories=torch.randn(QUESTIONS, TRAJECTORIES, TRAJECTORY_SIZE),
        trajectory_labels=torch.randint(CLASSES, (QUESTIONS, TRAJECTORIES)),
        trajectory_spans=torch.rand(QUESTIONS, TRAJECTORIES, 2),
        trajectory_mask=torch.ones(QUESTIONS, TRAJECTORIES, dtype=torch.bool),
    )


if __name__ == "__main__":
    main()
