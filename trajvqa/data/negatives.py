"""Sample augmentation (Section 3.4): negatives drawn from the questions of other videos."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajvqa.config import NegativesConfig
from trajvqa.data.queries import query_tokens
from trajvqa.datasets.questions import Questions

__all__ = ["Negatives", "draw_negatives"]

_MAX_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Negatives:
    """M additional wrong pairs of question and answer for each of Q questions."""

    question_rows: NDArray[np.int64]
    """(Q, M) rows that the questions come from: the same row for a-, another for qa-."""
    answer_rows: NDArray[np.int64]
    """(Q, M) rows whose correct candidates are the answers."""


def draw_negatives(questions: Questions, config: NegativesConfig, seed: int, epoch: int) -> Negatives | None:
    """Draw the negatives of an epoch.

    A row is never drawn for a question of the same video, nor if it would repeat the correct text: for a- its answer
    must differ from the question's own, for qa- its pair of question and answer.

    Parameters
    ----------
    questions
        The training questions.
    config
        Strategy and number of negatives.
    seed, epoch
        Seed of the random draws; equal numbers draw equal negatives.

    Returns
    -------
    The negatives, those of a- first, or None for the strategy ``none``.

    Raises
    ------
    ValueError
        If there is nothing to draw for some question.
    """
    if config.strategy == "none":
        return None
    rng = np.random.Generator(np.random.PCG64([seed, epoch]))
    own = np.repeat(np.arange(len(questions))[:, None], config.count, axis=1)
    answers = [
        tuple(query_tokens(texts[right])) for texts, right in zip(questions.candidates, questions.answers, strict=True)
    ]
    question_rows, answer_rows = [], []
    if config.strategy in ("a", "both"):
        question_rows.append(own)
        answer_rows.append(_draw(questions, _distinct_ids(answers), config.count, rng))
    if config.strategy in ("qa", "both"):
        asked = [tuple(query_tokens(text)) for text in questions.questions]
        pairs = list(zip(asked, answers, strict=True))
        drawn = _draw(questions, _distinct_ids(pairs), config.count, rng)
        question_rows.append(drawn)
        answer_rows.append(drawn)
    return Negatives(np.concatenate(question_rows, axis=1), np.concatenate(answer_rows, axis=1))


def _distinct_ids(texts: Sequence[Hashable]) -> NDArray[np.int64]:
    """Return an integer for each text, equal for equal texts."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(text, len(known)) for text in texts], np.int64)


def _draw(questions: Questions, texts: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return (Q, count) rows with another video and another text than each question's."""
    videos = _distinct_ids(questions.videos)
    total = len(questions)
    drawn = rng.integers(total, size=(total, count))
    for _ in range(_MAX_ROUNDS):
        unfit = (videos[drawn] == videos[:, None]) | (texts[drawn] == texts[:, None])
        if not unfit.any():
            return drawn
        drawn[unfit] = rng.integers(total, size=int(unfit.sum()))
    row = int(np.flatnonzero(unfit.any(axis=1))[0])
    raise ValueError(
        f"{questions.source}: question {questions.keys[row]}: found no negatives in {_MAX_ROUNDS} draws, expected "
        f"questions of other videos with other answers; the file has {len(set(questions.videos))} videos"
    )
