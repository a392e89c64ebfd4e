"""Clip features: appearance followed by motion, and pooling to a given number of clips."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["appearance_and_motion", "in_equal_parts", "sizes_of"]


def sizes_of(feature_size: int, appearance_size: int) -> tuple[int, int]:
    """Return the widths of appearance and motion; features no wider than appearance serve as both."""
    if feature_size <= appearance_size:
        return feature_size, feature_size
    return appearance_size, feature_size - appearance_size


def appearance_and_motion(features: Tensor, appearance_size: int) -> tuple[Tensor, Tensor]:
    """Split features (..., D) into appearance (..., D') and motion (..., D''), of the widths of `sizes_of`."""
    if features.shape[-1] <= appearance_size:
        return features, features
    return features[..., :appearance_size], features[..., appearance_size:]


def in_equal_parts(clips: Tensor, count: int) -> Tensor:
    """Return means (..., count, d) of the clips (..., N, d) over equal parts of the video.

    A clip is weighted by the share of the part that it covers: `count` clips stay unchanged, and fewer are repeated.
    """
    number = clips.shape[-2]
    # In units of 1 / (N count) of the video, in which all edges are integers.
    parts = torch.arange(count, device=clips.device).unsqueeze(1) * number
    given = torch.arange(number, device=clips.device) * count
    shared = (torch.minimum(parts + number, given + count) - torch.maximum(parts, given)).clamp(min=0)
    return (shared.to(clips.dtype) / number) @ clips
