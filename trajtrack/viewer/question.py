"""A question about a video on the page: its candidates, their scores, and the trajectories that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.printable import escaped
from trajtrack.viewer.content import LINE_SEPARATORS

__all__ = ["Question", "QuestionTrajectory", "ScoredAnswer"]

_DIGITS = 5
"""Digits of weights on the page."""


@dataclass(frozen=True, eq=False)
class ScoredAnswer:
    """What one model says to a question with C candidates about a video with K trajectories."""

    model: str
    """Name of the model."""
    scores: Sequence[float]
    """(C,) finite scores of the candidates; the first of the highest is the answer."""
    weights: NDArray[np.floating] | None = None
    """(C, K) weights of the trajectories for each candidate, at least 0; None if the model has none."""
    words: Sequence[Sequence[str]] | None = None
    """Words of the question with each candidate, in the rows of `attention`."""
    attention: Sequence[NDArray[np.floating]] | None = None
    """For each candidate, (L, K) attention of its L words to the trajectories, at least 0; None if there is none."""


@dataclass(frozen=True)
class QuestionTrajectory:
    """A trajectory to which weights refer."""

    track: int | None
    """Its identity among the tracks of the page; None if it has no boxes there."""
    name: str
    """Name of its class."""
    span: tuple[float, float]
    """Start and end, as shares of the video."""


@dataclass(frozen=True, eq=False)
class Question:
    """A question about the video, to be shown beside it.

    Raises
    ------
    ValueError
        If numbers do not fit each other or are not finite. The message names the field.
    """

    text: str
    """The question."""
    candidates: Sequence[str]
    """C candidates."""
    answers: Sequence[ScoredAnswer]
    """What one or several models say, side by side."""
    trajectories: Sequence[QuestionTrajectory] = ()
    """K trajectories, in the order of the weights."""
    correct: int | None = None
    """Index of the correct candidate, or None if it is not known."""
    notes: Sequence[str] = field(default=())
    """Sentences to show below, such as what is missing."""

    def __post_init__(self) -> None:
        candidates, count = len(self.candidates), len(self.trajectories)
        if self.correct is not None and not 0 <= self.correct < candidates:
            raise ValueError(f"correct: found {self.correct}, expected an index of {candidates} candidates")
        for row, answer in enumerate(self.answers):
            where = f"answers, row {row}"
            _check(f"{where}, scores", np.asarray(answer.scores), (candidates,), None)
            if answer.weights is not None:
                _check(f"{where}, weights", answer.weights, (candidates, count), 0)
            if answer.attention is None:
                continue
            if answer.words is None or not len(answer.words) == len(answer.attention) == candidates:
                raise ValueError(f"{where}, attention: found no words and numbers for each of {candidates} candidates")
            for index, (words, values) in enumerate(zip(answer.words, answer.attention, strict=True)):
                _check(f"{where}, attention, candidate {index}", values, (len(words), count), 0)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values for the program of the page."""
        return {
            "text": _text(self.text),
            "candidates": list(map(_text, self.candidates)),
            "correct": self.correct,
            "notes": list(map(_text, self.notes)),
            "trajectories": [
                # JavaScript numbers cannot hold 64-bit integers.
                {"track": None if each.track is None else str(each.track), "name": _text(each.name), "span": each.span}
                for each in self.trajectories
            ],
            "answers": [
                {
                    "model": _text(each.model),
                    "scores": [float(score) for score in each.scores],
                    "weights": _rounded(each.weights),
                    "words": None if each.words is None else [list(map(_text, words)) for words in each.words],
                    "attention": None if each.attention is None else list(map(_rounded, each.attention)),
                }
                for each in self.answers
            ],
        }


def _check(where: str, values: NDArray[np.floating], shape: tuple[int, ...], least: float | None) -> None:
    if values.shape != shape:
        raise ValueError(f"{where}: found shape {values.shape}, expected {shape}")
    if not np.isfinite(values).all() or (least is not None and (values < least).any()):
        expected = "finite numbers" if least is None else f"finite numbers of at least {least:g}"
        raise ValueError(f"{where}: found other numbers, expected {expected}")


def _text(text: str) -> str:
    return escaped(text, keep=LINE_SEPARATORS)


def _rounded(values: NDArray[np.floating] | None) -> Any:
    return None if values is None else np.round(values.astype(np.float64), _DIGITS).tolist()
