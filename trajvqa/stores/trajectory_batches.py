"""The trajectories of several videos as one padded array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["TrajectoryBatch", "best_rows", "check_limit"]


@dataclass(frozen=True, eq=False)
class TrajectoryBatch:
    """The trajectories of B videos, padded to the largest number K of trajectories of a video."""

    features: NDArray[np.float32]
    """(B, K, D) features, 0 in padding."""
    spans: NDArray[np.float32]
    """(B, K, 2) start and end as shares of the video, 0 in padding."""
    labels: NDArray[np.int64]
    """(B, K) classes, 0 in padding."""
    mask: NDArray[np.bool_]
    """(B, K) True for trajectories, False for padding."""
    rows: NDArray[np.int64]
    """(B, K) rows in the file, or among all trajectories in memory; -1 in padding."""
    indices: NDArray[np.int64]
    """(B, K) indices among the trajectories of the video; -1 in padding."""
    owners: NDArray[np.int64]
    """(B, K) numbers that segments of one trajectory have in common; `indices` of whole ones; -1 in padding."""

    @staticmethod
    def padding(counts: Sequence[int], feature_size: int) -> TrajectoryBatch:
        """Return a batch of padding with room for a number of trajectories of each video, and for at least one."""
        shape = (len(counts), max([1, *counts]))
        return TrajectoryBatch(
            features=np.zeros((*shape, feature_size), np.float32),
            spans=np.zeros((*shape, 2), np.float32),
            labels=np.zeros(shape, np.int64),
            mask=np.zeros(shape, np.bool_),
            rows=np.full(shape, -1, np.int64),
            indices=np.full(shape, -1, np.int64),
            owners=np.full(shape, -1, np.int64),
        )


def check_limit(limit: int) -> None:
    """Raise ValueError if a number of trajectories is below 1."""
    if limit < 1:
        raise ValueError(f"limit: found {limit}, expected an integer of at least 1")


def best_rows(
    scores: NDArray[np.floating],
    starts: NDArray[np.floating],
    limit: int,
    owners: NDArray[np.integer] | None = None,
) -> NDArray[np.int64]:
    """Return the rows of the `limit` highest scores, the lower rows of equal ones, sorted by start, then row.

    Of segments, which have the score of their trajectory, the limit counts trajectories, their `owners`.
    """
    rows = np.arange(len(scores), dtype=np.int64)
    owners = rows if owners is None else owners
    names, first = np.unique(owners, return_index=True)
    if len(names) > limit:
        best = names[np.lexsort((first, -scores[first]))[:limit]]
        rows = rows[np.isin(owners, best)]
    return rows[np.lexsort((rows, starts[rows]))]
