"""L-GCN: a graph over objects with their locations (Huang et al., 2020; the paper's reference [14])."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.co_attention import CoAttention
from trajvqa.layers.encoders import FrameEncoder
from trajvqa.layers.object_graph import ObjectGraph
from trajvqa.layers.segments import SegmentEncoder
from trajvqa.layers.self_attention import sinusoids
from trajvqa.models.explanation import Explanation
from trajvqa.models.object_encoders import encode_objects, segment_encoder
from trajvqa.models.query_encoders import query_encoder, required

__all__ = ["LGcn"]

_TIME_SIZE = 64
"""Width of the encoding of a start or an end."""
_TIME_STEPS = 100
"""Number of positions from the start of the video to its end."""


class LGcn(nn.Module):
    """Scores candidates by co-attention of the words with clips and with trajectories, which a graph relates.

    Huang et al., Location-Aware Graph Convolutional Networks for Video Question Answering, AAAI 2020. In words:

    - An object is its visual feature with its location. The edges of the graph are a softmax of the products of two
      projections of the objects; graph convolutions with a skip connection follow.
    - Objects and clips are joined with the words by co-attention; the maximum of each coordinate is the vector that is
      scored.

    What differs:

    - An object is a trajectory, not a box of one frame. Its location is its start and end, as sines and cosines, since
      trajectories are stored without coordinates. The word vector of its label is its third part, as in the paper's own
      model. With ``trajectory_encoder: segments``, an object is a segment of a trajectory, encoded by `SegmentEncoder`.
    - A trajectory spans many clips and a video may have no trajectory, so clips are further elements beside the
      objects; the published model joins each box with the features of its frame. Clips come from the recurrent layer of
      the other models, where it has a convolution over three frames.
    - The elements are a set, so the maximum follows a layer with ELU, without a recurrent layer between, and words have
      neither characters nor a backward layer.
    - The co-attention has a fourth part, what the words attend to in the objects (`CoAttention`).

    Parameters
    ----------
    config
        How the model is built; `graph_layers` is its number of convolutions. Of the encoders of trajectories it knows
        segments alone.
    inputs
        Sizes and word vectors of the data.

    Raises
    ------
    ValueError
        If the data lack clips or trajectories, or the segments or text that the settings ask for.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        size = config.hidden_size
        self.query = query_encoder(config, inputs)
        self.frames = FrameEncoder(required(inputs.frame_size, "frame"), size, config.dropout)
        self.objects = _object_encoder(config, inputs)
        self.graph = ObjectGraph(size, config.graph_layers, config.dropout)
        self.meet = CoAttention(size)
        self.dropout = nn.Dropout(config.dropout)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C)."""
        scores: Tensor = self.score(self.dropout(self._meet(batch)[0].amax(dim=-2))).squeeze(-1)
        return scores

    def explain(self, batch: Batch) -> Explanation:
        """Return the scores, and as weights which objects and clips a candidate's lead over the others comes from.

        Each coordinate of the vector that is scored comes from one element, that with its maximum. It adds to the score
        its product with the weight of the coordinate. What it adds beyond the mean of the candidates is credited to the
        element; the credits of objects and clips together are scaled to a sum of 1.
        """
        met, num_objects = self._meet(batch)
        pooled, elements = met.max(dim=-2)
        leads = ((pooled - pooled.mean(dim=1, keepdim=True)) * self.score.weight[0]).clamp(min=0.0)
        credits = torch.zeros_like(met[..., 0]).scatter_add(-1, elements, leads)
        # All are 0 if the candidates are alike.
        shares = credits / credits.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(credits.dtype).tiny)
        scores = self.score(pooled).squeeze(-1)
        return Explanation(scores, weights=shares[..., :num_objects], clip_weights=shares[..., num_objects:])

    def _meet(self, batch: Batch) -> tuple[Tensor, int]:
        """Return what each element makes of the words (B, C, K + N, d), first the K objects; -2 for padding."""
        assert batch.frames is not None
        words, _ = self.query(batch.words, batch.word_mask)
        objects, object_mask = encode_objects(self.objects, batch)
        clips = self.frames(batch.frames)
        clip_mask = torch.ones(clips.shape[:-1], dtype=torch.bool, device=clips.device)
        seen = torch.cat([self.graph(objects, object_mask), clips], dim=1).unsqueeze(1)
        mask = torch.cat([object_mask, clip_mask], dim=1).unsqueeze(1)
        met = elu(self.meet(seen, mask, words, batch.word_mask))
        # ELU is at least -1, and there are clips, so masked elements are never the maximum.
        return met.masked_fill(~mask.unsqueeze(-1), -2.0), objects.shape[1]


def _object_encoder(config: ModelConfig, inputs: Inputs) -> _Objects | SegmentEncoder:
    if config.trajectory_encoder == "segments":
        return segment_encoder(config, inputs)
    feature_size = required(inputs.trajectory_size, "trajectory")
    return _Objects(feature_size, required(inputs.label_vectors, "trajectory"), config.hidden_size)


class _Objects(nn.Module):
    """Encoder of trajectories: a projection of feature, label, start and end together, and ELU."""

    label_vectors: Tensor

    def __init__(self, feature_size: int, label_vectors: Tensor, hidden_size: int) -> None:
        super().__init__()
        self.register_buffer("label_vectors", label_vectors)
        self.project = nn.Linear(feature_size + label_vectors.shape[1] + 2 * _TIME_SIZE, hidden_size)

    def forward(self, features: Tensor, labels: Tensor, spans: Tensor, mask: Tensor) -> Tensor:
        """Return (B, K, d) for features (B, K, D), labels (B, K), and starts and ends (B, K, 2).

        Each is encoded on its own: what the mask (B, K) hides has no effect on the others.
        """
        location = sinusoids(spans * _TIME_STEPS, _TIME_SIZE).flatten(-2)
        return elu(self.project(torch.cat([features, self.label_vectors[labels], location], dim=-1)))
