"""The text-only baseline: it reads question and candidate and sees no video (Table 1, "Text Only")."""

from __future__ import annotations

from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.models.query_encoders import query_encoder

__all__ = ["TextOnly"]


class TextOnly(nn.Module):
    """Scores candidates by the sentence alone, Eq. 4."""

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        self.query = query_encoder(config, inputs)
        self.score = nn.Linear(config.hidden_size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        _, sentence = self.query(batch.words, batch.word_mask)
        scores: Tensor = self.score(sentence).squeeze(-1)
        return scores
