"""Section 3.3: the score of a video vector and a sentence vector, Eq. 12."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["CompactBilinear", "HadamardScore", "McbScore", "count_sketch"]

_SKETCH_SEED = 12


def count_sketch(values: Tensor, places: Tensor, signs: Tensor, size: int) -> Tensor:
    """Return the sketch (..., size) of `values` (..., d): each value times its sign, added at index ``places[i]``."""
    sketch = values.new_zeros(*values.shape[:-1], size)
    return sketch.index_add(-1, places, values * signs)


class CompactBilinear(nn.Module):
    """The count sketch of an outer product, as a circular convolution of two count sketches.

    Fukui et al., Multimodal Compact Bilinear Pooling, 2016; the paper's reference [7].

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

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the sketch (..., size) of two vectors (..., d); leading axes broadcast."""
        spectra = [
            torch.fft.rfft(count_sketch(values.float(), self.places[k], self.signs[k], self.size))
            for k, values in enumerate((first, second))
        ]
        sketch: Tensor = torch.fft.irfft(spectra[0] * spectra[1], n=self.size)
        return sketch


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
        scores: Tensor = self.score(self.bilinear(video, sentence)).squeeze(-1)
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
