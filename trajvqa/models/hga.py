"""HGA: clips and words as the nodes of one graph (Jiang and Han, 2020; the paper's reference [17])."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.attention import Alignment
from trajvqa.layers.encoders import FrameEncoder
from trajvqa.layers.fusion import HadamardScore, McbScore
from trajvqa.layers.graph import GraphReasoning
from trajvqa.layers.sentences import Sentences
from trajvqa.models.query_encoders import query_encoder, required

__all__ = ["Hga"]

_HEADS = 1


class Hga(nn.Module):
    """Scores candidates by a graph over clips and words, joined with the whole video and sentence.

    Jiang and Han, Reasoning with Heterogeneous Graph Alignment for Video Question Answering, AAAI 2020. In words:

    - Clips and words, each from a recurrent layer and scaled by layer norm, attend to each other once, with a skip
      connection and layer norm.
    - Both are nodes of one graph. The weight of an edge is the product of the rectified projections of its two ends. A
      graph convolution is a linear layer, the sum over the edges, layer norm, ReLU and dropout.
    - The nodes are pooled into one vector, which is joined with the product of the last states of video and sentence.

    Edges are HGA's whatever the setting `adjacency`. `pooling`, `graph_layers` and `fusion` are taken from the
    settings: the authors describe attention, yet their published figures come from a softmax over an axis of length
    one, which is ``sum``, and from three convolutions where two are declared.

    What differs:

    - Padding is masked explicitly; the published code takes rows that sum to zero for padding, and after layer norm any
      row may do so.
    - BLOCK, a bilinear form of 20 blocks of low rank, is replaced: for video and sentence by the product of two
      projections, which equals blocks of one number, and for the graph by the score of the paper's own model. The two
      models thus differ in what they see of the video and not in how they score it.
    - Each direction of attention has its own projections, and dropout of values replaces dropout of weights, which in
      the published code cuts the gradients of these projections off: they keep their initial values.

    Parameters
    ----------
    config
        How the model is built.
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
        sentences = self.query.encode(batch.words, batch.word_mask)
        clips = self.frames(batch.frames).unsqueeze(1)
        pooled = torch.cat([self._pooled(piece, clips[rows]) for rows, piece in sentences.pieces()])
        whole = self.whole_video(clips[..., -1, :]) * self.whole_sentence(sentences.last)
        scores: Tensor = self.score(pooled, whole)
        return scores

    def _pooled(self, sentences: Sentences, clips: Tensor) -> Tensor:
        clip_mask = torch.ones(clips.shape[:-1], dtype=torch.bool, device=clips.device)
        words, clips, _ = self.alignment(_scaled(sentences.nodes), sentences.mask, _scaled(clips), clip_mask)
        mask = torch.cat([sentences.words, clip_mask.expand(*clips.shape[:-1])], dim=-1)
        return self.graph.over_parts(
            [words, clips], mask, lambda parts: torch.cat([sentences.spread(parts[0]), parts[1]], dim=-2)
        )


def _scaled(nodes: Tensor) -> Tensor:
    return layer_norm(nodes, nodes.shape[-1:])
