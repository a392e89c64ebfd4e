"""Encoder of trajectories as segments, one for each clip, with the links between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.layers.attention import masked_softmax
from trajvqa.layers.dropout import Dropout

__all__ = ["SegmentEncoder"]

_FARTHEST = 8


class SegmentEncoder(nn.Module):
    """Encoder of segments of trajectories in the context of the others; not in the paper.

    A segment is the sum of six projections: of its own visual feature, of the mean of its trajectory's, of those of the
    trajectory in the clips before and after, of the word vector of its label, and of its start and end. Self-attention
    adds to the score of two segments a number that is learned for each distance in clips, once for segments of the same
    trajectory and once for others.

    Parameters
    ----------
    feature_size
        Width of the visual feature.
    label_vectors
        (classes, word_size) word vectors of the labels, which are not trained.
    hidden_size
        d.
    clips
        Number of clips at whose borders trajectories are cut.
    layers, heads, feed_forward
        Number of layers, number of heads and width of the feed-forward layers.
    dropout
        Dropout probability in the layers.
    """

    label_vectors: Tensor

    def __init__(
        self,
        feature_size: int,
        label_vectors: Tensor,
        hidden_size: int,
        clips: int,
        layers: int,
        heads: int,
        feed_forward: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.clips = clips
        self.register_buffer("label_vectors", label_vectors)
        self.visual = nn.Linear(feature_size, hidden_size)
        self.trajectory = nn.Linear(feature_size, hidden_size, bias=False)
        self.before = nn.Linear(feature_size, hidden_size, bias=False)
        self.after = nn.Linear(feature_size, hidden_size, bias=False)
        self.label = nn.Linear(label_vectors.shape[1], hidden_size)
        self.time = nn.Linear(2, hidden_size)
        self.norm = nn.LayerNorm(hidden_size)
        self.layers = nn.ModuleList(_Layer(hidden_size, heads, feed_forward, dropout) for _ in range(layers))

    def forward(self, features: Tensor, labels: Tensor, spans: Tensor, owners: Tensor, mask: Tensor) -> Tensor:
        """Encode segments.

        Parameters
        ----------
        features
            (B, K, D) visual features.
        labels
            (B, K) row numbers of `label_vectors`.
        spans
            (B, K, 2) start and end, as shares of the video.
        owners
            (B, K) numbers that segments of one trajectory have in common.
        mask
            (B, K) bool, true for segments.

        Returns
        -------
        (B, K, d), 0 outside the mask.
        """
        # A segment starts in its clip; what is added is for rounding.
        clips = ((spans[..., 0] + 1e-6) * self.clips).long()
        distances = clips[:, None, :] - clips[:, :, None]
        same = (owners[:, None, :] == owners[:, :, None]) & mask[:, None, :] & mask[:, :, None]
        near, previous, following = (
            _means(same & chosen, features) for chosen in (same, distances == -1, distances == 1)
        )
        parts = self.visual(features) + self.trajectory(near) + self.before(previous) + self.after(following)
        parts = parts + self.label(self.label_vectors[labels]) + self.time(spans)
        encoded = self.norm(parts)
        pairs = distances.clamp(-_FARTHEST, _FARTHEST) + _FARTHEST + (~same).long() * (2 * _FARTHEST + 1)
        for layer in self.layers:
            encoded = layer(encoded, pairs, mask)
        masked: Tensor = encoded.masked_fill(~mask.unsqueeze(-1), 0.0)
        return masked


class _Layer(nn.Module):
    """Self-attention with a bias for each kind of pair, and a feed-forward layer."""

    def __init__(self, hidden_size: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.joint = nn.Linear(hidden_size, 3 * hidden_size)
        self.biases = nn.Parameter(torch.zeros(2 * (2 * _FARTHEST + 1), heads))
        self.output = nn.Linear(hidden_size, hidden_size)
        self.feed_forward = nn.Sequential(
            nn.Linear(hidden_size, feed_forward), nn.ReLU(), Dropout(dropout), nn.Linear(feed_forward, hidden_size)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(2))
        self.dropout = Dropout(dropout)

    def forward(self, nodes: Tensor, pairs: Tensor, mask: Tensor) -> Tensor:
        """Return (B, K, d) for nodes (B, K, d), kinds (B, K, K) of pairs, and a mask (B, K)."""
        width = nodes.shape[-1] // self.heads
        query, key, value = self.joint(nodes).view(*nodes.shape[:2], 3, self.heads, width).permute(2, 0, 3, 1, 4)
        biases = self.biases[pairs].permute(0, 3, 1, 2)
        scores = query @ key.transpose(-1, -2) / width**0.5 + biases
        weights = self.dropout(masked_softmax(scores, mask[:, None, None, :]))
        attended = (weights @ value).transpose(1, 2).flatten(-2)
        nodes = self.norms[0](nodes + self.dropout(self.output(attended)))
        result: Tensor = self.norms[1](nodes + self.dropout(self.feed_forward(nodes)))
        return result


def _means(chosen: Tensor, features: Tensor) -> Tensor:
    """Return (B, K, D) means of features (B, K, D) over the segments that each chooses, (B, K, K); 0 over none."""
    weights = chosen.to(features.dtype)
    return weights @ features / weights.sum(dim=-1, keepdim=True).clamp(min=1.0)
