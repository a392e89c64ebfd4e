"""Hinge loss over candidates, Eq. 14."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["hinge_loss"]


def hinge_loss(scores: Tensor, answers: Tensor) -> Tensor:
    """Return the mean of ``max(0, 1 + negative - positive)`` over all questions and wrong candidates.

    Eq. 14 is a sum. The mean keeps the scale of the loss independent of the number of negatives, and Adam is invariant
    to a factor.

    Parameters
    ----------
    scores
        (B, C) scores of the candidates, including the drawn negatives.
    answers
        (B,) index of the correct candidate.

    Returns
    -------
    () loss.
    """
    right = torch.nn.functional.one_hot(answers, scores.shape[1]).bool()
    positive = scores.gather(1, answers[:, None])
    return torch.relu(1 + scores - positive)[~right].mean()  # Eq. 14
