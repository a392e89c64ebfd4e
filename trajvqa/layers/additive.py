"""Additive attention: scores from a hidden layer over query and key."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax

__all__ = ["AdditiveAttention"]


class AdditiveAttention(nn.Module):
    """Attention weights softmax(w · tanh(U query + V key)) over the keys.

    Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate, 2015.

    Parameters
    ----------
    query_size, key_size
        Widths of a query and of a key.
    hidden_size
        Width of the hidden layer.
    """

    def __init__(self, query_size: int, key_size: int, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(key_size, hidden_size)
        # Softmax ignores a constant, so there is no bias.
        self.weigh = nn.Linear(hidden_size, 1, bias=False)

    def project(self, keys: Tensor) -> Tensor:
        """Return V keys (..., m, hidden_size) for keys (..., m, key_size), to be shared by several queries."""
        projected: Tensor = self.key(keys)
        return projected

    def forward(self, query: Tensor, projected: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the attention weights of a query over the keys.

        Parameters
        ----------
        query
            (..., query_size).
        projected
            (..., m, hidden_size) keys from `project`; leading axes broadcast against those of `query`.
        mask
            (..., m) bool, true for valid keys; None if all are.

        Returns
        -------
        (..., m), summing to 1.
        """
        scores = self.weigh(torch.tanh(self.query(query).unsqueeze(-2) + projected)).squeeze(-1)
        return torch.softmax(scores, dim=-1) if mask is None else masked_softmax(scores, mask)
