"""Self-attention with positions, in place of recurrence (Li et al., 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import Attention

__all__ = ["PositionalSelfAttention", "sinusoids"]

_HEADS = 8
"""Maximum number of heads; a width that it does not divide has fewer."""
_LONGEST = 10000.0
"""Ratio of the longest wavelength to the shortest, which is 2 pi."""


def sinusoids(positions: Tensor, size: int) -> Tensor:
    """Return encodings (..., size) of positions (...): pairs of sine and cosine, each slower than the one before.

    Vaswani et al., Attention Is All You Need, 2017.
    """
    exponents = torch.arange(0, size, 2, device=positions.device, dtype=positions.dtype)
    angles = positions.unsqueeze(-1) * torch.exp(exponents * (-math.log(_LONGEST) / size))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)[..., :size]


class PositionalSelfAttention(nn.Module):
    """Projection plus position encodings, self-attention and a feed-forward layer, each with skip connection and norm.

    Parameters
    ----------
    feature_size
        Width of an item.
    hidden_size
        d.
    dropout
        Dropout probability before each skip connection.
    """

    def __init__(self, feature_size: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Linear(feature_size, hidden_size)
        self.attention = Attention(hidden_size, math.gcd(_HEADS, hidden_size), dropout)
        self.feed_forward = nn.Sequential(
            nn.Linear(hidden_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.Dropout(dropout)
        )
        self.norm = nn.LayerNorm(hidden_size)

    def forward(self, items: Tensor, mask: Tensor) -> Tensor:
        """Return (..., n, d) for items (..., n, S), 0 outside the mask (..., n)."""
        projected = self.project(items)
        # In single precision under autocast too: bfloat16 cannot distinguish distant positions.
        positions = torch.arange(items.shape[-2], device=items.device, dtype=torch.float32)
        placed = projected + sinusoids(positions, projected.shape[-1])
        attended, _ = self.attention(placed, placed, mask)
        encoded: Tensor = self.norm(attended + self.feed_forward(attended))
        return encoded.masked_fill(~mask.unsqueeze(-1), 0.0)
