"""Section 3.2, reasoning: a graph over the elements of two modalities, Eqs. 9 to 11."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax

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
        self.dropout = nn.Dropout(dropout)
        if pooling == "attention":
            # Softmax ignores a constant, so the last layer needs no bias.
            self.weigh = nn.Sequential(
                nn.Linear(hidden_size, hidden_size // 2), nn.Tanh(), nn.Linear(hidden_size // 2, 1, bias=False)
            )

    def forward(self, nodes: Tensor, mask: Tensor) -> Tensor:
        """Return the pooled vector (..., d) of the nodes (..., n, d) at which `mask` (..., n) is true."""
        edges = self._edges(nodes, mask)
        for convolve, norm in zip(self.convolutions, self.norms, strict=True):
            nodes = self.dropout(torch.relu(norm(edges @ convolve(nodes))))  # Eq. 10
        if self.pooling == "sum":
            return nodes.masked_fill(~mask.unsqueeze(-1), 0.0).sum(dim=-2)
        weights = masked_softmax(self.weigh(nodes).squeeze(-1), mask)
        return (weights.unsqueeze(-2) @ nodes).squeeze(-2)  # Eq. 11

    def _edges(self, nodes: Tensor, mask: Tensor) -> Tensor:
        projected = self.project(nodes)
        if self.adjacency == "relu_gram":
            projected = torch.relu(projected)
            edges = projected @ projected.transpose(-1, -2)
            return edges.masked_fill(~mask.unsqueeze(-2), 0.0)
        similarity = projected @ projected.transpose(-1, -2) / math.sqrt(nodes.shape[-1])
        identity = torch.eye(nodes.shape[-2], device=nodes.device, dtype=nodes.dtype)
        return masked_softmax(similarity, mask.unsqueeze(-2)) + identity  # Eq. 9
