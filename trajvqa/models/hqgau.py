"""HQ-GAU: regions, frames and clips as a hierarchy of graphs (Xiao et al., 2022; HQGA, Table 3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.data.regions import BOX_SIZE
from trajvqa.layers.attention import masked_softmax
from trajvqa.layers.object_graph import ObjectGraph
from trajvqa.layers.self_attention import sinusoids
from trajvqa.models.explanation import Explanation
from trajvqa.models.query_encoders import query_encoder, required

__all__ = ["HqGau"]

_PLACE_SIZE = 64
"""Width of the encodings of a region's box and of its frame's number."""
_WINDOW = 3
"""Number of successive frames or clips that a convolution over time sees."""


class HqGau(nn.Module):
    """Scores candidates by graphs of the regions of each frame, of the frames of each clip, and of the clips.

    Xiao et al., Video as Conditional Graph Hierarchy for Multi-Granular Question Answering, AAAI 2022. In words:

    - A region is its feature with its box and the number of its frame. Frames are their appearance, and clips their
      motion, each with its neighbours by a convolution over time.
    - At each of the three levels, the nodes attend to the words; a graph relates the nodes plus what they attend to; a
      weighted sum of the nodes is the vector of the graph. It is joined with the frame's appearance to be a node of the
      clip, and then with the clip's motion to be a node of the video.
    - The score is a linear unit on the product of the sentence and the vector of the video.

    What differs:

    - Regions that a frame lacks are masked, where published files repeat the last one; a frame without regions passes
      on zeros.
    - The products of nodes and words are divided by the root of their length before the softmax. Convolutions of a
      graph keep its width, where published code halves it between them.
    - The encoding of boxes has no batch norm, so that a question's scores do not depend on others, and sentences are
      read forward only, as by the other models.

    Parameters
    ----------
    config
        How the model is built; `graph_layers` is the number of convolutions of each graph.
    inputs
        Sizes and word vectors of the data.

    Raises
    ------
    ValueError
        If the data lack regions, or the text that the settings ask for.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size, dropout = config.hidden_size, config.dropout
        self.query = query_encoder(config, inputs)
        self.box = nn.Sequential(
            nn.Linear(BOX_SIZE, _PLACE_SIZE // 2), nn.ReLU(), nn.Linear(_PLACE_SIZE // 2, _PLACE_SIZE), nn.ReLU()
        )
        self.region = nn.Linear(required(inputs.region_size, "region") + 2 * _PLACE_SIZE, size)
        self.appearance = _over_time(required(inputs.region_appearance_size, "region"), size)
        self.motion = _over_time(required(inputs.region_motion_size, "region"), size)
        self.regions, self.frames, self.clips = (_Level(size, config.graph_layers, dropout) for _ in range(3))
        self.join_frame, self.join_clip = nn.Linear(2 * size, size), nn.Linear(2 * size, size)
        self.dropout = nn.Dropout(dropout)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        return self.explain(batch).scores

    def explain(self, batch: Batch) -> Explanation:
        """Return the scores, and the weights of the clips in the vector of the video."""
        words, sentence = self.query(batch.words, batch.word_mask)
        regions, appearance, motion, mask = self._seen(batch)
        # The axes before the nodes are those of question, candidate, clip and frame, as far as a level has them.
        in_frame, _ = self.regions(regions.unsqueeze(1), mask.unsqueeze(1), words[:, :, None, None], batch.word_mask)
        frames = elu(self.join_frame(torch.cat([_alike(appearance, in_frame), in_frame], dim=-1)))
        in_clip, _ = self.frames(frames, _all(frames), words[:, :, None], batch.word_mask)
        clips = elu(self.join_clip(torch.cat([_alike(motion, in_clip), in_clip], dim=-1)))
        video, weights = self.clips(clips, _all(clips), words, batch.word_mask)
        scores: Tensor = self.score(self.dropout(sentence * video)).squeeze(-1)
        return Explanation(scores, clip_weights=weights)

    def _seen(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return regions (B, T, F, R, d), appearance (B, T, F, d), motion (B, T, d) and the mask of the regions."""
        assert batch.regions is not None
        assert batch.region_boxes is not None
        assert batch.region_mask is not None
        assert batch.region_appearance is not None
        assert batch.region_motion is not None
        clips, frames = batch.regions.shape[1:3]
        # In single precision under autocast too: bfloat16 cannot distinguish distant positions.
        numbers = torch.arange(clips * frames, device=batch.regions.device, dtype=torch.float32)
        time = sinusoids(numbers, _PLACE_SIZE).view(clips, frames, 1, _PLACE_SIZE)
        time = time.expand(*batch.regions.shape[:-1], _PLACE_SIZE)
        regions = elu(self.region(torch.cat([batch.regions, self.box(batch.region_boxes), time], dim=-1)))
        appearance = _in_order(self.appearance, batch.region_appearance.flatten(1, 2))
        appearance = appearance.view(len(appearance), clips, frames, -1)
        motion = _in_order(self.motion, batch.region_motion)
        return self.dropout(regions), self.dropout(appearance), self.dropout(motion), batch.region_mask


class _Level(nn.Module):
    """A graph over nodes under the condition of the words, and its vector."""

    def __init__(self, hidden_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.graph = ObjectGraph(hidden_size, layers, dropout)
        # Softmax ignores a constant, so the last layer needs no bias.
        self.weigh = nn.Sequential(
            nn.Linear(hidden_size, hidden_size // 2), nn.Tanh(), nn.Linear(hidden_size // 2, 1, bias=False)
        )

    def forward(self, nodes: Tensor, mask: Tensor, words: Tensor, word_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vector of each graph, and the weights of its nodes.

        Parameters
        ----------
        nodes
            (B, C or 1, ..., n, d) nodes of each graph.
        mask
            (B, C or 1, ..., n) bool, true for nodes.
        words
            (B, C, ..., L, d) words; the axes between broadcast.
        word_mask
            (B, C, L) bool, true for words.

        Returns
        -------
        vectors
            (B, C, ..., d), 0 without nodes.
        weights
            (B, C, ..., n), 0 outside the mask.
        """
        between = words.ndim - word_mask.ndim - 1
        readable = word_mask.view(*word_mask.shape[:2], *(1,) * (between + 1), word_mask.shape[-1])
        asked = masked_softmax(nodes @ words.transpose(-1, -2) / math.sqrt(nodes.shape[-1]), readable)
        reached = self.graph(nodes + asked @ words, mask)
        weights = masked_softmax(self.weigh(reached).squeeze(-1), mask)
        return (weights.unsqueeze(-2) @ reached).squeeze(-2), weights


def _over_time(feature_size: int, hidden_size: int) -> nn.Conv1d:
    return nn.Conv1d(feature_size, hidden_size, _WINDOW, padding=_WINDOW // 2)


def _in_order(convolve: nn.Conv1d, items: Tensor) -> Tensor:
    """Return (B, n, d) for items (B, n, D) in the order of time."""
    return elu(convolve(items.transpose(1, 2)).transpose(1, 2))


def _alike(video: Tensor, nodes: Tensor) -> Tensor:
    """Return what is known of a video (B, ..., d) once for each candidate of nodes (B, C, ..., d)."""
    return video.unsqueeze(1).expand_as(nodes)


def _all(nodes: Tensor) -> Tensor:
    return torch.ones(nodes.shape[:-1], dtype=torch.bool, device=nodes.device)
