"""Clips: the appearance and motion that their features hold side by side, and their number."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["appearance_and_motion", "in_equal_parts", "sizes_of"]


def sizes_of(feature_size: int, appearance_size: int) -> tuple[int, int]:
    """Return the widths of appearance and motion; where there is no more than appearance, all is both."""
    if feature_size <= appearance_size:
        return feature_size, feature_size
    return appearance_size, feature_size - appearance_size


def appearance_and_motion(features: Tensor, appearance_size: int) -> tuple[Tensor, Tensor]:
    """Return (..., D') and (..., D'') of features (..., D), of the widths that `sizes_of` says."""
    if features.shape[-1] <= appearance_size:
        return features, features
    return features[..., :appearance_size], features[..., appearance_size:]


def in_equal_parts(clips: Tensor, count: int) -> Tensor:
    """Return (..., count, d): means of the clips (..., N, d) over equal parts of the video.

    A clip counts by the share of the part that it covers, so `count` clips stay what they are, and fewer are repeated.
    """
    number = clips.shape[-2]
    # In units of 1 / (N count) of the video, where all edges are whole numbers.
    parts = torch.arange(count, device=clips.device).unsqueeze(1) * number
    given = torch.arange(number, device=clips.device) * count
    shared = (torch.minimum(parts + number, given + count) - torch.maximum(parts, given)).clamp(min=0)
    return (shared.to(clips.dtype) / number) @ clips
