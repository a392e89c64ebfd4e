"""Sums and softmax over what is there, and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["masked_softmax"]


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Return the softmax over the last axis of the places where `mask` is true.

    Parameters
    ----------
    scores
        (..., n).
    mask
        (..., n) bool, of a shape that broadcasts to that of `scores`.

    Returns
    -------
    (..., n): 0 outside the mask, and everywhere where the mask holds nothing.
    """
    lowest = torch.finfo(scores.dtype).min
    weights = torch.softmax(scores.masked_fill(~mask, lowest), dim=-1)
    return weights.masked_fill(~mask, 0.0)
