"""ST-VQA: the sentence is read after the video and attends to its clips."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.additive import AdditiveAttention
from trajvqa.layers.recurrent import LstmLayers
from trajvqa.models.query_encoders import lstm_query_encoder, required

__all__ = ["StVqa"]

_LAYERS = 2


class StVqa(nn.Module):
    """Temporal attention of Jang et al., TGIF-QA: Toward Spatio-Temporal Reasoning in Visual Question Answering, 2017.

    Two LSTM layers read the clips. Two others read the question with its candidate and start from the final states of
    the former. A clip is the concatenated states of both layers, and the sentence q those after the last word. The
    sentence attends to the clips, with the weighted sum v; a linear unit on tanh(W v) + q is the score.

    What differs: there is no spatial attention, which needs a feature map for each clip, and so no first reading of the
    sentence to guide it.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        both = _LAYERS * size
        self.query = lstm_query_encoder(config, inputs, _LAYERS)
        self.clips = LstmLayers(required(inputs.frame_size, "frame"), size, _LAYERS, config.dropout)
        self.attention = AdditiveAttention(both, both, size)
        self.attended = nn.Linear(both, both)
        self.dropout = nn.Dropout(config.dropout)
        self.score = nn.Linear(both, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        states, last = self.clips(batch.frames)
        _, ends = self.query(batch.words, batch.word_mask, last)
        clips, sentence = states.flatten(-2), ends.flatten(-2)  # (B, N, 2d), (B, C, 2d)
        weights = self.attention(sentence, self.attention.project(clips).unsqueeze(1))  # (B, C, N)
        joined = torch.tanh(self.attended(weights @ clips)) + sentence
        scores: Tensor = self.score(self.dropout(joined)).squeeze(-1)
        return scores
