from __future__ import annotations

import numpy as np
import pytest

from helpers.question_examples import make_questions
from trajvqa.extract.text_features import write_text_features
from trajvqa.stores import BertFeatures
from trajvqa.text.encoders import open_text_encoder


@pytest.mark.parametrize(("name", "words"), [("bert", None), ("clip", 1)])
def test_each_pair_of_question_and_candidate_has_the_features_of_the_encoder(models, tmp_path, name, words):
    questions = make_questions(videos=3, each=15, seed=1)
    encoder = open_text_encoder(models / name)
    write_text_features(tmp_path / "text.h5", questions, encoder)
    stored = BertFeatures(tmp_path / "text.h5", len(questions))
    stored.check_finite()
    assert stored.words == words or words is None
    for row, candidate in ((0, 0), (len(questions) - 1, 4)):
        features, lengths = stored.read(np.array([row]), np.array([candidate]))
        texts = [questions.questions[row]], [questions.candidates[row][candidate]]
        expected, mask = encoder.encode(*texts)
        assert lengths[0] == mask.sum()
        np.testing.assert_allclose(features[0, : lengths[0]], expected[0][mask[0]], atol=1e-5)
