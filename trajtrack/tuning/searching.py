"""Coordinate search: one option after the other, each set to the best of its values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from trajtrack.flow_options import FlowOptions
from trajtrack.options import LinkOptions
from trajtrack.tuning.grids import Grid

__all__ = ["Options", "most_tried", "search"]

Options = LinkOptions | FlowOptions
"""The options of a method."""

_ROUNDS = 2
"""How often every option is visited at most."""
_LEAST_STEP = 0.0005
"""Gain that changes an option; without it, options would be changed by chance."""


def search(defaults: Options, grid: Grid, score_all: Callable[[Sequence[Options]], list[float]]) -> Options:
    """Return the best options found, starting from the defaults.

    Parameters
    ----------
    defaults
        Options to start from.
    grid
        Values to try.
    score_all
        Returns the score of each of several options; more is better.
    """
    best = defaults
    (top,) = score_all([best])
    for _ in range(_ROUNDS):
        before = best
        for name, values in grid.items():
            tried = [replace(best, **{name: value}) for value in values if value != getattr(best, name)]
            for options, score in zip(tried, score_all(tried), strict=True):
                if score > top + _LEAST_STEP:
                    best, top = options, score
        if best == before:
            break
    return best


def most_tried(grid: Grid) -> int:
    """Return how many options a search tries at most."""
    return 1 + _ROUNDS * sum(len(values) - 1 for values in grid.values())
