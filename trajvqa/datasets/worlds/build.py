"""The benchmark *worlds*: synthetic videos with causal, temporal and descriptive questions, in NExT-QA's layout."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trajtrack.files.atomic import atomic_output
from trajvqa.datasets.nextqa.questions import read_questions, write_questions
from trajvqa.datasets.questions import Questions
from trajvqa.datasets.worlds.oracles import choose, seen_actors, seen_place
from trajvqa.datasets.worlds.questions import Question, ask, with_candidates
from trajvqa.datasets.worlds.video import (
    CLASSES,
    NUM_FRAMES,
    World,
    make_world,
    trajectory_features,
)
from trajvqa.stores.frame_features import write_frame_features
from trajvqa.stores.trajectories import write_trajectories
from trajvqa.text.tokenizer import tokenize

__all__ = ["WorldsOptions", "make_worlds"]

_MIX = {"CW": 4, "CH": 2, "T": 3, "DO": 2, "DC": 1, "DL": 1}
"""Most questions of a video by kind; causal to temporal to descriptive about as in NExT-QA."""
_FAR = 1
WORD_SIZE = 64
"""Numbers of a word's vector."""
_WORD_SEED = 64


@dataclass(frozen=True)
class WorldsOptions:
    """How large the benchmark is.

    Raises
    ------
    ValueError
        Naming the option, what was found and what was expected.
    """

    train: int = 450
    """Training videos."""
    val: int = 100
    """Validation videos."""
    test: int = 250
    """Test videos."""
    prior: float = 0.35
    """Share of actions that are habits of the actor's class, which the text gives away."""
    seed: int = 0
    """Seed of all chance."""

    def __post_init__(self) -> None:
        for name in ("train", "val", "test"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected at least 1")
        if not 0 <= self.prior <= 1:
            raise ValueError(f"prior: found {self.prior}, expected 0 to 1")
        if self.seed < 0:
            raise ValueError(f"seed: found {self.seed}, expected at least 0")


def make_worlds(folder: str | os.PathLike[str], options: WorldsOptions | None = None) -> dict[str, Any]:
    """Write the benchmark as a data folder.

    Parameters
    ----------
    folder
        Made where there is none.
    options
        How large; the defaults where left out.

    Returns
    -------
    Statistics by split: videos, questions by type, trajectories, and the share of questions that each oracle answers.
    They are also in ``worlds.json``.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    options = options or WorldsOptions()
    folder = Path(folder)
    for name in ("vid_feat", "traj_feat"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    statistics = {}
    first = 0
    for split in ("train", "val", "test"):
        count = getattr(options, split)
        statistics[split] = _write_split(folder, split, range(first, first + count), options)
        first += count
    _write_words(folder)
    with atomic_output(folder / "worlds.json") as file:
        file.write(json.dumps({"options": asdict(options), "statistics": statistics}, indent=2).encode() + b"\n")
    return statistics


@dataclass(frozen=True)
class _Asked:
    world: World
    question: Question
    candidates: tuple[str, ...]
    answer: int


def _write_split(folder: Path, split: str, numbers: Sequence[int], options: WorldsOptions) -> dict[str, Any]:
    rng = np.random.Generator(np.random.PCG64([options.seed, numbers[0]]))
    worlds = [make_world(f"world{number:05}", options.seed * 1_000_003 + number, options.prior) for number in numbers]
    asked = [each for world in worlds for each in _ask(world, rng)]
    questions = _as_questions(asked)
    write_questions(folder / f"{split}.csv", questions)
    write_frame_features(
        folder / "vid_feat" / f"app_mot_{split}.h5",
        [world.name for world in worlds],
        np.stack([world.clips for world in worlds]),
    )
    write_trajectories(
        folder / "traj_feat" / f"trajectories_{split}.h5",
        (trajectory_features(world) for world in worlds),
        CLASSES,
        tracker="trajtrack",
        detector="worlds",
    )
    lengths = [len(world.trajectories) for world in worlds]
    return {
        "videos": len(worlds),
        "questions": len(asked),
        "types": dict(sorted(Counter(questions.types).items())),
        "trajectories_per_video": sum(lengths) / len(lengths),
        "oracle_truth": float(np.mean(list(_right_by_truth(asked)))),
        "oracle_trajectories": float(np.mean(list(_right_by_trajectories(asked)))),
    }


def _write_words(folder: Path) -> None:
    """Write word vectors that know nothing of the appearances: random, of variance 1.

    Vectors as small as those of unknown words would make the first epochs idle.
    """
    texts = [text for split in ("train", "val", "test") for text in _texts(folder / f"{split}.csv")]
    words = sorted({word for text in texts for word in tokenize(text)} | set(CLASSES))
    rng = np.random.Generator(np.random.PCG64(_WORD_SEED))
    with atomic_output(folder / "glove.txt") as file:
        for word in words:
            vector = (rng.random(WORD_SIZE) * 2 - 1) * np.sqrt(3)
            file.write(f"{word} {' '.join(f'{number:.4f}' for number in vector)}\n".encode())


def _texts(path: Path) -> list[str]:
    questions = read_questions(path)
    return [*questions.questions, *(text for texts in questions.candidates for text in texts)]


def _ask(world: World, rng: np.random.Generator) -> Iterator[_Asked]:
    questions = ask(world.actors, world.place)
    taken: Counter[str] = Counter()
    told: set[str] = set()
    for number in rng.permutation(len(questions)).tolist():
        question = questions[number]
        kind = "T" if question.kind.startswith("T") else question.kind
        if taken[kind] >= _MIX[kind] or question.text in told:
            continue
        chosen = with_candidates(question, rng, _FAR)
        if chosen is not None:
            taken[kind] += 1
            told.add(question.text)
            yield _Asked(world, question, *chosen)


def _as_questions(asked: Sequence[_Asked]) -> Questions:
    count = len(asked)
    numbers: Counter[str] = Counter()
    qids = []
    for each in asked:
        qids.append(str(numbers[each.world.name]))
        numbers[each.world.name] += 1
    return Questions(
        videos=tuple(each.world.name for each in asked),
        qids=tuple(qids),
        types=tuple(each.question.kind for each in asked),
        questions=tuple(each.question.text for each in asked),
        candidates=tuple(each.candidates for each in asked),
        answers=np.array([each.answer for each in asked], np.int64),
        frame_counts=np.full(count, NUM_FRAMES, np.int64),
        widths=np.full(count, 1280, np.int64),
        heights=np.full(count, 720, np.int64),
    )


def _right_by_truth(asked: Sequence[_Asked]) -> Iterator[bool]:
    for each in asked:
        world = each.world
        yield choose(each.question.program, each.candidates, world.actors, world.place) == each.answer


def _right_by_trajectories(asked: Sequence[_Asked]) -> Iterator[bool]:
    seen = {each.world.name: (seen_actors(each.world), seen_place(each.world)) for each in asked}
    for each in asked:
        actors, place = seen[each.world.name]
        yield choose(each.question.program, each.candidates, actors, place) == each.answer
