"""What a clip's features hold: appearance and motion, side by side."""

from __future__ import annotations

from torch import Tensor

__all__ = ["appearance_and_motion", "sizes_of"]


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
