"""ST-VQA: the sentence is read after the video and looks back at its clips."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.batches import Batch
from trajvqa.config import ModelConfig
from trajvqa.layers.additive import AdditiveAttention
from trajvqa.layers.recurrent import lstm
from trajvqa.models.inputs import Inputs, lstm_query_encoder, required

__all__ = ["StVqa"]

_LAYERS = 2


class StVqa(nn.Module):
    """Temporal attention of Jang et al., TGIF-QA: Toward Spatio-Temporal Reasoning in Visual Question Answering, 2017.

    Two LSTM layers read the clips. Two others read the question with its candidate and start from the states in which
    the clips left the former. The last state q of the sentence attends to the states of the clips; their weighted sum v
    joins it as tanh(W v) + q, of which a linear unit makes the score.

    What differs: there is no spatial attention, which needs a map of features for each clip, and so no first reading of
    the sentence to guide it; and the states of the upper layer stand for those of both.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.query = lstm_query_encoder(config, inputs, _LAYERS)
        self.clips = lstm(required(inputs.frame_size, "frame"), size, _LAYERS, config.dropout)
        self.attention = AdditiveAttention(size, size, size)
        self.attended = nn.Linear(size, size)
        self.dropout = nn.Dropout(config.dropout)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        clips, last = self.clips(batch.frames)  # (B, N, d)
        _, sentence = self.query(batch.words, batch.word_mask, last)
        weights = self.attention(sentence, self.attention.project(clips).unsqueeze(1))  # (B, C, N)
        joined = torch.tanh(self.attended(weights @ clips)) + sentence
        scores: Tensor = self.score(self.dropout(joined)).squeeze(-1)
        return scores
