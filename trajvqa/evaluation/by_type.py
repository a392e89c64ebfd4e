"""Accuracy by question type with its interval, and how several models compare on the questions of each type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import counted_type
from trajvqa.evaluation.statistics import bootstrap_interval, difference_interval

__all__ = ["LEAST_VIDEOS", "TYPE_TITLES", "Agreement", "Estimate", "TypeResult", "results_by_type"]

_GROUPS = {
    "causal": {"CW": "why (CW)", "CH": "how (CH)"},
    "temporal": {"TN": "before or after (TN, TP)", "TC": "at the same time (TC)"},
    "descriptive": {"DC": "count (DC)", "DL": "location (DL)", "DO": "other (DO)"},
}
TYPE_TITLES = {kind: title for titles in _GROUPS.values() for kind, title in titles.items()}
"""What each of `TYPES` asks for, with NExT-QA's code."""

LEAST_VIDEOS = 6
"""Number of videos below which no difference counts as one: not even the same sign in all is significant at 5 %."""


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of shares, with its 95 % interval by the bootstrap over videos."""

    value: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Whether the draws differ; if they do not, they say nothing of how sure the value is."""
        return self.low < self.high


@dataclass(frozen=True)
class Agreement:
    """Shares of the questions by which of two models answer them correctly; they add up to 1."""

    both: float
    first: float
    """The first model only."""
    second: float
    """The second model only."""
    neither: float


@dataclass(frozen=True)
class TypeResult:
    """What one or several models do on the questions of a type, of a group of types, or on all."""

    title: str
    is_total: bool
    """Whether it is of several types."""
    questions: int
    videos: int
    accuracies: tuple[Estimate, ...]
    """Accuracy of each model."""
    differences: tuple[Estimate, ...]
    """Accuracy of the first model minus that of each other one."""
    agreements: tuple[Agreement, ...]
    """Agreement of the first model with each other one."""

    @property
    def differs(self) -> tuple[bool, ...]:
        """Whether the interval of each difference excludes 0, and there are enough videos for that to mean anything.

        The intervals are not corrected for the number of types.
        """
        enough = self.videos >= LEAST_VIDEOS
        return tuple(enough and not each.low <= 0 <= each.high for each in self.differences)


def results_by_type(questions: Questions, right: Sequence[NDArray[np.bool_]]) -> list[TypeResult]:
    """Return the results on all questions, then those of each group that has questions, followed by its types.

    Parameters
    ----------
    questions
        The questions. Types are counted as by `score`; questions of other types count among all questions only.
    right
        For each model (Q,) which questions it answers correctly: at least one, the one to compare first.
    """
    return [_result(title, is_total, mask, questions, right) for title, is_total, mask in _parts(questions)]


def _parts(questions: Questions) -> Iterator[tuple[str, bool, NDArray[np.bool_]]]:
    """Yield title, whether it is a total, and the mask (Q,) of its questions."""
    types = np.array([counted_type(kind) for kind in questions.types])
    yield "all", True, np.ones(len(questions), np.bool_)
    for group, titles in _GROUPS.items():
        mask = np.isin(types, list(titles))
        if mask.any():
            yield group, True, mask
        yield from ((title, False, types == kind) for kind, title in titles.items() if (types == kind).any())


def _result(
    title: str, is_total: bool, mask: NDArray[np.bool_], questions: Questions, right: Sequence[NDArray[np.bool_]]
) -> TypeResult:
    videos = [questions.videos[row] for row in np.flatnonzero(mask).tolist()]
    first, *others = (each[mask] for each in right)
    return TypeResult(
        title,
        is_total,
        len(videos),
        len(set(videos)),
        tuple(Estimate(float(each.mean()), *bootstrap_interval(each, videos)) for each in (first, *others)),
        tuple(
            Estimate(float(first.mean() - other.mean()), *difference_interval(first, other, videos)) for other in others
        ),
        tuple(_agreement(first, other) for other in others),
    )


def _agreement(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Agreement:
    parts = (first & second, first & ~second, ~first & second, ~first & ~second)
    both, only_first, only_second, neither = (float(part.mean()) for part in parts)
    return Agreement(both, only_first, only_second, neither)
