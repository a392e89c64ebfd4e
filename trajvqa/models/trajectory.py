"""The paper's model: frames, trajectories and words, aligned in a cycle and joined in three graphs (Figure 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.attention import Alignment
from trajvqa.layers.encoders import FrameEncoder, TrajectoryEncoder
from trajvqa.layers.fusion import HadamardScore, McbScore
from trajvqa.layers.graph import GraphReasoning
from trajvqa.layers.segments import SegmentEncoder
from trajvqa.layers.sentences import Sentences
from trajvqa.models.explanation import Explanation
from trajvqa.models.object_encoders import encode_objects, segment_encoder
from trajvqa.models.query_encoders import query_encoder, required

__all__ = ["TrajectoryModel"]


class TrajectoryModel(nn.Module):
    """Scores candidates by how well question and candidate fit the video.

    Everything that depends only on the video is computed once for each question and shared by its candidates.

    Parameters
    ----------
    config
        How the model is built; every ablation of Tables 4 and 5 is a setting.
    inputs
        Sizes and word vectors of the data.

    Raises
    ------
    ValueError
        If the data lack a stream or segments that the settings ask for.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.graph_names = config.active_graphs
        self.weights = {"VQG": 1.0, "TQG": config.trajectory_weight, "VTG": config.visual_weight}
        self.query = query_encoder(config, inputs)
        used = {name for graph in self.graph_names for name in _ENDS[graph]}
        if "video" in used:
            frame_size = required(inputs.frame_size, "frame")
            self.frames = FrameEncoder(frame_size, size, config.dropout)
        if "trajectories" in used:
            self.trajectories = _trajectory_encoder(config, inputs)
        self.alignments = nn.ModuleDict()
        if config.cycle_attention:
            for name in self.graph_names:
                self.alignments[name] = Alignment(size, config.attention_heads, config.dropout)
        self.graphs = nn.ModuleDict(
            {
                name: GraphReasoning(size, config.graph_layers, config.adjacency, config.pooling, config.dropout)
                for name in self.graph_names
            }
        )
        self.scores = nn.ModuleDict(
            {
                name: McbScore(size, config.fusion_size) if config.fusion == "mcb" else HadamardScore(size)
                for name in self.graph_names
            }
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        sentences, video = self._encoded(batch)
        pieces = [
            self._pooled(piece, {name: (nodes[rows], mask[rows]) for name, (nodes, mask) in video.items()})[0]
            for rows, piece in sentences.pieces()
        ]
        return self._scores([torch.cat(each) for each in zip(*pieces, strict=True)], sentences.last)

    def explain(self, batch: Batch) -> Explanation:
        """Return the scores and the attention of each word to the trajectories and clips, averaged over the heads.

        It is that of Eq. 6 and of its counterpart for clips. There is none to trajectories without TQG, none to clips
        without VQG, and none at all without cycle attention. The weight of a trajectory or clip is its mean over words.
        """
        sentences, video = self._encoded(batch)
        pooled, weights = self._pooled(sentences, video)
        scores = self._scores(pooled, sentences.last)
        of_words = {
            name: sentences.spread(each).masked_fill(~batch.word_mask.unsqueeze(-1), 0.0)
            for name, each in weights.items()
        }
        shares = {name: _mean_over(each, batch.word_mask) for name, each in of_words.items()}
        return Explanation(scores, of_words.get("TQG"), shares.get("TQG"), shares.get("VQG"))

    def _encoded(self, batch: Batch) -> tuple[Sentences, dict[str, tuple[Tensor, Tensor]]]:
        """Return the sentences and, by name, the nodes (B, 1, n, d) of the video and their mask (B, 1, n)."""
        video: dict[str, tuple[Tensor, Tensor]] = {}
        if hasattr(self, "frames"):
            assert batch.frames is not None
            clips = self.frames(batch.frames).unsqueeze(1)
            video["video"] = (clips, torch.ones(clips.shape[:-1], dtype=torch.bool, device=clips.device))
        if hasattr(self, "trajectories"):
            found, mask = encode_objects(self.trajectories, batch)
            video["trajectories"] = (found.unsqueeze(1), mask.unsqueeze(1))
        return self.query.encode(batch.words, batch.word_mask), video

    def _scores(self, pooled: Sequence[Tensor], last: Tensor) -> Tensor:
        """Return scores (B, C) for the pooled vectors (B, C or 1, d) of each graph and the last words (B, C, d)."""
        total = torch.zeros_like(last[..., 0])
        for name, each in zip(self.graph_names, pooled, strict=True):
            total = total + self.weights[name] * self.scores[name](each, last)  # Eqs. 12 and 13
        return total

    def _pooled(
        self, sentences: Sentences, video: Mapping[str, tuple[Tensor, Tensor]]
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the pooled vector of each graph, and by its name the attention of the words to its other nodes."""
        pooled = []
        attention = {}
        parts = {"words": (sentences.nodes, sentences.mask), **video}
        for name in self.graph_names:
            (first, first_mask), (second, second_mask) = (parts[end] for end in _ENDS[name])
            if name in self.alignments:
                first, second, weights = self.alignments[name](first, first_mask, second, second_mask)  # Eqs. 6-8
                if _ENDS[name][0] == "words":
                    attention[name] = weights
            is_text = _ENDS[name][0] == "words"
            mask = _joined((sentences.words if is_text else first_mask).unsqueeze(-1), second_mask.unsqueeze(-1))
            graph = self.graphs[name]
            assert isinstance(graph, GraphReasoning)
            join = partial(_spread_and_joined, sentences.spread) if is_text else _joined_parts
            pooled.append(graph.over_parts([first, second], mask.squeeze(-1), join))
        return pooled, attention


def _trajectory_encoder(config: ModelConfig, inputs: Inputs) -> TrajectoryEncoder | SegmentEncoder:
    if config.trajectory_encoder == "segments":
        return segment_encoder(config, inputs)
    return TrajectoryEncoder(
        required(inputs.trajectory_size, "trajectory"),
        required(inputs.label_vectors, "trajectory"),
        config.hidden_size,
        config.trajectory_encoder,
        config.trajectory_layers,
        config.trajectory_heads,
        config.trajectory_feed_forward,
        config.dropout,
    )


_ENDS = {"VQG": ("words", "video"), "TQG": ("words", "trajectories"), "VTG": ("video", "trajectories")}


def _joined(first: Tensor, second: Tensor) -> Tensor:
    """Return (..., n + m, k) for values (..., n, k) and (..., m, k) of two modalities; leading axes broadcast."""
    lead = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    return torch.cat([values.expand(*lead, *values.shape[-2:]) for values in (first, second)], dim=-2)


def _joined_parts(parts: Sequence[Tensor]) -> Tensor:
    return _joined(*parts)


def _spread_and_joined(spread: Callable[[Tensor], Tensor], parts: Sequence[Tensor]) -> Tensor:
    return _joined(spread(parts[0]), parts[1])


def _mean_over(attention: Tensor, words: Tensor) -> Tensor:
    """Return the mean (..., K) of attention (..., L, K), which is 0 for padding, over the words of a mask (..., L)."""
    return attention.sum(dim=-2) / words.sum(dim=-1, keepdim=True).clamp(min=1)
