from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers.data_examples import small_experiment, write_data
from trajvqa.answering import explain_question
from trajvqa.answering.grounded import ground
from trajvqa.data.batches import Batch
from trajvqa.data.splits import inputs_of, open_split, schema_of
from trajvqa.evaluation.attended_spans import attended_span, equal_parts, sampled_frames, spread_over_time
from trajvqa.models import create_model, streams_of
from trajvqa.models.explanation import Explanation


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"), ("train",), bert=True, regions=True)


def opened(folder, model="trajectory", **settings):
    experiment = small_experiment(model, **settings)
    schema = schema_of(folder, experiment, streams_of(model, experiment.settings))
    data = open_split(folder, "train", experiment, schema)
    return create_model(model, experiment.settings, inputs_of(folder, schema, experiment)).eval(), data, experiment


class Attending(torch.nn.Module):
    """Chooses the candidate of each question by its row, and attends to what it is told."""

    def __init__(self, clips: list[float] | None = None, trajectories: list[float] | None = None) -> None:
        super().__init__()
        self.clips, self.trajectories = clips, trajectories

    def explain(self, batch: Batch) -> Explanation:
        scores = torch.nn.functional.one_hot(batch.rows % 5, 5).float()
        return Explanation(scores, None, self._weights(scores, self.trajectories), self._weights(scores, self.clips))

    def _weights(self, scores: torch.Tensor, values: list[float] | None) -> torch.Tensor | None:
        """Return the values for the chosen candidate, and zeros for the others."""
        return None if values is None else scores.unsqueeze(-1) * torch.tensor(values)


def spans_of(folder, attending, count=8, attended=None):
    """Return the spans of the videos, of 8 seconds each and with 8 moments by default."""
    _, data, experiment = opened(folder)
    moments = {video: equal_parts(8.0, count) for video in data.questions.videos}
    return ground(attending, data, experiment, moments, attended), data


def test_the_span_is_that_of_the_clip_that_the_chosen_answer_attends_to(folder):
    spans, data = spans_of(folder, Attending(clips=[0.0, 0.0, 1.0, 0.0]))
    assert spans == dict.fromkeys(data.questions.keys, (4, 6))


def test_the_span_is_the_lifetime_of_the_trajectory_that_the_chosen_answer_attends_to(folder):
    spans, data = spans_of(folder, Attending(trajectories=[0.0, 1.0, 0.0]), 800)
    for key, video in zip(data.questions.keys, data.questions.videos, strict=True):
        read = data.trajectories.read([video], data.max_trajectories)
        if read.mask[0].sum() > 1:
            np.testing.assert_allclose(spans[key], 8 * read.spans[0, 1], atol=0.02)


def test_clips_and_trajectories_count_equally(folder):
    clips = [0.1, 0.2, 0.3, 0.4]
    spans, data = spans_of(folder, Attending(clips, [0.5, 0.0, 0.0]))
    video, key = data.questions.videos[-1], data.questions.keys[-1]
    edges = np.arange(5) / 4
    of_clips = spread_over_time(np.array(clips), np.stack([edges[:-1], edges[1:]], axis=1), 8)
    lifetimes = data.trajectories.read([video], data.max_trajectories).spans[0, :1]
    of_trajectories = spread_over_time(np.ones(1), lifetimes, 8)
    assert spans[key] == attended_span((of_clips + of_trajectories) / 2, equal_parts(8.0, 8))


@pytest.mark.parametrize("kind", ["clips", "trajectories"])
def test_one_kind_of_attention_can_be_chosen(folder, kind):
    weights = {"clips": [0.1, 0.2, 0.3, 0.4], "trajectories": [0.5, 0.2, 0.3]}
    both, _ = spans_of(folder, Attending(**weights), attended=kind)
    alone, _ = spans_of(folder, Attending(**{kind: weights[kind]}))
    assert both == alone


def test_a_video_without_trajectories_has_the_whole_video_or_the_clips(folder):
    spans, data = spans_of(folder, Attending(trajectories=[0.0, 0.0, 0.0]))
    assert spans == dict.fromkeys(data.questions.keys, (0, 8))
    spans, data = spans_of(folder, Attending([1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0]))
    assert spans == dict.fromkeys(data.questions.keys, (0, 2))


def test_questions_about_other_videos_are_left_out(folder):
    model, data, experiment = opened(folder)
    times = sampled_frames(np.arange(4.0))
    assert ground(model, data, experiment, {"train-video2": times}).keys() == {
        f"train-video2_{qid}" for qid in range(4)
    }
    assert ground(model, data, experiment, {"nobody": times}) == {}


def test_spans_follow_from_the_weights_that_an_answer_shows(folder):
    model, data, experiment = opened(folder)
    moments = equal_parts(30.0)
    spans = ground(model, data, experiment, dict.fromkeys(data.questions.videos, moments), "trajectories")
    for row, key in enumerate(data.questions.keys):
        answer = explain_question(model, data, row, experiment.training)
        lifetimes = np.array([each.span for each in answer.attended.trajectories]).reshape(-1, 2)
        attention = spread_over_time(answer.attended.weights[answer.chosen], lifetimes, len(moments))
        assert spans[key] == attended_span(attention, moments)


@pytest.mark.parametrize(
    ("model", "settings", "kinds"),
    [
        ("trajectory", {}, ("clips", "trajectories")),
        ("trajectory", {"graphs": ("TQG",)}, ("trajectories",)),
        ("trajectory", {"graphs": ("VQG",)}, ("clips",)),
        ("hq-gau", {"text": "bert"}, ("clips",)),
    ],
)
def test_models_have_the_attention_of_their_streams(folder, model, settings, kinds):
    network, data, experiment = opened(folder, model, **settings)
    moments = dict.fromkeys(data.questions.videos, equal_parts(30.0))
    for kind in ("clips", "trajectories"):
        if kind in kinds:
            assert len(ground(network, data, experiment, moments, kind)) == len(data.questions)
        else:
            message = f"model '{model}': found attention to {kinds[0]} alone, expected a model with attention to {kind}"
            with pytest.raises(ValueError, match=message):
                ground(network, data, experiment, moments, kind)


@pytest.mark.parametrize(
    ("model", "settings"), [("text-only", {}), ("hga", {}), ("trajectory", {"cycle_attention": False})]
)
def test_models_without_attention_are_named(folder, model, settings):
    network, data, experiment = opened(folder, model, **settings)
    message = (
        f"model '{model}': found no attention to parts of the video, expected a model with attention to clips or "
        "trajectories"
    )
    with pytest.raises(ValueError, match=message):
        ground(network, data, experiment, dict.fromkeys(data.questions.videos, equal_parts(30.0)))


def test_an_unknown_kind_of_attention_is_named(folder):
    model, data, experiment = opened(folder)
    with pytest.raises(ValueError, match="attended: found 'words', expected one of clips, trajectories, or None"):
        ground(model, data, experiment, {}, "words")
