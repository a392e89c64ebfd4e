from __future__ import annotations

import pytest

from helpers.data_examples import small_experiment, write_data
from trajtrack import TrajtrackWarning
from trajvqa.data.splits import inputs_of, schema_of


def test_a_file_of_word_vectors_that_has_none_of_the_words_is_noted(tmp_path):
    data = write_data(tmp_path / "data", ("train",))
    (data / "glove.txt").write_text("Zebra 1 2 3\n")
    experiment = small_experiment()
    schema = schema_of(data, experiment, ("frame", "trajectory"))
    with pytest.warns(TrajtrackWarning, match=r"glove\.txt: found a vector of none of the \d+ words; all start from"):
        inputs_of(data, schema, experiment)
