"""The random baseline: scores independent of the answer (Table 1, "Random")."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs

__all__ = ["RandomChoice"]


class RandomChoice(nn.Module):
    """Scores by a hash of question, candidate and seed, which neither order nor padding changes."""

    weights: Tensor

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        shape = (config.max_words, 1 if inputs.text_size is None else inputs.text_size)
        self.register_buffer("weights", torch.rand(shape, dtype=torch.float64) * 1e4)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C) in [0, 1)."""
        words = batch.words.double().masked_fill(~_expanded(batch.word_mask, batch.words), 0.0)
        if words.ndim == 3:
            words = words.unsqueeze(-1)
        hashed = (words * self.weights[: words.shape[2]]).sum(dim=(-1, -2))
        return torch.frac(hashed).abs().float()


def _expanded(mask: Tensor, values: Tensor) -> Tensor:
    return mask if values.ndim == mask.ndim else mask.unsqueeze(-1)
