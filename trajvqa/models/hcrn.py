"""HCRN: relations of clips in segments, then of segments (Le et al., 2020; the paper's reference [19])."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.clips import appearance_and_motion, in_equal_parts, sizes_of
from trajvqa.layers.encoders import FrameEncoder
from trajvqa.layers.relation import RelationUnit
from trajvqa.models.query_encoders import query_encoder, required

__all__ = ["Hcrn"]

_SEGMENTS = 4
_CLIPS = 4
"""Number of clips in a segment."""


class Hcrn(nn.Module):
    """Scores candidates by relation units over the clips of each segment, and over the segments of the video.

    Le et al., Hierarchical Conditional Relation Networks for Video Question Answering, CVPR 2020. In words:

    - A relation unit averages subsets of its array, joins each with a condition by a layer and ELU, and averages over
      the subsets of one size. Its output has one item for each size.
    - The appearance of the clips of each segment goes through a unit conditioned on the motion of the segment, then
      through one conditioned on the sentence. Items with the same index in all segments form the array of a unit
      conditioned on the motion of the whole video, then of one conditioned on the sentence. Units conditioned on the
      sentence are gated.
    - The sentence attends to all items of the output; the weighted sum is joined with the sentence and scored.

    What differs:

    - The published model has 16 frames in each clip; NExT-QA's features have one vector per clip. The units therefore
      relate clips, four in each of four segments. A video with another number of clips is averaged over 16 equal parts.
    - All subsets of each size are used, including the whole array. The published code draws one of each size again in
      every forward pass, even in evaluation, from arrays that are too long for all; ours have 4 and 3 items.
    - Question and candidate are one sentence, as in all models here, and its state is the condition. The published
      model conditions on the question, and combines the result with the candidates.
    - Recurrent layers are those of the other models and run forward; the score has no batch norm, so a question's
      scores do not depend on others.

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
        appearance, motion = sizes_of(required(inputs.frame_size, "frame"), config.appearance_size)
        self.query = query_encoder(config, inputs)
        self.appearance = nn.Linear(appearance, size)
        self.segment_motion = nn.Linear(motion, size)
        self.video_motion = FrameEncoder(motion, size, config.dropout)
        self.segment_under_motion = RelationUnit(_CLIPS, size, gated=False)
        self.segment_under_sentence = RelationUnit(_CLIPS - 1, size, gated=True)
        self.video_under_motion = RelationUnit(_SEGMENTS, size, gated=False)
        self.video_under_sentence = RelationUnit(_SEGMENTS - 1, size, gated=True)
        self.look = _Look(size)
        self.dropout = nn.Dropout(config.dropout)
        self.join = nn.Linear(2 * size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        appearance, motion = appearance_and_motion(batch.frames, self.appearance_size)
        _, sentence = self.query(batch.words, batch.word_mask)
        clips = _segments(self.appearance(appearance))
        segment_motion = _segments(self.segment_motion(motion)).mean(dim=-2)
        video_motion = self.video_motion(motion)[:, -1]

        related = self.segment_under_motion(clips, segment_motion).unsqueeze(1)  # (B, 1, segments, items, d)
        related = self.segment_under_sentence(related, sentence.unsqueeze(2)).transpose(2, 3)
        related = self.video_under_motion(related, video_motion[:, None, None])  # (B, C, segment items, items, d)
        related = self.video_under_sentence(related, sentence.unsqueeze(2))
        seen = self.look(self.dropout(related.flatten(2, 3)), sentence)
        joined = elu(self.join(torch.cat([seen, sentence], dim=-1)))
        scores: Tensor = self.score(self.dropout(joined)).squeeze(-1)
        return scores


class _Look(nn.Module):
    """Attention of the sentence to the output of the units."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.item = nn.Linear(hidden_size, hidden_size, bias=False)
        self.sentence = nn.Linear(hidden_size, hidden_size, bias=False)
        self.join = nn.Linear(2 * hidden_size, hidden_size)
        self.weigh = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, items: Tensor, sentence: Tensor) -> Tensor:
        """Return the weighted mean (..., d) of items (..., n, d) that sentences (..., d) attend to."""
        projected = self.item(items)
        asked = projected * self.sentence(sentence).unsqueeze(-2)
        weights = torch.softmax(self.weigh(elu(self.join(torch.cat([projected, asked], dim=-1)))), dim=-2)
        return (weights * items).sum(dim=-2)


def _segments(clips: Tensor) -> Tensor:
    """Return (B, segments, clips per segment, d) for clips (B, N, d)."""
    return in_equal_parts(clips, _SEGMENTS * _CLIPS).reshape(len(clips), _SEGMENTS, _CLIPS, -1)
