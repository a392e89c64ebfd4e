"""Which answer is chosen in place of which, for question types whose answers are few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import TYPES, counted_type, is_right

__all__ = ["MAX_TEXTS", "MIN_COVERED", "Confusion", "confusions"]

MAX_TEXTS = 12
"""Maximum number of different correct answers of a type that has a matrix."""
MIN_COVERED = 0.9
"""Minimum share of all candidates of the type that these answers make up."""

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each text was chosen and offered, by the correct answer, over the questions of a type."""

    kind: str
    """The type, one of `TYPES`."""
    texts: tuple[str, ...]
    """The T correct answers: numbers in their order, else the most frequent first."""
    chosen: NDArray[np.int64]
    """(T, T + 1) number of questions by correct answer and chosen text; the last column is of all other texts."""
    offered: NDArray[np.int64]
    """(T, T + 1) number of these questions that have the text, or any other text, among their candidates."""


def confusions(questions: Questions, predictions: Mapping[str, int]) -> list[Confusion]:
    """Return the matrix of each question type whose candidates are nearly all among a few correct answers.

    Most types of NExT-QA have none: their candidates differ from question to question, and a chosen text means nothing
    for another question. A type qualifies if it has 2 to `MAX_TEXTS` different correct answers, without regard to case
    and surrounding spaces, and these are at least `MIN_COVERED` of all candidates: in NExT-QA's validation split
    counts alone, in synthetic worlds all types.

    Parameters
    ----------
    questions
        The questions, with answers.
    predictions
        The chosen candidate of each, by ``{video}_{qid}``.

    Raises
    ------
    ValueError
        If a question has no prediction or no answer.
    """
    is_right(questions, predictions)  # raises if a prediction or an answer is missing
    types = np.array([counted_type(kind) for kind in questions.types])
    found = (_confusion(kind, questions.select(types == kind), predictions) for kind in TYPES if (types == kind).any())
    return [each for each in found if each is not None]


def _confusion(kind: str, questions: Questions, predictions: Mapping[str, int]) -> Confusion | None:
    candidates = [[text.strip().lower() for text in texts] for texts in questions.candidates]
    answers = [texts[answer] for texts, answer in zip(candidates, questions.answers.tolist(), strict=True)]
    counts = Counter(answers)
    covered = np.mean([text in counts for texts in candidates for text in texts])
    if not 2 <= len(counts) <= MAX_TEXTS or covered < MIN_COVERED:
        return None
    texts = _ordered(counts)
    places = {text: place for place, text in enumerate(texts)}
    chosen = np.zeros((len(texts), len(texts) + 1), np.int64)
    offered = np.zeros_like(chosen)
    for key, answer, own in zip(questions.keys, answers, candidates, strict=True):
        chosen[places[answer], places.get(own[predictions[key]], len(texts))] += 1
        offered[places[answer], sorted({places.get(text, len(texts)) for text in own})] += 1
    return Confusion(kind, texts, chosen, offered)


def _ordered(counts: Mapping[str, int]) -> tuple[str, ...]:
    if counts.keys() <= set(_NUMBERS):
        return tuple(text for text in _NUMBERS if text in counts)
    return tuple(sorted(counts, key=lambda text: (-counts[text], text)))
