"""Time the training step at the paper's size, with sentences as long as NExT-QA's, beside its lower bound.

    python benchmarks/train_step.py [--threads N] [--only WORDS] [--json FILE]

64 questions a step with 5 candidates, 16 clips of width 4096, 40 trajectories of width 1536, d = 256; random features.
Numbers of words are drawn from those of the 4,996 validation questions of NExT-QA (17.4 with question, candidate and
marks, at most 37 kept), in buckets of 8 steps (`training.bucket_steps`). The models are the paper's and HGA, with
GloVe words or BERT features, in float32 and bfloat16; *+ 5 a-* has five drawn negatives besides. *As in public code*
is `benchmarks/public_hga.py`.

The lower bound is the time of the step's matrix products alone, which are recorded and repeated with random numbers.
With one thread, times are of the processor, so that other programs change them little, and otherwise of the clock.
Steps of different batches are measured in several rounds; each case runs in a process of its own. If there is a GPU, it
is measured as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from link import markdown
from public_hga import PublicHga, looped_hinge_loss
from trajvqa import Inputs, ModelConfig, create_model
from trajvqa.config import NegativesConfig, TrainingConfig
from trajvqa.data.batches import Batch, QueryText, QuestionBatches
from trajvqa.data.negatives import draw_negatives
from trajvqa.data.queries import WordQueries
from trajvqa.datasets.questions import Questions
from trajvqa.stores import ClipsInMemory, TrajectoriesInMemory, VideoTrajectories
from trajvqa.text import Vocabulary
from trajvqa.training.losses import hinge_loss
from trajvqa.training.memory import keep_freed_memory
from trajvqa.training.order import epoch_order

QUESTIONS, VIDEOS, CANDIDATES, NEGATIVES, MAX_WORDS = 4096, 128, 5, 5, 37
CLIPS, TRAJECTORIES, FRAME_SIZE, TRAJECTORY_SIZE, TEXT_SIZE = 16, 40, 4096, 1536, 768
VOCABULARY, CLASSES = 6041, 600
BATCHES, ROUNDS = 3, 3
PUBLIC = "public"
BUCKET_STEPS = 8

# How many validation questions of NExT-QA have 3, 4, ... words, and how many candidates have 1, 2, ...
QUESTION_WORDS = (
    *(2, 82, 261, 219, 269, 436, 350, 432, 413, 463, 400, 428, 356, 287, 223, 144, 99, 55, 35, 25, 9, 6, 2),
)
CANDIDATE_WORDS = (5645, 5260, 6827, 4290, 1939, 856, 131, 28, 3, 1)


@dataclass(frozen=True)
class Case:
    model: str
    text: str
    negatives: bool
    precision: str
    device: str
    threads: int

    @property
    def name(self) -> str:
        model = {PUBLIC: "HGA as in public code", "hga": "HGA", "trajectory": "paper's model"}[self.model]
        return ", ".join([f"{model}{' + 5 a-' if self.negatives else ''}", self.text, self.precision, self.device])


def cases(threads: int) -> list[Case]:
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    models = [(PUBLIC, False), ("hga", False), ("trajectory", False), ("trajectory", True)]
    return [
        Case(model, text, negatives, precision, device, threads)
        for device in devices
        for model, negatives in models
        for text in ("glove", "bert")
        for precision in (("fp32",) if model == PUBLIC else ("fp32", "bf16"))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="number of threads of torch (default: 1)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only cases whose name has all of these words")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(measure(Case(**json.loads(arguments.case)))))
        return
    print(f"torch {torch.__version__}, {arguments.threads} thread(s), {platform.machine()}", file=sys.stderr)
    chosen = [each for each in cases(arguments.threads) if all(word in each.name for word in arguments.only.split())]
    # One process per case, so that the peak is its own.
    found = {}
    for case in chosen:
        found[case.name] = json.loads(_run(case))
        print(f"{case.name}: {statistics.median(found[case.name]['training']):.1f}", file=sys.stderr, flush=True)
    header = ["", "training, questions/s", "slowest to fastest round", "products alone, questions/s", "peak memory"]
    print(markdown(header, [[name, *_cells(row)] for name, row in found.items()]))
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(found, file, indent=2)


def _cells(row: dict[str, Any]) -> list[str]:
    rates = sorted(row["training"])
    return [
        f"{statistics.median(rates):.1f}",
        f"{rates[0]:.1f} to {rates[-1]:.1f}",
        f"{row['products']:.0f}",
        f"{row['peak_bytes'] / 2**30:.2f} GiB",
    ]


def _run(case: Case) -> str:
    command = [sys.executable, __file__, "--case", json.dumps(asdict(case))]
    # NumPy and torch read the number of threads when they are loaded.
    environment = os.environ | {"OMP_NUM_THREADS": str(case.threads), "MKL_NUM_THREADS": str(case.threads)}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def measure(case: Case) -> dict[str, Any]:
    device = torch.device(case.device)
    torch.set_num_threads(case.threads)
    if case.model != PUBLIC:
        keep_freed_memory()
    torch.manual_seed(0)
    questions = make_questions()
    inputs = Inputs(
        word_vectors=torch.randn(VOCABULARY, 300) if case.text == "glove" else None,
        text_size=TEXT_SIZE if case.text == "bert" else None,
        frame_size=FRAME_SIZE,
        trajectory_size=TRAJECTORY_SIZE,
        label_vectors=torch.randn(CLASSES, 300),
    )
    if case.model == PUBLIC:
        model: torch.nn.Module = PublicHga(inputs)
    else:
        model = create_model(case.model, ModelConfig(text=case.text), inputs)
    model.to(device).train()
    loss_of = looped_hinge_loss if case.model == PUBLIC else hinge_loss
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-5, fused=case.model != PUBLIC)
    precision = torch.autocast(device.type, torch.bfloat16) if case.precision == "bf16" else nullcontext()

    def step(batch: Batch) -> None:
        with precision:
            scores = model(batch)
        optimiser.zero_grad(set_to_none=True)
        loss_of(scores.float(), batch.answers).backward()
        optimiser.step()

    batches = read(questions, case, device)
    for batch in batches:
        step(batch)
    rounds = [seconds_of(lambda: [step(batch) for batch in batches], case) for _ in range(ROUNDS)]
    peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else _peak_bytes()
    with Products() as products:
        for batch in batches:
            step(batch)
    count = sum(len(batch.answers) for batch in batches)
    return {
        "training": [count / seconds for seconds in rounds],
        "products": count / min(seconds_of(products.repeat, case) for _ in range(ROUNDS)),
        "peak_bytes": peak,
    }


def seconds_of(work: Callable[[], object], case: Case) -> float:
    clock = time.process_time if case.threads == 1 and case.device == "cpu" else time.perf_counter
    start = clock()
    work()
    if case.device == "cuda":
        torch.cuda.synchronize()
    return clock() - start


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Products(TorchDispatchMode):
    """Records the matrix products of what runs in its context, and repeats them on random numbers."""

    _PRODUCTS = (torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.bmm, torch.ops.aten.baddbmm)

    def __init__(self) -> None:
        super().__init__()
        self._found: list[tuple[Any, list[tuple[Any, ...]]]] = []
        self._given: dict[tuple[Any, ...], Tensor] = {}

    def __torch_dispatch__(self, operation: Any, types: Any, given: Any = (), named: Any = None) -> Any:
        if operation.overloadpacket in self._PRODUCTS:
            factors = [each for each in given if isinstance(each, Tensor)][-2:]
            kinds = [(each.shape, each.stride(), each.dtype, each.device) for each in factors]
            self._found.append((torch.mm if factors[0].ndim == 2 else torch.bmm, kinds))
        return operation(*given, **(named or {}))

    def repeat(self) -> None:
        with torch.no_grad():
            for product, kinds in self._found:
                product(*map(self._random, kinds))

    def _random(self, kind: tuple[Any, ...]) -> Tensor:
        if kind not in self._given:
            shape, stride, dtype, device = kind
            self._given[kind] = torch.empty_strided(shape, stride, dtype=dtype, device=device).normal_()
        return self._given[kind]


def make_questions() -> Questions:
    rng = np.random.Generator(np.random.PCG64(0))
    questions = [_sentence(rng, count) for count in _drawn(rng, QUESTION_WORDS, 3, QUESTIONS)]
    candidates = [_sentence(rng, count) for count in _drawn(rng, CANDIDATE_WORDS, 1, QUESTIONS * CANDIDATES)]
    return Questions(
        videos=tuple(str(row % VIDEOS) for row in range(QUESTIONS)),
        qids=tuple(map(str, range(QUESTIONS))),
        types=("CW",) * QUESTIONS,
        questions=tuple(questions),
        candidates=tuple(tuple(candidates[row::QUESTIONS]) for row in range(QUESTIONS)),
        answers=rng.integers(CANDIDATES, size=QUESTIONS),
    )


def _drawn(rng: np.random.Generator, counts: tuple[int, ...], first: int, size: int) -> NDArray[np.int64]:
    return rng.choice(len(counts), size, p=np.array(counts) / sum(counts)) + first


def _sentence(rng: np.random.Generator, count: int) -> str:
    return " ".join(f"w{number}" for number in rng.integers(VOCABULARY - 4, size=count))


class FeatureQueries:
    """Random features in place of the words of questions and candidates."""

    def __init__(self, questions: Questions) -> None:
        self._words = WordQueries(questions, _vocabulary(), MAX_WORDS)
        self._features = torch.randn(VOCABULARY, TEXT_SIZE)

    def queries(self, *rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        words, mask = self._words.queries(*rows)
        return self._features[words] * mask.unsqueeze(-1), mask

    def tokens(self, row: int, candidate: int) -> None:
        return None


def _vocabulary() -> Vocabulary:
    return Vocabulary.from_tokens([[f"w{number}" for number in range(VOCABULARY - 4)]])


def read(questions: Questions, case: Case, device: torch.device) -> list[Batch]:
    """Return some batches of an epoch."""
    rng = np.random.Generator(np.random.PCG64(1))
    names = list(dict.fromkeys(questions.videos))
    text: QueryText
    text = WordQueries(questions, _vocabulary(), MAX_WORDS) if case.text == "glove" else FeatureQueries(questions)
    clips = {name: rng.standard_normal((CLIPS, FRAME_SIZE), np.float32) for name in names}
    trajectories = [_trajectories(name, rng) for name in names]
    data = QuestionBatches(
        questions,
        text,
        ClipsInMemory(clips),
        TrajectoriesInMemory(trajectories, [f"class {number}" for number in range(CLASSES)]),
        TRAJECTORIES,
    )
    if case.negatives:
        data.negatives = draw_negatives(questions, NegativesConfig("a", NEGATIVES), seed=0, epoch=1)
    config = TrainingConfig(bucket_steps=1 if case.model == PUBLIC else BUCKET_STEPS)
    order = epoch_order(data.lengths(), config, epoch=1)
    return [data[rows].to(device) for rows in order[:: len(order) // BATCHES][:BATCHES]]


def _trajectories(name: str, rng: np.random.Generator) -> VideoTrajectories:
    starts = np.sort(rng.random(TRAJECTORIES) * 0.5)
    return VideoTrajectories(
        video=name,
        features=rng.standard_normal((TRAJECTORIES, TRAJECTORY_SIZE), np.float32),
        spans=np.stack([starts, starts + 0.5], axis=1).astype(np.float32),
        labels=rng.integers(CLASSES, size=TRAJECTORIES).astype(np.int32),
        scores=rng.random(TRAJECTORIES, np.float32),
    )


if __name__ == "__main__":
    main()
