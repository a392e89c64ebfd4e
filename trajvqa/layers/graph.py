"""Section 3.2, reasoning: a graph over the elements of two modalities, Eqs. 9 to 11."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax
from trajvqa.layers.dropout import Dropout

__all__ = ["GraphReasoning"]


class GraphReasoning(nn.Module):
    """Graph convolutions over an adjacency computed from the nodes, and pooling into one vector.

    Parameters
    ----------
    hidden_size
        d.
    layers
        Number of graph convolutions.
    adjacency
        ``softmax``: Eq. 9; ``relu_gram``: HGA's products of rectified projections, without softmax and identity.
    pooling
        ``attention``: Eq. 11; ``sum``: the sum of the nodes.
    dropout
        Dropout probability after each convolution.
    """

    def __init__(self, hidden_size: int, layers: int, adjacency: str, pooling: str, dropout: float) -> None:
        super().__init__()
        self.adjacency = adjacency
        self.pooling = pooling
        self.project = nn.Sequential(
            nn.Linear(hidden_size, hidden_size, bias=False), nn.ReLU(), nn.Linear(hidden_size, hidden_size, bias=False)
        )
        self.convolutions = nn.ModuleList(nn.Linear(hidden_size, hidden_size, bias=False) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(layers))
        self.dropout = Dropout(dropout)
        if pooling == "attention":
            # Softmax ignores a constant, so the last layer needs no bias.
            self.weigh = nn.Sequential(
                nn.Linear(hidden_size, hidden_size // 2), nn.Tanh(), nn.Linear(hidden_size // 2, 1, bias=False)
            )

    def forward(self, nodes: Tensor, mask: Tensor) -> Tensor:
        """Return the pooled vector (..., d) of the nodes (..., n, d) at which `mask` (..., n) is true."""
        return self.over_parts([nodes], mask, lambda parts: parts[0])

    def over_parts(self, parts: Sequence[Tensor], mask: Tensor, join: Callable[[Sequence[Tensor]], Tensor]) -> Tensor:
        """Return the pooled vector of nodes that several graphs may have in common.

        Parameters
        ----------
        parts
            Nodes, each (..., d).
        mask
            (..., n) bool, true for the nodes of a graph.
        join
            Returns the nodes (..., n, k) of each graph for values (..., k) of the parts. What depends on one node alone
            is computed before.
        """
        edges = self._edges(join([self._projected(part) for part in parts]), mask)
        moved = join([self.convolutions[0](part) for part in parts])
        nodes = self._rectified(edges @ moved, 0)
        for layer, convolve in enumerate(self.convolutions[1:], 1):
            nodes = self._rectified(edges @ convolve(nodes), layer)
        if self.pooling == "sum":
            return nodes.masked_fill(~mask.unsqueeze(-1), 0.0).sum(dim=-2)
        weights = masked_softmax(self.weigh(nodes).squeeze(-1), mask)
        return (weights.unsqueeze(-2) @ nodes).squeeze(-2)  # Eq. 11

    def _rectified(self, moved: Tensor, layer: int) -> Tensor:
        nodes: Tensor = self.dropout(torch.relu_(self.norms[layer](moved)))  # Eq. 10
        return nodes

    def _projected(self, nodes: Tensor) -> Tensor:
        projected: Tensor = self.project(nodes)
        if self.adjacency == "relu_gram":
            return torch.relu(projected)
        return torch.div(projected, nodes.shape[-1] ** 0.25)  # a product of two is divided by the square root

    def _edges(self, projected: Tensor, mask: Tensor) -> Tensor:
        products = projected @ projected.transpose(-1, -2)
        if self.adjacency == "relu_gram":
            return products * mask.unsqueeze(-2).to(products.dtype)
        identity = torch.eye(products.shape[-1], device=products.device, dtype=products.dtype)
        return masked_softmax(products, mask.unsqueeze(-2)) + identity  # Eq. 9
