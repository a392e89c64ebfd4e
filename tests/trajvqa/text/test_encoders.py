from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers import tiny_encoders
from trajvqa.text.encoders import open_text_encoder

QUESTIONS, CANDIDATES = ["what does the dog do", "what does the cat do ?"], ["run", "eat grass"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoders.bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module", params=[tiny_encoders.clip, tiny_encoders.siglip])
def image_text(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return request.param(tmp_path_factory.mktemp("models") / "folder")


def test_a_language_model_gives_a_feature_for_each_token_of_both_parts(bert):
    encoder = open_text_encoder(bert, "cpu")
    features, mask = encoder.encode(QUESTIONS, CANDIDATES)
    # [CLS] 5 [SEP] 1 [SEP] and [CLS] 6 [SEP] 2 [SEP]
    assert mask.sum(axis=1).tolist() == [9, 11]
    assert features.shape == (2, 11, encoder.size) == (2, 11, tiny_encoders.TEXT_SIZE)
    assert (features[0, 9:] == 0).all()
    assert (features[1] != 0).any(axis=1).all()


def test_features_do_not_depend_on_what_is_encoded_beside(bert):
    together, mask = open_text_encoder(bert, "cpu").encode(QUESTIONS, CANDIDATES)
    alone, _ = open_text_encoder(bert, "cpu", batch_size=1).encode(QUESTIONS, CANDIDATES)
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert mask.shape == (2, 11)


def test_long_text_is_cut_to_what_the_model_reads(bert):
    _, mask = open_text_encoder(bert, "cpu").encode(["dog " * 40], ["run"])
    assert mask.sum() == 16


def test_a_model_for_images_and_text_gives_one_embedding_of_the_whole_text(image_text):
    encoder = open_text_encoder(image_text, "cpu")
    features, mask = encoder.encode(QUESTIONS, CANDIDATES)
    joined, _ = encoder.encode(["what does the dog do run", "what does the cat do ? eat grass"])
    assert features.shape == (2, 1, encoder.size) == (2, 1, tiny_encoders.SHARED_SIZE)
    assert mask.all()
    np.testing.assert_array_equal(features, joined)
    assert np.abs(features[0] - features[1]).max() > 1e-4


def test_no_text_has_no_features(bert):
    features, mask = open_text_encoder(bert, "cpu").encode([])
    assert features.shape == (0, 0, tiny_encoders.TEXT_SIZE)
    assert mask.shape == (0, 0)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(ValueError, match="no-such: found no such folder, expected a folder of Transformers"):
        open_text_encoder(tmp_path / "no-such")


def test_a_folder_without_a_tokenizer_is_refused(tmp_path):
    folder = tiny_encoders.bert(tmp_path / "bert")
    for path in folder.glob("*token*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"bert: found no tokenizer\.json, expected a folder of Transformers"):
        open_text_encoder(folder)


def test_weights_that_are_missing_are_named(tmp_path):
    folder = tiny_encoders.without_weights(tiny_encoders.bert(tmp_path / "bert"), "embeddings.word_embeddings.weight")
    with pytest.raises(ValueError, match=r"no weights for 1 parameters, the first of which is embeddings\.word_emb"):
        open_text_encoder(folder, "cpu")


def test_a_model_without_text_is_refused(tmp_path):
    folder = tiny_encoders.changed_config(tiny_encoders.bert(tmp_path / "bert"), model_type="no-such-model")
    with pytest.raises(ValueError, match="bert: found a model that cannot be loaded"):
        open_text_encoder(folder, "cpu")


def test_an_unknown_device_is_refused(bert):
    with pytest.raises(ValueError, match="device: found 'tpu-9'"):
        open_text_encoder(bert, "tpu-9")


def test_tokens_are_those_with_features(bert, image_text):
    parts = ("[CLS]", "what", "does", "the", "dog", "do", "[SEP]", "run", "[SEP]")
    assert open_text_encoder(bert, "cpu").tokens(QUESTIONS[0], "run") == parts
    assert open_text_encoder(image_text, "cpu").tokens(QUESTIONS[0], "run") == ("what does the dog do run",)
