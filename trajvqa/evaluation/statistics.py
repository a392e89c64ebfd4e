"""Confidence intervals of an accuracy, and tests whether two accuracies differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEVEL",
    "RESAMPLES",
    "SEED",
    "bootstrap_interval",
    "difference_interval",
    "mcnemar",
    "mean_interval",
    "p_text",
]

SEED, RESAMPLES, LEVEL = 0, 2000, 0.95
"""Seed and number of the draws of the bootstrap, and the share of them that an interval holds, by default."""

_BLOCK = 1 << 22
"""Number of videos drawn at once, which limits memory to a few tens of megabytes."""

_LEAST_P = 1e-300


def bootstrap_interval(
    right: NDArray[np.bool_], videos: Sequence[str], seed: int = SEED, resamples: int = RESAMPLES, level: float = LEVEL
) -> tuple[float, float]:
    """Return a confidence interval of the accuracy by the bootstrap over videos.

    Answers to questions about one video are not independent. Whole videos are therefore drawn with replacement, as many
    as there are, and the interval lies between percentiles of the accuracies of such draws (the percentile bootstrap of
    clusters; Efron and Tibshirani, 1993). It is meaningless for only a few videos. The order of the questions makes no
    difference.

    Parameters
    ----------
    right
        (Q,) which questions are answered correctly.
    videos
        (Q,) the video of each question.
    seed
        Seed of the draws.
    resamples
        Number of draws.
    level
        Share of the draws that the interval holds.

    Returns
    -------
    Lower and upper end, as shares.

    Raises
    ------
    TypeError
        If `right` is not boolean.
    ValueError
        If there are no questions, not one video for each, or a number is out of range.
    """
    _check_right("right", right, len(videos))
    return _interval(right.astype(np.float64), videos, seed, resamples, level)


def difference_interval(
    right: NDArray[np.bool_],
    other: NDArray[np.bool_],
    videos: Sequence[str],
    seed: int = SEED,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Return a confidence interval of the difference of two accuracies on the same questions, as `bootstrap_interval`.

    Both are computed on the same draws, so that videos that are hard for both do not widen the interval.

    Parameters
    ----------
    right, other
        (Q,) which questions each answers correctly.
    videos, seed, resamples, level
        As for `bootstrap_interval`.

    Returns
    -------
    Lower and upper end of the accuracy of `right` minus that of `other`, as shares.

    Raises
    ------
    TypeError, ValueError
        As `bootstrap_interval`.
    """
    _check_right("right", right, len(videos))
    _check_right("other", other, len(videos))
    return _interval(right.astype(np.float64) - other, videos, seed, resamples, level)


def mean_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Return a confidence interval of the mean of normally distributed values (Student, 1908).

    Parameters
    ----------
    values
        At least two values, such as the accuracies of several seeds.
    level
        Confidence level.

    Returns
    -------
    Lower and upper end.

    Raises
    ------
    ValueError
        If there are fewer than two values, or the level is not between 0 and 1.
    """
    if len(values) < 2:
        raise ValueError(f"values: found {len(values)}, expected at least 2")
    _check_level(level)
    numbers = np.asarray(values, np.float64)
    mean = float(numbers.mean())
    half = _student_quantile(level, len(numbers) - 1) * float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    return mean - half, mean + half


def mcnemar(right: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the two-sided p of McNemar's exact test that two predictions are equally accurate.

    Only the questions that one answers correctly and the other does not count. p is the probability that tossing a coin
    for each of them would share them between the two at least as unevenly (binomial; McNemar, 1947).

    Parameters
    ----------
    right, other
        (Q,) which of the same questions each answers correctly.

    Returns
    -------
    p; 1 if no question counts.

    Raises
    ------
    TypeError
        If an array is not boolean.
    ValueError
        If there are no questions, or the lengths differ.
    """
    _check_right("right", right, len(right))
    _check_right("other", other, len(right))
    only_right, only_other = int((right & ~other).sum()), int((other & ~right).sum())
    total = only_right + only_other
    # Logarithms, since binomial coefficients and powers of two overflow for many questions.
    constant = math.lgamma(total + 1) - total * math.log(2)
    tail = math.fsum(
        math.exp(constant - math.lgamma(k + 1) - math.lgamma(total - k + 1))
        for k in range(min(only_right, only_other) + 1)
    )
    return min(1.0, 2 * tail)


def p_text(p: float) -> str:
    """Return p with its relation, such as ``= 0.012``, or ``< 1e-300`` if it is too small for a float."""
    return f"= {p:.2g}" if p >= _LEAST_P else f"< {_LEAST_P:.0e}"


def _interval(
    values: NDArray[np.float64], videos: Sequence[str], seed: int, resamples: int, level: float
) -> tuple[float, float]:
    if resamples < 1:
        raise ValueError(f"resamples: found {resamples}, expected at least 1")
    _check_level(level)
    _, indices = np.unique(np.asarray(videos), return_inverse=True)
    sums, counts = np.bincount(indices, values), np.bincount(indices)
    rng = np.random.Generator(np.random.PCG64(seed))
    means = np.empty(resamples)
    step = max(_BLOCK // len(counts), 1)
    for begin in range(0, resamples, step):
        drawn = rng.integers(len(counts), size=(min(step, resamples - begin), len(counts)))
        means[begin : begin + step] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level: found {level}, expected a number above 0 and below 1")


def _student_quantile(level: float, freedom: int) -> float:
    """Return the t below whose absolute value Student's distribution has the share `level`, by bisection."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_share(middle, freedom) < level else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _student_share(angle: float, freedom: int) -> float:
    """Return the share of |t| < sqrt(freedom) tan(angle): Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term, total = 1.0, 0.0
    for k in range(1, freedom // 2 + 1):
        total += term
        term *= square * (2 * k - 1 + odd) / (2 * k + odd)
    return 2 / math.pi * (angle + sine * math.cos(angle) * total) if odd else sine * total


def _check_right(name: str, right: NDArray[np.bool_], count: int) -> None:
    if right.dtype != np.bool_:
        raise TypeError(f"{name}: found {right.dtype}, expected bool: whether each question is answered correctly")
    if not count:
        raise ValueError(f"{name}: found no questions, expected at least one")
    if right.shape != (count,):
        raise ValueError(f"{name}: found shape {right.shape}, expected ({count},), one value for each question")
