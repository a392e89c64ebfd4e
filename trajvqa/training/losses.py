"""The hinge loss over candidates, Eq. 14."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["hinge_loss"]


def hinge_loss(scores: Tensor, answers: Tensor) -> Tensor:
    """Return the mean of ``max(0, 1 + negative - positive)`` over all questions and wrong candidates.

    Eq. 14 sums; the mean keeps the loss of the same size for every number of negatives, and Adam takes no notice of a
    factor.

    Parameters
    ----------
    scores
        (B, C) score of each candidate, the drawn negatives among them.
    answers
        (B,) place of the right candidate.

    Returns
    -------
    () loss.
    """
    right = torch.nn.functional.one_hot(answers, scores.shape[1]).bool()
    positive = scores.gather(1, answers[:, None])
    return torch.relu(1 + scores - positive)[~right].mean()  # Eq. 14
