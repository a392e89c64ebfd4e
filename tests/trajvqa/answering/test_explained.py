from __future__ import annotations

import numpy as np
import pytest

from helpers.data_examples import CLASSES, small_experiment, write_data
from trajvqa.answering import explain_question
from trajvqa.data.splits import inputs_of, open_split, schema_of
from trajvqa.models import create_model, streams_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"), ("train",), bert=True)


def explained(folder, row, model="trajectory", **settings):
    experiment = small_experiment(model, **settings)
    schema = schema_of(folder, experiment, streams_of(model, experiment.settings))
    data = open_split(folder, "train", experiment, schema)
    network = create_model(model, experiment.settings, inputs_of(folder, schema, experiment)).eval()
    return explain_question(network, data, row, experiment.training), data


def test_an_answer_names_question_candidates_and_scores(folder):
    found, data = explained(folder, 5)
    assert (found.video, found.qid, found.kind) == (data.questions.videos[5], data.questions.qids[5], "DC")
    assert (found.question, found.candidates) == (data.questions.questions[5], data.questions.candidates[5])
    assert found.chosen == int(np.argmax(found.scores))
    assert found.correct == data.questions.answers[5]


def test_weights_are_those_of_the_trajectories_that_are_read(folder):
    found, data = explained(folder, 23)  # the last of six videos, of which up to three trajectories are read
    whole = data.trajectories.trajectories(found.video)
    best = np.sort(np.argsort(-whole.scores)[:3])
    assert sorted(each.index for each in found.attended.trajectories) == best.tolist()
    for each in found.attended.trajectories:
        assert each.name == CLASSES[whole.labels[each.index]]
        assert each.span == tuple(whole.spans[each.index].tolist())
    np.testing.assert_allclose(found.attended.weights.sum(axis=1), 1, rtol=1e-5)


def test_words_have_attention_and_its_mean_is_the_weight(folder):
    found, _ = explained(folder, 23)
    for candidate, (words, values) in enumerate(zip(found.attended.words, found.attended.attention, strict=True)):
        expected = ("<start>", *found.question.split(), "<end>", *found.candidates[candidate].split(), "<end>")
        assert words == expected
        np.testing.assert_allclose(values.mean(axis=0), found.attended.weights[candidate], rtol=1e-5)


def test_features_of_a_file_have_numbered_words(folder):
    found, _ = explained(folder, 0, text="bert")
    assert found.attended.words[0] == ("1", "2", "3", "4", "5", "6", "7")


def test_a_video_without_trajectories_has_none_to_attend_to(folder):
    found, _ = explained(folder, 4)  # the second video
    assert found.attended.trajectories == ()
    assert found.to_dict()["attention"] == []


@pytest.mark.parametrize("model", ["text-only", "hga"])
def test_models_without_attention_to_trajectories_have_scores_alone(folder, model):
    found, _ = explained(folder, 0, model)
    assert found.attended is None
    assert "attention" not in found.to_dict()


def test_values_of_an_answer_are_sorted_by_weight(folder):
    values = explained(folder, 23)[0].to_dict()
    weights = [each["weight"] for each in values["attention"]]
    assert weights == sorted(weights, reverse=True)
    np.testing.assert_allclose(np.mean(values["word_attention"], axis=0), weights, rtol=1e-5)
