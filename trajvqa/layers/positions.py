"""Where something stands in an order or in time, as sines and cosines (Vaswani et al., 2017)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["sinusoids"]

_LONGEST = 10000.0
"""Of the wavelengths, as a multiple of the shortest, which is 2 pi."""


def sinusoids(positions: Tensor, size: int) -> Tensor:
    """Return (..., size) for positions (...): pairs of sine and cosine, each pair slower than the one before it."""
    places = torch.arange(0, size, 2, device=positions.device, dtype=positions.dtype)
    angles = positions.unsqueeze(-1) * torch.exp(places * (-math.log(_LONGEST) / size))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)[..., :size]
