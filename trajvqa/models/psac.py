"""PSAC: self-attention with positions in place of recurrence, and co-attention (Li et al., 2019; reference [20])."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.clips import appearance_and_motion, sizes_of
from trajvqa.layers.co_attention import CoAttention
from trajvqa.layers.self_attention import PositionalSelfAttention
from trajvqa.models.query_encoders import query_embedding, required

__all__ = ["Psac"]


class Psac(nn.Module):
    """Scores candidates by co-attention of clips and words, both encoded by self-attention; only appearance is used.

    Li et al., Beyond RNNs: Positional Self-Attention with Co-Attention for Video Question Answering, AAAI 2019. In
    words:

    - Sines and cosines of their positions are added to clips and to words. Each of the two sequences attends to itself
      with several heads; a feed-forward layer follows, and both have a skip connection and layer norm.
    - Clips and words attend to each other through one similarity matrix; each clip is joined with what it attends to in
      the words, and with what these attend to in the clips.
    - The mean over the clips is scored by two layers.

    What differs:

    - Words have no character vectors: neither GloVe vectors nor BERT features come with any.
    - Clips are projected to d before the first attention, where the published code attends at the width of their
      features with heads of width 256, and words are read by the same block as clips, where it puts convolutions before
      theirs.
    - Padding is masked explicitly; the published code infers it from word number 0.

    Parameters
    ----------
    config
        How the model is built; `appearance_size` is where motion begins.
    inputs
        Sizes and word vectors of the data.

    Raises
    ------
    ValueError
        If the data lack clips, or the text that the settings ask for.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.appearance_size = config.appearance_size
        appearance, _ = sizes_of(required(inputs.frame_size, "frame"), config.appearance_size)
        self.embed = query_embedding(config, inputs)
        self.dropout = nn.Dropout(config.dropout)
        self.words = PositionalSelfAttention(config.word_size, size, config.dropout)
        self.clips = PositionalSelfAttention(appearance, size, config.dropout)
        self.meet = CoAttention(size)
        self.score = nn.Sequential(
            nn.Linear(size, size), nn.ReLU(), nn.Dropout(config.dropout), nn.Linear(size, 1, bias=False)
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        appearance, _ = appearance_and_motion(batch.frames, self.appearance_size)
        clip_mask = torch.ones(appearance.shape[:-1], dtype=torch.bool, device=appearance.device)
        clips = self.clips(appearance, clip_mask).unsqueeze(1)
        words = self.words(self.dropout(self.embed(batch.words)), batch.word_mask)
        met = self.meet(clips, clip_mask.unsqueeze(1), words, batch.word_mask)
        scores: Tensor = self.score(met.mean(dim=-2)).squeeze(-1)
        return scores
