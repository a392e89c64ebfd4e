"""HME: a memory that appearance and motion share, a memory of the question, and attention to both in steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.batches import Batch
from trajvqa.config import ModelConfig
from trajvqa.layers.additive import AdditiveAttention
from trajvqa.layers.clips import appearance_and_motion, sizes_of
from trajvqa.layers.memory import SlotMemory
from trajvqa.layers.recurrent import lstm
from trajvqa.models.inputs import Inputs, lstm_query_encoder, required

__all__ = ["Hme"]

_LAYERS = 2
_SLOTS = 16
_STEPS = 3


class Hme(nn.Module):
    """Fan et al., Heterogeneous Memory Enhanced Multimodal Attention Model for Video Question Answering, 2019.

    Two LSTM layers read the appearance of the clips, two others their motion, and two the question with its candidate.
    Appearance and motion write to one memory of slots and read from it, clip by clip; the words do so with a memory of
    their own, word by word (`SlotMemory`). In each of three steps a GRU cell, whose state starts as the last state of
    the sentence, attends to the clips and to the words, weighs the two by a further attention, and takes in the tanh of
    their sum. A linear unit on its last state makes the score.

    What differs: memories start empty, where published code fills them with random numbers in every forward pass; the
    weights to write, keep and read come from one hidden layer; both memories have 16 slots; a clip is what was read of
    the memory plus the states of appearance and motion, a word likewise, since the memories alone pass on little of the
    video; and the cell is a GRU that starts from the sentence and keeps of it what it needs, where theirs is an LSTM
    that starts from nothing.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.appearance_size = config.appearance_size
        self.query = lstm_query_encoder(config, inputs, _LAYERS)
        widths = sizes_of(required(inputs.frame_size, "frame"), config.appearance_size)
        self.appearance, self.motion = (lstm(width, size, _LAYERS, config.dropout) for width in widths)
        self.video_memory = SlotMemory(size, 2, _SLOTS)
        self.word_memory = SlotMemory(size, 1, _SLOTS)
        self.fusion = _Fusion(size)
        self.dropout = nn.Dropout(config.dropout)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        appearance, motion = appearance_and_motion(batch.frames, self.appearance_size)
        seen, moved = self.appearance(appearance)[0], self.motion(motion)[0]
        video = seen + moved + self.video_memory(seen, moved)  # (B, N, d)
        words, sentence = self.query(batch.words, batch.word_mask)
        # Padding comes after the words, so that no state of a word has it in.
        words = words + self.word_memory(words.flatten(0, 1)).view_as(words)  # (B, C, L, d)
        fused = self.fusion(video, words, batch.word_mask, sentence[..., -1, :])
        scores: Tensor = self.score(self.dropout(fused)).squeeze(-1)
        return scores


class _Fusion(nn.Module):
    """A GRU cell that attends to clips and words in steps."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.to_video = AdditiveAttention(size, size, size)
        self.to_words = AdditiveAttention(size, size, size)
        self.to_either = AdditiveAttention(size, size, size)
        self.video = nn.Linear(size, size)
        self.words = nn.Linear(size, size)
        self.cell = nn.GRUCell(size, size)

    def forward(self, video: Tensor, words: Tensor, word_mask: Tensor, sentence: Tensor) -> Tensor:
        """Return (B, C, d) for video (B, N, d), words (B, C, L, d) and sentence (B, C, d)."""
        video_keys = self.to_video.project(video).unsqueeze(1)
        word_keys = self.to_words.project(words)
        state = sentence
        for _ in range(_STEPS):
            seen = self.to_video(state, video_keys) @ video
            told = (self.to_words(state, word_keys, word_mask).unsqueeze(-2) @ words).squeeze(-2)
            parts = torch.stack([self.video(seen), self.words(told)], dim=-2)  # (B, C, 2, d)
            weights = self.to_either(state, self.to_either.project(parts))
            joined = torch.tanh((weights.unsqueeze(-2) @ parts).squeeze(-2))
            state = self.cell(joined.flatten(0, 1), state.flatten(0, 1)).view_as(sentence)
        return state
