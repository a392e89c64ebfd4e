"""A recurrent layer whose update gate is an attention weight."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["AttentionGru"]


class AttentionGru(nn.Module):
    """A GRU whose update gate is an input.

    Xiong et al., Dynamic Memory Networks for Visual and Textual Question Answering, 2016. A fact f with weight g turns
    the state h into g c + (1 - g) h, with the candidate c = tanh(V f + r ∘ Q h) and the reset gate
    r = sigmoid(W f + U h); c and r each have a bias.

    Parameters
    ----------
    hidden_size
        d.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.facts = nn.Linear(hidden_size, 2 * hidden_size)
        self.state = nn.Linear(hidden_size, 2 * hidden_size, bias=False)

    def forward(self, facts: Tensor, weights: Tensor) -> Tensor:
        """Return the state (B, C, d) after all facts.

        Parameters
        ----------
        facts
            (B, N, d) facts of each question.
        weights
            (B, C, N) weights of the facts, for each candidate.
        """
        projected = self.facts(facts).unsqueeze(1)  # (B, 1, N, 2d)
        state = facts.new_zeros(*weights.shape[:2], facts.shape[-1])
        for index in range(facts.shape[1]):
            reset, candidate = projected[:, :, index].chunk(2, dim=-1)
            reset_state, candidate_state = self.state(state).chunk(2, dim=-1)
            candidate = torch.tanh(candidate + torch.sigmoid(reset + reset_state) * candidate_state)
            state = state + weights[:, :, index, None] * (candidate - state)
        return state
