"""The benchmark *worlds*: synthetic videos with causal, temporal and descriptive questions, in NExT-QA's layout."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trajtrack.option_fields import check_options, choice, count, number
from trajvqa.data.folder import QUESTIONS, SMALL_WORD_VECTORS, SPLITS
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import Questions
from trajvqa.datasets.random_words import write_random_words
from trajvqa.datasets.worlds.files import write_split, write_statistics
from trajvqa.datasets.worlds.oracles import answer_question, observed_actors, observed_place
from trajvqa.datasets.worlds.questions import Question, draft_questions, with_candidates
from trajvqa.datasets.worlds.video import (
    CLASSES,
    NUM_FRAMES,
    World,
    make_world,
)
from trajvqa.stores import LINKS
from trajvqa.text import tokenize

__all__ = ["WorldsOptions", "make_worlds"]

_MIX = {"CW": 4, "CH": 2, "T": 3, "DO": 2, "DC": 1, "DL": 1}
"""Maximum number of questions of a video by type; the shares of causal, temporal and descriptive questions resemble
those of NExT-QA."""
_FAR = 1


@dataclass(frozen=True)
class WorldsOptions:
    """Size of the benchmark, and how much its text gives away.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    train: int = count(450, 1, 10**6, "Number of training videos.")
    val: int = count(100, 1, 10**6, "Number of validation videos.")
    test: int = count(250, 1, 10**6, "Number of test videos.")
    prior: float = number(
        0.35, 0.0, 1.0, "Share of actions that are habits of the actor's class, which the text gives away."
    )
    links: str = choice("all", LINKS, "Links between a trajectory's detections that are kept, one of `LINKS`.")
    seed: int = count(0, 0, 2**31 - 1, "Seed of the random number generators.")

    def __post_init__(self) -> None:
        check_options(self)


def make_worlds(folder: str | os.PathLike[str], options: WorldsOptions | None = None) -> dict[str, Any]:
    """Write the benchmark as a data folder.

    Parameters
    ----------
    folder
        The folder to write, created if it does not exist.
    options
        Options; default: `WorldsOptions()`.

    Returns
    -------
    Statistics by split: videos, questions by type, trajectories, and the share of questions that each oracle answers.
    They are also written to ``worlds.json``.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    options = options or WorldsOptions()
    folder = Path(folder)
    statistics = {}
    first = 0
    for split in SPLITS:
        videos = getattr(options, split)
        statistics[split] = _write_split(folder, split, range(first, first + videos), options)
        first += videos
    _write_words(folder)
    write_statistics(folder, asdict(options), statistics)
    return statistics


@dataclass(frozen=True)
class _MultipleChoice:
    world: World
    question: Question
    candidates: tuple[str, ...]
    answer: int


def _write_split(folder: Path, split: str, indices: Sequence[int], options: WorldsOptions) -> dict[str, Any]:
    rng = np.random.Generator(np.random.PCG64([options.seed, indices[0]]))
    worlds = [make_world(f"world{index:05}", options.seed * 1_000_003 + index, options.prior) for index in indices]
    asked = [each for world in worlds for each in _ask(world, rng)]
    questions = _as_questions(asked)
    write_split(folder, split, worlds, questions, tracker="trajtrack", links=options.links)
    lengths = [len(world.trajectories) for world in worlds]
    return {
        "videos": len(worlds),
        "questions": len(asked),
        "types": dict(sorted(Counter(questions.types).items())),
        "trajectories_per_video": sum(lengths) / len(lengths),
        "oracle_truth": float(np.mean(list(_correct_from_truth(asked)))),
        "oracle_trajectories": float(np.mean(list(_correct_from_trajectories(asked)))),
    }


def _write_words(folder: Path) -> None:
    texts = [text for split in SPLITS for text in _texts(QUESTIONS.output(folder, split))]
    write_random_words(folder / SMALL_WORD_VECTORS, {word for text in texts for word in tokenize(text)} | set(CLASSES))


def _texts(path: Path) -> list[str]:
    questions = read_questions(path)
    return [*questions.questions, *(text for texts in questions.candidates for text in texts)]


def _ask(world: World, rng: np.random.Generator) -> Iterator[_MultipleChoice]:
    questions = draft_questions(world.actors, world.place)
    taken: Counter[str] = Counter()
    texts: set[str] = set()
    for index in rng.permutation(len(questions)).tolist():
        question = questions[index]
        kind = "T" if question.kind.startswith("T") else question.kind
        if taken[kind] >= _MIX[kind] or question.text in texts:
            continue
        chosen = with_candidates(question, rng, _FAR)
        if chosen is not None:
            taken[kind] += 1
            texts.add(question.text)
            yield _MultipleChoice(world, question, *chosen)


def _as_questions(asked: Sequence[_MultipleChoice]) -> Questions:
    rows = len(asked)
    counts: Counter[str] = Counter()
    qids = []
    for each in asked:
        qids.append(str(counts[each.world.name]))
        counts[each.world.name] += 1
    return Questions(
        videos=tuple(each.world.name for each in asked),
        qids=tuple(qids),
        types=tuple(each.question.kind for each in asked),
        questions=tuple(each.question.text for each in asked),
        candidates=tuple(each.candidates for each in asked),
        answers=np.array([each.answer for each in asked], np.int64),
        frame_counts=np.full(rows, NUM_FRAMES, np.int64),
        widths=np.full(rows, 1280, np.int64),
        heights=np.full(rows, 720, np.int64),
    )


def _correct_from_truth(asked: Sequence[_MultipleChoice]) -> Iterator[bool]:
    for each in asked:
        world = each.world
        yield answer_question(each.question.program, each.candidates, world.actors, world.place) == each.answer


def _correct_from_trajectories(asked: Sequence[_MultipleChoice]) -> Iterator[bool]:
    observed = {each.world.name: (observed_actors(each.world), observed_place(each.world)) for each in asked}
    for each in asked:
        actors, place = observed[each.world.name]
        yield answer_question(each.question.program, each.candidates, actors, place) == each.answer
