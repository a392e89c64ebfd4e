"""Tuning with cross-validation: what is tuned on some videos is tested on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trajtrack.methods import METHODS
from trajtrack.tuning.grids import grid_of
from trajtrack.tuning.searching import Options, most_tried, search
from trajtrack.tuning.videos import Linkings

__all__ = ["Fold", "Tuned", "best_of", "folds_of", "most_linkings", "tune"]

_MOST_FOLDS = 5
_LEAST_GAIN = 0.001
"""Gain on other videos for which it is worth leaving the defaults."""


@dataclass(frozen=True)
class Fold:
    """Options tuned on all videos but some, and tested on these."""

    numbers: tuple[int, ...]
    """Numbers of the videos that the options were not tuned on."""
    options: Options
    """Options that are best on the other videos."""
    default_score: float
    """Score of the defaults on the videos held out."""
    score: float
    """Score of the options on the videos held out."""

    @property
    def gain(self) -> float:
        """How much better than the defaults the options are on the videos held out."""
        return self.score - self.default_score


@dataclass(frozen=True)
class Tuned:
    """The result of tuning a method."""

    method: str
    """The method."""
    options: Options
    """Options that are best on all videos."""
    default_score: float
    """Score of the defaults on all videos."""
    score: float
    """Score of the options on the videos that they were tuned on."""
    held_out: float | None
    """Score on all videos, each linked with options tuned on the others; None for one video."""
    folds: tuple[Fold, ...]
    """The parts of the cross-validation; empty for one video."""

    @property
    def is_better(self) -> bool | None:
        """Whether tuning is worth it on other videos, all together and most parts alone; None for one video."""
        if self.held_out is None:
            return None
        if self.options == METHODS[self.method]():
            return False
        gained = sum(fold.gain > 0 for fold in self.folds)
        return self.held_out - self.default_score >= _LEAST_GAIN and 2 * gained > len(self.folds)

    @property
    def expected(self) -> tuple[Options, float]:
        """The options to use, and the score to expect of them: the tuned ones unless they are worse on other videos."""
        if self.is_better is False:
            return METHODS[self.method](), self.default_score
        return self.options, self.score if self.held_out is None else self.held_out


def tune(method: str, linkings: Linkings) -> Tuned:
    """Tune the options of a method on all videos, and test that on videos held out.

    Parameters
    ----------
    method
        Name of the method.
    linkings
        The videos, and what was measured before.
    """
    grid = grid_of(method, [video.detections for video in linkings.videos])
    defaults = METHODS[method]()

    def tuned_on(numbers: Sequence[int]) -> Options:
        return search(defaults, grid, lambda tried: linkings.score(tried, numbers))

    everything = range(len(linkings.videos))
    options = tuned_on(everything)
    default_score, score = linkings.score([defaults, options], everything)
    folds = []
    for numbers in folds_of(len(everything)):
        own = tuned_on([number for number in everything if number not in numbers])
        folds.append(Fold(numbers, own, *linkings.score([defaults, own], numbers)))
    pairs = [(fold.options, number) for fold in folds for number in fold.numbers]
    held_out = linkings.score_each(pairs) if pairs else None
    return Tuned(method, options, default_score, score, held_out, tuple(folds))


def best_of(results: list[Tuned]) -> Tuned:
    """Return the method to use: the first, unless another is worth leaving it."""
    best = results[0]
    for each in results[1:]:
        if each.expected[1] - best.expected[1] >= _LEAST_GAIN:
            best = each
    return best


def folds_of(count: int) -> list[tuple[int, ...]]:
    """Return the numbers of the videos held out in each part: one each of up to 5 videos, else a fifth."""
    if count < 2:
        return []
    parts = min(count, _MOST_FOLDS)
    return [tuple(range(first, count, parts)) for first in range(parts)]


def most_linkings(method: str, linkings: Linkings) -> int:
    """Return how many linkings `tune` needs at most."""
    count = len(linkings.videos)
    parts = folds_of(count)
    # Every part leaves its own videos out, which are linked once with the options of the others.
    searched = count + sum(count - len(numbers) for numbers in parts)
    return most_tried(grid_of(method, [video.detections for video in linkings.videos])) * searched + count
