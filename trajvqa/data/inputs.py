"""What a model must know of the data before it is built."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Sizes and word vectors, as the files have them."""

    word_vectors: Tensor | None = None
    """(words, word_size) first vectors of the vocabulary, for words."""
    text_size: int | None = None
    """Width of text features, for BERT features."""
    frame_size: int | None = None
    """Width of a clip's features."""
    trajectory_size: int | None = None
    """Width of a trajectory's pooled feature."""
    label_vectors: Tensor | None = None
    """(classes, word_size) word vectors of the classes of trajectories."""
