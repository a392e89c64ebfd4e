"""Random word vectors for synthetic benchmarks."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np

from trajtrack.files.atomic import atomic_output

__all__ = ["write_random_words"]

_SIZE = 64
_SEED = 64


def write_random_words(path: str | os.PathLike[str], words: Iterable[str]) -> None:
    """Write random word vectors of variance 1, unrelated to what the words mean, in GloVe's text format.

    Vectors as small as those of unknown words would waste the first epochs.
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    with atomic_output(path) as file:
        for word in sorted(words):
            vector = (rng.random(_SIZE) * 2 - 1) * np.sqrt(3)
            file.write(f"{word} {' '.join(f'{value:.4f}' for value in vector)}\n".encode())
