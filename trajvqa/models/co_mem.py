"""Co-Mem: a memory of appearance and a memory of motion that guide each other's attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.additive import AdditiveAttention
from trajvqa.layers.attention_gru import AttentionGru
from trajvqa.layers.clips import appearance_and_motion, sizes_of
from trajvqa.layers.recurrent import lstm
from trajvqa.models.query_encoders import lstm_query_encoder, required

__all__ = ["CoMem"]

_LAYERS = 2
_CYCLES = 3


class CoMem(nn.Module):
    """Gao et al., Motion-Appearance Co-Memory Networks for Video Question Answering, 2018.

    Two LSTM layers read the appearance of the clips, two others their motion, and two the question with its candidate;
    the last state of the latter is q. The states of the clips are the facts of a stream, and the last of them is its
    initial memory. In each of three cycles a stream attends to its facts, guided by q, its memory and the memory of the
    other stream; an attention GRU over the facts computes a context; and the memory becomes a rectified linear layer of
    memory, context and q. Both streams read the memories of the cycle before. A linear unit on the two last memories
    is the score.

    What differs: the facts are on one level, the states of the LSTM, where the paper stacks convolutions and
    deconvolutions over time and mixes their levels; and gradients flow into the initial memories, where NExT-QA's code
    stops them.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        self.appearance_size = config.appearance_size
        self.query = lstm_query_encoder(config, inputs, _LAYERS)
        widths = sizes_of(required(inputs.frame_size, "frame"), config.appearance_size)
        self.appearance, self.motion = (_Stream(width, config.hidden_size, config.dropout) for width in widths)
        self.dropout = nn.Dropout(config.dropout)
        self.score = nn.Linear(2 * config.hidden_size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        sentence = self.query(batch.words, batch.word_mask)[1][..., -1, :]
        appearance, motion = appearance_and_motion(batch.frames, self.appearance_size)
        appearance_facts, appearance_keys = self.appearance.read(appearance)
        motion_facts, motion_keys = self.motion.read(motion)
        seen, moved = (facts[:, -1:].expand_as(sentence) for facts in (appearance_facts, motion_facts))
        for _ in range(_CYCLES):
            seen, moved = (
                self.appearance(appearance_facts, appearance_keys, sentence, seen, moved),
                self.motion(motion_facts, motion_keys, sentence, moved, seen),
            )
        scores: Tensor = self.score(self.dropout(torch.cat([seen, moved], dim=-1))).squeeze(-1)
        return scores


class _Stream(nn.Module):
    """The facts of one stream, and one cycle of its memory."""

    def __init__(self, feature_size: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.encode = lstm(feature_size, hidden_size, _LAYERS, dropout)
        self.attention = AdditiveAttention(3 * hidden_size, hidden_size, hidden_size)
        self.recall = AttentionGru(hidden_size)
        self.update = nn.Linear(3 * hidden_size, hidden_size)

    def read(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return facts (B, N, d) and their keys (B, 1, N, d) for features (B, N, D)."""
        facts = self.encode(features)[0]
        return facts, self.attention.project(facts).unsqueeze(1)

    def forward(self, facts: Tensor, keys: Tensor, sentence: Tensor, memory: Tensor, other: Tensor) -> Tensor:
        """Return the next memory (B, C, d)."""
        weights = self.attention(torch.cat([sentence, memory, other], dim=-1), keys)
        context = self.recall(facts, weights)
        return torch.relu(self.update(torch.cat([memory, context, sentence], dim=-1)))
