"""HGA: clips and words as the nodes of one graph (Jiang and Han, 2020; the paper's reference [17])."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch
from trajvqa.data.inputs import Inputs
from trajvqa.layers.attention import Alignment
from trajvqa.layers.encoders import FrameEncoder
from trajvqa.layers.fusion import HadamardScore, McbScore
from trajvqa.layers.graph import GraphReasoning
from trajvqa.models.query_encoders import query_encoder, required

__all__ = ["Hga"]

_HEADS = 1


class Hga(nn.Module):
    """Scores candidates by a graph over clips and words, and by the whole video and sentence beside it.

    Jiang and Han, Reasoning with Heterogeneous Graph Alignment for Video Question Answering, AAAI 2020. In words:

    - Clips and words, from a recurrent layer each and scaled by layer norm, attend to each other once, with a skip
      connection and layer norm.
    - All of them are nodes. The weight of an edge is the product of the rectified projections of its two ends. Graph
      convolutions are: linear, sum over the edges, layer norm, ReLU, dropout.
    - The nodes are pooled into one vector, which is joined with the product of the last states of video and sentence.

    Edges are HGA's whatever `adjacency` says. `pooling`, `graph_layers` and `fusion` are those of the settings: its
    authors meant attention, yet their published figures come from a softmax over an axis of length one, which is
    ``sum``, and from three convolutions where two are declared.

    What differs:

    - Masks say where there is a word; the published code takes rows whose sum is zero for padding, and after layer
      norm any row may have that sum.
    - BLOCK, a bilinear form of 20 blocks of low rank, is the product of two projections for video and sentence, which
      is the same with blocks of one number, and the score of the paper's own model for the graph, so that the two
      models differ in what they see of the video and not in how they score it.
    - Both directions of attention have projections of their own, and dropout of values stands for dropout of weights.

    Parameters
    ----------
    config
        How it is built.
    inputs
        What the data look like.

    Raises
    ------
    ValueError
        When the data lack clips, or the text that the settings ask for.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.query = query_encoder(config, inputs)
        self.frames = FrameEncoder(required(inputs.frame_size, "frame"), size, config.dropout)
        self.alignment = Alignment(size, _HEADS, config.dropout)
        self.graph = GraphReasoning(size, config.graph_layers, "relu_gram", config.pooling, config.dropout)
        self.whole_video = nn.Linear(size, size)
        self.whole_sentence = nn.Linear(size, size)
        self.score = McbScore(size, config.fusion_size) if config.fusion == "mcb" else HadamardScore(size)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        assert batch.frames is not None
        words, sentence = self.query(batch.words, batch.word_mask)
        clips = self.frames(batch.frames).unsqueeze(1)
        clip_mask = torch.ones(clips.shape[:-1], dtype=torch.bool, device=clips.device)
        whole = self.whole_video(clips[..., -1, :]) * self.whole_sentence(sentence)
        words, clips, _ = self.alignment(_scaled(words), batch.word_mask, _scaled(clips), clip_mask)
        mask = torch.cat([batch.word_mask, clip_mask.expand(*clips.shape[:-1])], dim=-1)
        pooled = self.graph(torch.cat([words, clips], dim=-2), mask)
        scores: Tensor = self.score(pooled, whole)
        return scores


def _scaled(nodes: Tensor) -> Tensor:
    return layer_norm(nodes, nodes.shape[-1:])
