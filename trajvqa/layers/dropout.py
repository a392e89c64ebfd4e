"""Dropout that costs a processor little."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Dropout"]

_STEPS = 1 << 16


class Dropout(nn.Module):
    """Dropout as in `torch.nn.Dropout`, which draws each number by itself on a processor and takes longer than a layer.

    There, four numbers are drawn from 64 random bits, and the probability is rounded to a multiple of 1/65536; the kept
    values are scaled for that probability.

    Parameters
    ----------
    probability
        Probability that a value is set to 0 in training.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def extra_repr(self) -> str:
        """Return the probability, for the text of a model."""
        return f"{self.probability}"

    def forward(self, values: Tensor) -> Tensor:
        """Return the values (...), some of them set to 0 in training."""
        if not self.training or self.probability == 0:
            return values
        if values.device.type != "cpu" or torch.compiler.is_compiling():
            return nn.functional.dropout(values, self.probability)
        dropped = round(self.probability * _STEPS)
        words = torch.empty(-(-values.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        bits = words.view(torch.int16)[: values.numel()].view(values.shape)
        # Numbers of 16 bits run from -32768. In place, since allocating memory takes longer than comparing.
        kept = bits.ge_(dropped - _STEPS // 2).to(values.dtype)
        return values * kept.mul_(_STEPS / (_STEPS - dropped))
