"""Attention between two sequences in both directions, from one similarity matrix."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax

__all__ = ["CoAttention"]


class CoAttention(nn.Module):
    """The items of one sequence, each joined with what it attends to in another.

    As in Seo et al. (2017) and Xiong et al. (2017) for text. The similarity of items v and q is a weighted sum of v, q
    and their product; its softmax over q is R, its softmax over v is K. For the items V of the first sequence,
    ``A = R Q`` is what they attend to in the second, and ``B = R Kᵀ V`` what that attends to in the first. A linear
    layer joins V, A, V*A and V*B.

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
        # V has a layer of its own, since its part of the sum is the same for all candidates.
        self.keep = nn.Linear(hidden_size, hidden_size)
        self.join = nn.Linear(3 * hidden_size, hidden_size, bias=False)

    def forward(self, first: Tensor, first_mask: Tensor, second: Tensor, second_mask: Tensor) -> Tensor:
        """Join the items of the first sequence with what they attend to in the second.

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
