"""Features of questions with their candidates, by a text model."""

from __future__ import annotations

import os

import numpy as np

from trajvqa.datasets.questions import Questions
from trajvqa.stores.hdf5 import created
from trajvqa.text.encoders import TextEncoder

__all__ = ["write_text_features"]

_BLOCK = 32
"""Questions that are encoded at a time."""


def write_text_features(path: str | os.PathLike[str], questions: Questions, encoder: TextEncoder) -> None:
    """Write the features of Q questions with C candidates in the layout of `trajvqa.stores.BertFeatures`.

    Raises
    ------
    ValueError
        If a feature is not finite.
    """
    pairs = [
        (question, candidate)
        for question, candidates in zip(questions.questions, questions.candidates, strict=True)
        for candidate in candidates
    ]
    words = max(len(encoder.tokens(*pair)) for pair in pairs)
    count = questions.num_candidates
    with created(path) as file:
        stored = file.create_dataset("feat", (len(questions), count, words, encoder.size), np.float32)
        for start in range(0, len(questions), _BLOCK):
            block = pairs[start * count : (start + _BLOCK) * count]
            features, mask = encoder.encode([first for first, _ in block], [second for _, second in block])
            if not np.isfinite(features).all():
                raise ValueError(f"text: found features that are not finite in questions from {start} on")
            values = np.zeros((len(block), words, encoder.size), np.float32)
            length = min(mask.shape[1], words)
            values[:, :length] = (features * mask[..., None])[:, :length]
            stored[start : start + len(block) // count] = values.reshape(-1, count, words, encoder.size)
