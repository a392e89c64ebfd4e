"""What a model can say about its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from trajvqa.data.batches import Batch

__all__ = ["Explaining", "Explanation"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Scores, and the weights behind them."""

    scores: Tensor
    """(B, C) scores of the candidates."""
    attention: Tensor | None = None
    """(B, C, L, K) attention of each word to each trajectory, 0 for padding; None for models without it."""
    weights: Tensor | None = None
    """(B, C, K) share of each trajectory in a candidate's score, 0 for padding; None for models without it."""
    clip_weights: Tensor | None = None
    """(B, C, N) share of each clip, N equal parts of the video, in a candidate's score; None for models without it."""


@runtime_checkable
class Explaining(Protocol):
    """A model that explains its scores."""

    def explain(self, batch: Batch) -> Explanation:
        """Return the scores of a batch and the weights behind them."""
        ...
