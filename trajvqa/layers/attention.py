"""Section 3.2, alignment: masked softmax, attention between two modalities, and the two directions of a pair."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trajvqa.layers.dropout import Dropout

__all__ = ["Alignment", "Attention", "masked_softmax"]


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Return the softmax over the last axis, restricted to where `mask` is true.

    Parameters
    ----------
    scores
        (..., n).
    mask
        (..., n) bool, broadcast to the shape of `scores`.

    Returns
    -------
    (..., n): 0 outside the mask, and all 0 if the mask is empty.
    """
    # Adding is several times faster than filling; the softmax of what is so low is exactly 0.
    hidden = (~mask).to(scores.dtype) * (torch.finfo(scores.dtype).min / 2)
    weights = torch.softmax(scores + hidden, dim=-1)
    return weights * mask.any(dim=-1, keepdim=True).to(weights.dtype)


class Attention(nn.Module):
    """Dot-product attention, Eq. 5, with a skip connection and layer norm.

    Parameters
    ----------
    hidden_size
        d.
    heads
        Number of heads, each of width d / heads.
    dropout
        Dropout probability of the attended values.
    """

    def __init__(self, hidden_size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.key = nn.Linear(hidden_size, hidden_size, bias=False)
        self.value = nn.Linear(hidden_size, hidden_size, bias=False)
        self.dropout = Dropout(dropout)
        self.norm = nn.LayerNorm(hidden_size)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Let each query attend to the keys.

        Parameters
        ----------
        queries
            (..., n, d).
        keys
            (..., m, d), also the values; leading axes broadcast against those of `queries`.
        mask
            (..., m) bool, true for valid keys.

        Returns
        -------
        aligned
            (..., n, d) queries plus the attended values, normalised.
        weights
            (..., n, m) attention weights, averaged over the heads.
        """
        query, key, value = (
            self._split(layer(each)) for layer, each in ((self.query, queries), (self.key, keys), (self.value, keys))
        )
        scores = _product(query / math.sqrt(query.shape[-1]), key.transpose(-1, -2))
        weights = masked_softmax(scores, mask[..., None, None, :])
        attended = _product(weights, value).transpose(-2, -3).flatten(-2)  # Eq. 5
        return self.norm(queries + self.dropout(attended)), weights.mean(dim=-3)

    def _split(self, values: Tensor) -> Tensor:
        """Return (..., heads, n, d / heads) for (..., n, d)."""
        parts = values.reshape(*values.shape[:-1], self.heads, values.shape[-1] // self.heads)
        return parts.transpose(-2, -3)


def _product(first: Tensor, second: Tensor) -> Tensor:
    """Return ``first @ second`` for (B, C, h, n, k) and (B, 1, h, k, m) without a copy of the second for each of C."""
    if first.ndim != 5 or second.ndim != 5 or first.shape[1] == 1 or second.shape[1] != 1:
        return first @ second
    candidates, _, count = first.shape[1:4]
    rows = first.transpose(1, 2).flatten(2, 3) @ second.squeeze(1)
    return rows.view(*rows.shape[:2], candidates, count, -1).transpose(1, 2)


class Alignment(nn.Module):
    """Mutual attention of two modalities: one of Eqs. 6, 7 and 8."""

    def __init__(self, hidden_size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.first_to_second = Attention(hidden_size, heads, dropout)
        self.second_to_first = Attention(hidden_size, heads, dropout)

    def forward(
        self, first: Tensor, first_mask: Tensor, second: Tensor, second_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Let each of two modalities attend to the other.

        Parameters
        ----------
        first, second
            (..., n, d) and (..., m, d); leading axes broadcast.
        first_mask, second_mask
            (..., n) and (..., m) bool.

        Returns
        -------
        first, second
            (..., n, d) and (..., m, d), aligned.
        weights
            (..., n, m) attention weights of `first` over `second`.
        """
        aligned_first, weights = self.first_to_second(first, second, second_mask)
        aligned_second, _ = self.second_to_first(second, first, first_mask)
        return aligned_first, aligned_second, weights
