"""HME: a memory shared by appearance and motion, a memory of the question, and attention to both in steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.additive import AdditiveAttention
from trajvqa.layers.clips import appearance_and_motion, sizes_of
from trajvqa.layers.memory import QuestionMemory, VideoMemory
from trajvqa.layers.recurrent import LstmLayers, lstm
from trajvqa.models.query_encoders import lstm_query_encoder, required

__all__ = ["Hme"]

_LAYERS = 2
_SLOTS = 16
_STEPS = 3


class Hme(nn.Module):
    """Fan et al., Heterogeneous Memory Enhanced Multimodal Attention Model for Video Question Answering, 2019.

    Two LSTM layers read the appearance of the clips, two others their motion, and two the question with its candidate.
    The concatenated last states of both layers are the sentence. It attends to appearance and to motion, each the
    concatenated states of both layers.

    Clip by clip, the upper layers' states of appearance and motion write to one memory and read from it
    (`VideoMemory`); those of the words do so with another (`QuestionMemory`). Two further LSTM layers, whose states
    start at 0, then take three steps. The input of the first step is the tanh of a linear layer over the last upper
    states of appearance and motion. Before each further step the upper state s attends to the states of the video
    memory and to those of the question memory. Both weighted sums pass through a linear layer each, are weighted by a
    further attention of s and added. The input is the tanh of a linear layer over s and that sum. The result is the
    concatenated states of both layers.

    This result, the attended appearance and the attended motion each pass through a linear layer and tanh. A linear
    unit on all three is the score.

    What differs from NExT-QA's code: both memories have 16 slots, where it has as many as there are clips and as the
    longest sentence has words; attended appearance and motion have a layer each, where it has one for both; and all
    layers have PyTorch's initial weights, where it draws the state's weights of the question memory from N(0, 0.1²).
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size, dropout = config.hidden_size, config.dropout
        self.appearance_size = config.appearance_size
        self.query = lstm_query_encoder(config, inputs, _LAYERS)
        widths = sizes_of(required(inputs.frame_size, "frame"), config.appearance_size)
        self.appearance, self.motion = (LstmLayers(width, size, _LAYERS, dropout) for width in widths)
        self.attend_appearance, self.attend_motion = (_TemporalAttention(size) for _ in widths)
        self.video_memory = VideoMemory(size, _SLOTS)
        self.question_memory = QuestionMemory(size, _SLOTS)
        self.fusion = _Fusion(size, dropout)
        self.score = nn.Linear(3 * size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        appearance, motion = appearance_and_motion(batch.frames, self.appearance_size)
        seen, moved = self.appearance(appearance)[0], self.motion(motion)[0]  # (B, N, 2, d)
        upper_seen, upper_moved = seen[..., -1, :], moved[..., -1, :]
        video = self.video_memory(upper_seen, upper_moved)
        words, ends = self.query(batch.words, batch.word_mask)
        # Padding comes after the words, so no state of a word depends on it.
        question = self.question_memory(words.flatten(0, 1)).view_as(words)
        last = torch.cat([upper_seen[:, -1], upper_moved[:, -1]], dim=-1)
        fused = self.fusion(last, video, question, batch.word_mask)
        sentence = ends.flatten(-2)  # (B, C, 2d)
        attended = self.attend_appearance(sentence, seen.flatten(-2)), self.attend_motion(sentence, moved.flatten(-2))
        scores: Tensor = self.score(torch.cat([*attended, fused], dim=-1)).squeeze(-1)
        return scores


class _TemporalAttention(nn.Module):
    """Attention of the sentence to one stream."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.attention = AdditiveAttention(_LAYERS * size, _LAYERS * size, size)
        self.output = nn.Linear(_LAYERS * size, size)

    def forward(self, sentence: Tensor, clips: Tensor) -> Tensor:
        """Return (B, C, d) for sentences (B, C, 2d) and clips (B, N, 2d)."""
        weights = self.attention(sentence, self.attention.project(clips).unsqueeze(1))
        return torch.tanh(self.output(weights @ clips))


class _Fusion(nn.Module):
    """LSTM layers that attend to both memories, step by step."""

    def __init__(self, size: int, dropout: float) -> None:
        super().__init__()
        self.to_video = AdditiveAttention(size, size, size)
        self.to_question = AdditiveAttention(size, size, size)
        self.to_either = AdditiveAttention(size, size, size)
        self.video = nn.Linear(size, size)
        self.question = nn.Linear(size, size)
        self.first = nn.Linear(2 * size, size)
        self.next = nn.Linear(2 * size, size)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = lstm(size, size, _LAYERS, dropout=0.0)
        self.output = nn.Linear(_LAYERS * size, size)

    def forward(self, last: Tensor, video: Tensor, question: Tensor, word_mask: Tensor) -> Tensor:
        """Return (B, C, d) for the streams' last states (B, 2d) and the memories' states.

        The memories' states are (B, N, d) for the video and (B, C, L, d) for the question, masked by `word_mask`.
        """
        batch, candidates, _ = word_mask.shape
        video_keys = self.to_video.project(video).unsqueeze(1)
        question_keys = self.to_question.project(question)
        given = torch.tanh(self.first(last)).unsqueeze(1).expand(-1, candidates, -1)
        hidden, cell = last.new_zeros(2, _LAYERS, batch * candidates, self.recurrent.hidden_size)
        for step in range(_STEPS):
            if step:
                state = hidden[-1].view(batch, candidates, -1)
                seen = self.to_video(state, video_keys) @ video
                asked = (self.to_question(state, question_keys, word_mask).unsqueeze(-2) @ question).squeeze(-2)
                parts = torch.stack([self.video(seen), self.question(asked)], dim=-2)  # (B, C, 2, d)
                weights = self.to_either(state, self.to_either.project(parts))
                joined = (weights.unsqueeze(-2) @ parts).squeeze(-2)
                given = torch.tanh(self.next(torch.cat([state, joined], dim=-1)))
            taken = self.dropout(given).reshape(batch * candidates, 1, -1)
            _, (hidden, cell) = self.recurrent(taken, (hidden, cell))
        both = hidden.transpose(0, 1).flatten(1).view(batch, candidates, -1)
        return torch.tanh(self.output(both))
