"""EVQA: video and sentence read separately, and added."""

from __future__ import annotations

from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.recurrent import lstm
from trajvqa.models.query_encoders import lstm_query_encoder, required

__all__ = ["Evqa"]


class Evqa(nn.Module):
    """The baseline of Antol et al., VQA: Visual Question Answering, 2015, with clips in place of the image.

    One LSTM reads the clips, another the question with its candidate. Their last states are added, and a layer of tanh
    units and a linear unit compute the score.

    NExT-QA's code has only the linear unit. The video would then add the same number to all candidates of a question,
    and the text alone would decide. The layer of tanh units is Antol et al.'s.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.query = lstm_query_encoder(config, inputs, layers=1)
        self.clips = lstm(required(inputs.frame_size, "frame"), size, 1, config.dropout)
        self.score = nn.Sequential(
            nn.Linear(size, size), nn.Tanh(), nn.Dropout(config.dropout), nn.Linear(size, 1, bias=False)
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        video = self.clips(batch.frames)[0][:, -1:]
        _, sentence = self.query(batch.words, batch.word_mask)
        scores: Tensor = self.score(video + sentence[..., -1, :]).squeeze(-1)
        return scores
