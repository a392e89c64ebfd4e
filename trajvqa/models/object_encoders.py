"""Encoders of trajectories, or of their segments, that the settings and the data ask for."""

from __future__ import annotations

from torch import Tensor, nn

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.segments import SegmentEncoder
from trajvqa.models.query_encoders import required

__all__ = ["encode_objects", "segment_encoder"]


def segment_encoder(config: ModelConfig, inputs: Inputs) -> SegmentEncoder:
    """Return an encoder of segments in the context of their trajectories.

    Raises
    ------
    ValueError
        If the data lack trajectories, or have whole ones.
    """
    feature_size = required(inputs.trajectory_size, "trajectory")
    label_vectors = required(inputs.label_vectors, "trajectory")
    if inputs.segment_clips is None:
        raise ValueError(
            "trajectory_encoder: found 'segments' for whole trajectories, expected trajectories cut at the borders "
            "of clips, as '--links segments' writes them"
        )
    return SegmentEncoder(
        feature_size,
        label_vectors,
        config.hidden_size,
        inputs.segment_clips,
        config.trajectory_layers,
        config.trajectory_heads,
        config.trajectory_feed_forward,
        config.dropout,
    )


def encode_objects(encoder: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the trajectories or segments of a batch, encoded (B, K, d), and their mask (B, K)."""
    mask = batch.trajectory_mask
    assert mask is not None
    tokens = [batch.trajectories, batch.trajectory_labels, batch.trajectory_spans]
    if isinstance(encoder, SegmentEncoder):
        tokens.append(batch.trajectory_owners)
    return encoder(*tokens, mask), mask
