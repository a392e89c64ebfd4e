"""A graph over the objects of a video, with edges computed from the objects (Huang et al., 2020)."""

from __future__ import annotations

import math

from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax

__all__ = ["ObjectGraph"]


class ObjectGraph(nn.Module):
    """Graph convolutions with a skip connection around them all.

    The edges of an object are the softmax over all objects of the products of its projection with a second projection
    of each. A convolution is a linear layer, the object itself plus the sum over its edges, ReLU and dropout.

    Parameters
    ----------
    hidden_size
        d.
    layers
        Number of graph convolutions.
    dropout
        Dropout probability after each convolution.
    """

    def __init__(self, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.source = nn.Linear(hidden_size, hidden_size, bias=False)
        self.target = nn.Linear(hidden_size, hidden_size, bias=False)
        self.convolutions = nn.ModuleList(nn.Linear(hidden_size, hidden_size, bias=False) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)

    def forward(self, objects: Tensor, mask: Tensor) -> Tensor:
        """Return (..., n, d) for objects (..., n, d), 0 outside the mask (..., n)."""
        similarity = self.source(objects) @ self.target(objects).transpose(-1, -2) / math.sqrt(objects.shape[-1])
        edges = masked_softmax(similarity, mask.unsqueeze(-2))
        reached = objects
        for convolve in self.convolutions:
            moved = convolve(reached)
            reached = self.dropout((moved + edges @ moved).relu())
        return (objects + reached).masked_fill(~mask.unsqueeze(-1), 0.0)
