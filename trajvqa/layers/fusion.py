"""Section 3.3: the score of a video vector and a sentence vector, Eq. 12."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["CompactBilinear", "HadamardScore", "McbScore"]

_SKETCH_SEED = 12


class CompactBilinear(nn.Module):
    """The count sketch of an outer product of two vectors, multiplied by weights.

    Entry (i, j) of the outer product is added, times its sign, at one index of the sketch: Fukui et al., Multimodal
    Compact Bilinear Pooling, 2016; the paper's reference [7]. They compute the sketch as a circular convolution of two
    count sketches. A product with weights needs no sketch: each entry meets the weight of its index, so that the
    weights are gathered into a matrix, which is the same sum and much faster.

    Parameters
    ----------
    input_size
        Width of both vectors.
    size
        Length of the sketch.
    """

    places: Tensor
    signs: Tensor

    def __init__(self, input_size: int, size: int) -> None:
        super().__init__()
        self.size = size
        # Part of the model, not of its training: independent of the seed, and saved in checkpoints.
        rng = torch.Generator().manual_seed(_SKETCH_SEED)
        self.register_buffer("places", torch.randint(size, (2, input_size), generator=rng))
        self.register_buffer("signs", torch.randint(2, (2, input_size), generator=rng).float() * 2 - 1)

    def forward(self, first: Tensor, second: Tensor, weights: Tensor) -> Tensor:
        """Return the products (...) of sketches with weights (size,), for vectors (..., d); leading axes broadcast."""
        with torch.autocast(first.device.type, enabled=False):
            index = (self.places[0][:, None] + self.places[1]) % self.size
            signs = (self.signs[0][:, None] * self.signs[1]).to(weights.dtype)
            matrix = weights[index] * signs
            return (first.to(weights.dtype) @ matrix * second.to(weights.dtype)).sum(dim=-1)


class McbScore(nn.Module):
    """Multi-modal compact bilinear score, Eq. 12: one linear unit on the sketch.

    The signed square root and the normalisation of Fukui et al. are omitted: with them the model does not learn which
    trajectory does what (docs/vqa-model.md).
    """

    def __init__(self, hidden_size: int, size: int) -> None:
        super().__init__()
        self.bilinear = CompactBilinear(hidden_size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, video: Tensor, sentence: Tensor) -> Tensor:
        """Return scores (...) of two vectors (..., d); leading axes broadcast."""
        scores: Tensor = self.bilinear(video, sentence, self.score.weight[0])
        return scores


class HadamardScore(nn.Module):
    """A weighted sum of element-wise products, the simple alternative to `McbScore`."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.score = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, video: Tensor, sentence: Tensor) -> Tensor:
        """Return scores (...) of two vectors (..., d); leading axes broadcast."""
        scores: Tensor = self.score(video * sentence).squeeze(-1)
        return scores
