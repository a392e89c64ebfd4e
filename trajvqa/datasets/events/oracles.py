"""An oracle that knows the rules of the worlds and chooses the likeliest candidate, given what an input tells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.events.beliefs import Beliefs
from trajvqa.datasets.events.questions import Asked
from trajvqa.datasets.events.timeline import ACTIONS

__all__ = ["expected_accuracy"]

Array = NDArray[np.float64]


def expected_accuracy(asked: Asked, beliefs: Beliefs) -> float:
    """Return the probability that the oracle is right: less than 1 where several candidates are equally likely."""
    score = _SCORES[asked.draft.kind]
    scores = np.array([score(beliefs, asked.draft.about, candidate) for candidate in asked.candidates])
    best = np.isclose(scores, scores.max())
    return float(best[asked.correct]) / int(best.sum())


def _why(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    """Return how likely it is that the actor reacts right after a trigger by another."""
    label, colour, reaction = about
    source, trigger = divmod(candidate, len(ACTIONS))
    reacting = beliefs.deeds(label, colour)[1:, reaction]
    together = float((reacting * beliefs.events(source)[:-1, trigger]).sum())
    return together * beliefs.several(label) if source == label else together


def _does(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    label, colour = about
    return _ever(beliefs.deeds(label, colour)[:, candidate])


def _coat(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    label, action = about
    return _ever(beliefs.deeds(label, candidate)[:, action]) * beliefs.worn(label, candidate)


def _count(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    label, colour, action = about
    doing = np.concatenate([[0.0], beliefs.deeds(label, colour)[:, action]])
    expected = float((doing[1:] * (1 - doing[:-1])).sum())
    return -abs(candidate - expected)


def _after(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    return _next(beliefs.deeds(*about[:2]), about[2], candidate)


def _before(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    return _next(beliefs.deeds(*about[:2])[::-1], about[2], candidate)


def _while(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    label, colour, other, other_colour, action = about
    return float((beliefs.deeds(other, other_colour)[:, action] * beliefs.deeds(label, colour)[:, candidate]).sum())


def _place(beliefs: Beliefs, about: tuple[int, ...], candidate: int) -> float:
    return float(candidate == beliefs.place)


_SCORES: dict[str, Callable[[Beliefs, tuple[int, ...], int], float]] = {
    "why": _why,
    "does": _does,
    "coat": _coat,
    "count": _count,
    "after": _after,
    "before": _before,
    "while": _while,
    "place": _place,
}


def _ever(doing: Array) -> float:
    return 1 - float((1 - doing).prod())


def _next(doing: Array, known: int, asked: int) -> float:
    """Return how likely one action follows the first phase of another."""
    follows, total, not_yet = np.zeros(len(doing) + 1), 0.0, 1.0
    for clip in range(len(doing) - 2, -1, -1):
        follows[clip] = doing[clip + 1, asked] + doing[clip + 1, known] * follows[clip + 1]
    for clip in range(len(doing)):
        total += not_yet * doing[clip, known] * follows[clip]
        not_yet *= 1 - doing[clip, known]
    return total
