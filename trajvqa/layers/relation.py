"""Relations among the subsets of a short array, given a condition (Le et al., 2020)."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

__all__ = ["RelationUnit"]


class RelationUnit(nn.Module):
    """Conditional relation unit: maps an array of n items and a condition to one item for each size of subsets.

    For each size k from 2 to n, every subset of k items is averaged and joined with the condition by a layer for that
    size, and the results of one size are averaged.

    Parameters
    ----------
    count
        Number n of items, at least 2. All subsets of two or more items are used, about 2^n, so n must be small.
    hidden_size
        d.
    gated
        Whether the output of a second layer gates each value through a sigmoid.
    """

    subsets: Tensor

    def __init__(self, count: int, hidden_size: int, gated: bool) -> None:
        super().__init__()
        chosen = [list(combinations(range(count), size)) for size in range(2, count + 1)]
        self.gated = gated
        self.counts = [len(subsets) for subsets in chosen]
        shares = [[(item in subset) / len(subset) for item in range(count)] for each in chosen for subset in each]
        self.register_buffer("subsets", torch.tensor(shares), persistent=False)
        width = 2 * hidden_size if gated else hidden_size
        self.items = nn.ModuleList(nn.Linear(hidden_size, width) for _ in chosen)
        self.conditions = nn.ModuleList(nn.Linear(hidden_size, width, bias=False) for _ in chosen)

    def forward(self, items: Tensor, condition: Tensor) -> Tensor:
        """Relate the items.

        Parameters
        ----------
        items
            (..., n, d).
        condition
            (..., d); leading axes broadcast against those of `items`.

        Returns
        -------
        (..., n - 1, d): one item for subsets of 2 items, one for 3, up to all n.
        """
        means = torch.split(self.subsets.to(items.dtype) @ items, self.counts, dim=-2)
        related = []
        for mean, from_items, from_condition in zip(means, self.items, self.conditions, strict=True):
            joined = from_items(mean) + from_condition(condition).unsqueeze(-2)
            if self.gated:
                joined, gate = joined.chunk(2, dim=-1)
                related.append((elu(joined) * torch.sigmoid(gate)).mean(dim=-2))
            else:
                related.append(elu(joined).mean(dim=-2))
        return torch.stack(related, dim=-2)
