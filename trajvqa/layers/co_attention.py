"""Attention between two sequences in both directions, through one matrix of similarities."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax

__all__ = ["CoAttention"]


class CoAttention(nn.Module):
    """The items of one sequence, each with what it finds in another.

    As Seo et al. (2017) and Xiong et al. (2017) have it for text. The similarity S of items v and q is the weighted sum
    of v, q and their product. Its softmax over q is R, over v is K. Items V of the first then have ``A = R Q``, what
    they see of the second, and ``B = R Kᵀ V``, what that sees of the first; a linear layer joins V, A, V*A and V*B.

    Parameters
    ----------
    hidden_size
        d.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.first = nn.Linear(hidden_size, 1, bias=False)
        self.second = nn.Linear(hidden_size, 1, bias=False)
        self.product = nn.Parameter(torch.empty(hidden_size).uniform_(-1, 1) / math.sqrt(hidden_size))
        # The first sequence has a layer of its own: what it alone gives is the same for all candidates.
        self.keep = nn.Linear(hidden_size, hidden_size)
        self.join = nn.Linear(3 * hidden_size, hidden_size, bias=False)

    def forward(self, first: Tensor, first_mask: Tensor, second: Tensor, second_mask: Tensor) -> Tensor:
        """Attend.

        Parameters
        ----------
        first, second
            (..., n, d) and (..., m, d); leading axes broadcast.
        first_mask, second_mask
            (..., n) and (..., m) bool.

        Returns
        -------
        (..., n, d).
        """
        similarity = self.first(first) + self.second(second).transpose(-1, -2)
        similarity = similarity + (first * self.product) @ second.transpose(-1, -2)
        to_second = masked_softmax(similarity, second_mask.unsqueeze(-2))
        to_first = masked_softmax(similarity.transpose(-1, -2), first_mask.unsqueeze(-2))
        seen = to_second @ second
        returned = to_second @ (to_first @ first)
        joined: Tensor = self.keep(first) + self.join(torch.cat([seen, first * seen, first * returned], dim=-1))
        return joined
