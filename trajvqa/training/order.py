"""The order in which the questions of an epoch are trained on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trajvqa.config import TrainingConfig

__all__ = ["epoch_order"]


def epoch_order(lengths: NDArray[np.int64], config: TrainingConfig, epoch: int) -> list[NDArray[np.int64]]:
    """Return the question rows of each step of an epoch; equal lengths, seeds and epochs give equal orders.

    The questions of `config.bucket_steps` steps are drawn at random and sorted by length, so that those of a step need
    little padding. The steps are then shuffled.

    Parameters
    ----------
    lengths
        (Q,) number of words of each question with its longest candidate.
    config
        Seed and sizes.
    epoch
        Number of the epoch.
    """
    rng = np.random.Generator(np.random.PCG64([config.seed, epoch, 1]))
    order = rng.permutation(len(lengths))
    if config.bucket_steps == 1:
        return list(_pieces(order, config.batch_size))
    steps: list[NDArray[np.int64]] = []
    for rows in _pieces(order, config.batch_size * config.bucket_steps):
        steps += _pieces(rows[np.argsort(lengths[rows], kind="stable")], config.batch_size)
    return [steps[step] for step in rng.permutation(len(steps))]


def _pieces(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for begin in range(0, len(rows), size):
        yield rows[begin : begin + size]
