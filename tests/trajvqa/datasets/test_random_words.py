from __future__ import annotations

import numpy as np

from trajvqa.datasets.random_words import write_random_words
from trajvqa.text import read_word_vectors


def test_each_word_has_a_vector_of_variance_one(tmp_path):
    write_random_words(tmp_path / "glove.txt", {"red", "blue", "goes"})
    found = read_word_vectors(tmp_path / "glove.txt", {"red", "blue", "goes"})
    values = np.stack(list(found.values()))
    assert values.shape == (3, 64)
    assert 0.7 < values.var() < 1.3
