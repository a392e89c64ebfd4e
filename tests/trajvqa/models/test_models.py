from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.batch_examples import (
    FRAME,
    image_text_batch,
    image_text_inputs,
    inputs_for,
    make_batch,
    small_config,
    with_padding,
)
from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch
from trajvqa.models import create_model, list_models, streams_of, texts_of
from trajvqa.training.losses import hinge_loss

VARIANTS = {
    "full": {},
    "bert": {"text": "bert"},
    "trajectories": {"streams": ("trajectory",)},
    "frames": {"streams": ("frame",)},
    "gru": {"trajectory_encoder": "gru"},
    "segments": {"trajectory_encoder": "segments"},
    "without cycle attention": {"cycle_attention": False},
    "without VQG": {"graphs": ("TQG", "VTG")},
    "without TQG": {"graphs": ("VQG", "VTG")},
    "without VTG": {"graphs": ("VQG", "TQG")},
    "hadamard": {"fusion": "hadamard"},
    "relu_gram and sum": {"adjacency": "relu_gram", "pooling": "sum"},
    "four heads": {"attention_heads": 4},
}


UNTRAINED = ("random", "zero-shot")
EMBEDDINGS = 6


def model_and_batch(name: str, settings: dict[str, object]) -> tuple[torch.nn.Module, Batch]:
    config = small_config(**settings)
    torch.manual_seed(3)
    inputs, batch = inputs_for(config), make_batch(text=config.text)
    if texts_of(name) == ("image-text",):
        inputs, batch = image_text_inputs(EMBEDDINGS), image_text_batch(batch, EMBEDDINGS)
    return create_model(name, config, inputs).eval(), batch


def every_model() -> list[object]:
    cases = [pytest.param("trajectory", settings, id=name) for name, settings in VARIANTS.items()]
    cases.append(pytest.param("l-gcn", {"trajectory_encoder": "segments"}, id="l-gcn, segments"))
    for model in list_models():
        if texts_of(model) == ("image-text",):
            cases += [
                pytest.param(model, {"text": "bert", "streams": streams}, id=f"{model}, {' and '.join(streams)}")
                for streams in (("frame",), ("trajectory",), ("frame", "trajectory"))
            ]
        elif model != "trajectory":
            cases += [pytest.param(model, {}, id=model), pytest.param(model, {"text": "bert"}, id=f"{model}, bert")]
            if "frame" in streams_of(model, small_config()):
                cases.append(pytest.param(model, {"appearance_size": 4}, id=f"{model}, appearance and motion"))
    return cases


def every_trained_model() -> list[object]:
    return [each for each in every_model() if each.values[0] not in UNTRAINED]


def every_trained_model_that_sees() -> list[object]:
    return [each for each in every_trained_model() if streams_of(each.values[0], small_config(**each.values[1]))]


def accuracy_after_training(model: torch.nn.Module, batch: Batch) -> float:
    """Return the accuracy on a batch after up to 200 steps on it."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    model.train()
    for _ in range(200):
        scores = model(batch)
        if (scores.argmax(dim=1) == batch.answers).all():
            break
        optimiser.zero_grad()
        hinge_loss(scores, batch.answers).backward()
        optimiser.step()
    return (model.eval()(batch).argmax(dim=1) == batch.answers).float().mean().item()


@pytest.mark.parametrize(("name", "settings"), every_model())
def test_each_candidate_gets_a_score(name, settings):
    model, batch = model_and_batch(name, settings)
    scores = model(batch)
    assert scores.shape == (4, 5)
    assert torch.isfinite(scores).all()


@pytest.mark.parametrize(("name", "settings"), every_model())
def test_padding_changes_no_score(name, settings):
    model, batch = model_and_batch(name, settings)
    torch.testing.assert_close(
        model(with_padding(batch, words=3, trajectories=4, regions=2)), model(batch), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(("name", "settings"), every_model())
def test_the_order_of_candidates_changes_no_score(name, settings):
    model, batch = model_and_batch(name, settings)
    order = [3, 0, 4, 1, 2]
    shuffled = replace(batch, words=batch.words[:, order], word_mask=batch.word_mask[:, order])
    torch.testing.assert_close(model(shuffled), model(batch)[:, order], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "settings"), every_model())
def test_further_candidates_change_no_score(name, settings):
    model, batch = model_and_batch(name, settings)
    fewer = replace(batch, words=batch.words[:, :3], word_mask=batch.word_mask[:, :3])
    torch.testing.assert_close(model(fewer), model(batch)[:, :3], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "settings"), every_model())
def test_a_question_s_scores_do_not_depend_on_the_others_of_its_batch(name, settings):
    model, batch = model_and_batch(name, settings)
    alone = type(batch)(**{field: getattr(batch, field)[2:3] for field in vars(batch)})
    torch.testing.assert_close(model(alone), model(batch)[2:3], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "settings"), every_trained_model())
def test_gradients_reach_every_parameter(name, settings):
    model, batch = model_and_batch(name, settings)
    hinge_loss(model.train()(batch), batch.answers).backward()
    idle = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.abs().sum() > 0]
    assert idle == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "settings"), every_trained_model())
def test_it_memorises_32_questions(name, settings):
    model, _ = model_and_batch(name, settings | {"dropout": 0.0})
    assert accuracy_after_training(model, make_batch(32, text=settings.get("text", "glove"), seed=1)) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "settings"), every_trained_model_that_sees())
def test_it_learns_answers_that_only_the_video_gives_away(name, settings):
    model, _ = model_and_batch(name, settings | {"dropout": 0.0})
    batch = make_batch(8, text=settings.get("text", "glove"), seed=1)
    words, mask = (each[:1].expand_as(each) for each in (batch.words, batch.word_mask))
    assert accuracy_after_training(model, replace(batch, words=words, word_mask=mask)) == 1.0


@pytest.mark.parametrize("clips", [1, 3, 4, 16, 21])
@pytest.mark.parametrize(("name", "settings"), every_trained_model_that_sees())
def test_any_number_of_clips_gives_finite_scores_and_gradients(name, settings, clips):
    model, batch = model_and_batch(name, settings)
    frames = torch.randn(len(batch.answers), clips, FRAME, generator=torch.Generator().manual_seed(clips))
    scores = model.train()(replace(batch, frames=frames))
    (scores**2).sum().backward()
    assert scores.shape == (4, 5)
    assert torch.isfinite(scores).all()
    # What a single clip writes is never read, so its parameters have no gradient.
    assert all(torch.isfinite(each.grad).all() for each in model.parameters() if each.grad is not None)


def test_a_video_without_trajectories_has_finite_scores_and_gradients():
    model, batch = model_and_batch("trajectory", {})
    empty = replace(batch, trajectory_mask=torch.zeros_like(batch.trajectory_mask))
    loss = hinge_loss(model(empty), batch.answers)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(each.grad).all() for each in model.parameters() if each.grad is not None)


def test_only_what_a_graph_needs_is_built():
    model, _ = model_and_batch("trajectory", {"streams": ("frame",)})
    assert [name for name, _ in model.named_parameters() if "trajector" in name or "TQG" in name or "VTG" in name] == []


def test_the_weights_of_the_graphs_are_lambda_1_and_lambda_2():
    model, batch = model_and_batch("trajectory", {"trajectory_weight": 0.0, "visual_weight": 0.0})
    frames_only, _ = model_and_batch("trajectory", {"streams": ("frame",)})
    frames_only.load_state_dict(model.state_dict(), strict=False)
    torch.testing.assert_close(model(batch), frames_only(batch))


def test_attention_is_that_of_the_words_to_the_trajectories():
    model, batch = model_and_batch("trajectory", {})
    attention = model.explain(batch).attention
    assert attention.shape == (4, 5, 6, 5)
    torch.testing.assert_close(attention.sum(dim=-1), batch.word_mask.float())
    assert (attention.movedim(-1, 1)[~batch.trajectory_mask] == 0).all()


def test_the_weight_of_a_trajectory_is_its_mean_attention_over_the_words():
    model, batch = model_and_batch("trajectory", {})
    explained = model.explain(batch)
    for question in range(4):
        for candidate in range(5):
            words = explained.attention[question, candidate][batch.word_mask[question, candidate]]
            torch.testing.assert_close(explained.weights[question, candidate], words.mean(dim=0))


@pytest.mark.parametrize("text", ["glove", "bert"])
def test_the_weight_of_a_clip_is_its_mean_attention_over_the_words(text):
    model, batch = model_and_batch("trajectory", {"text": text})
    found = []
    model.alignments["VQG"].register_forward_hook(lambda _, inputs, output: found.append(output[2]))
    explained = model.explain(batch)
    assert explained.clip_weights.shape == (4, 5, 4)
    torch.testing.assert_close(explained.clip_weights.sum(dim=-1), torch.ones(4, 5))
    words = model.query.encode(batch.words, batch.word_mask).spread(found[0])
    for question in range(4):
        for candidate in range(5):
            expected = words[question, candidate][batch.word_mask[question, candidate]].mean(dim=0)
            torch.testing.assert_close(explained.clip_weights[question, candidate], expected)


def test_weights_of_a_video_without_trajectories_are_zero():
    model, batch = model_and_batch("trajectory", {})
    empty = replace(batch, trajectory_mask=torch.zeros_like(batch.trajectory_mask))
    assert (model.explain(empty).weights == 0).all()


@pytest.mark.parametrize("settings", [{"streams": ("frame",)}, {"cycle_attention": False}])
def test_there_is_no_attention_to_trajectories_without_it(settings):
    model, batch = model_and_batch("trajectory", settings)
    assert model.explain(batch).attention is model.explain(batch).weights is None


@pytest.mark.parametrize("settings", [{"streams": ("trajectory",)}, {"cycle_attention": False}])
def test_there_is_no_attention_to_clips_without_it(settings):
    model, batch = model_and_batch("trajectory", settings)
    assert model.explain(batch).clip_weights is None


def test_the_random_baseline_is_at_chance_level():
    config = small_config()
    torch.manual_seed(0)
    model, batch = create_model("random", config, inputs_for(config)), make_batch(2000)
    accuracy = (model(batch).argmax(dim=1) == batch.answers).double().mean()
    assert 0.17 < accuracy < 0.23


def test_an_unknown_model_is_named():
    config = small_config()
    with pytest.raises(ValueError, match=r"^model: found 'none', expected one of .*random, .*trajectory, zero-shot$"):
        create_model("none", config, inputs_for(config))


@pytest.mark.parametrize("name", [name for name in list_models() if "frame" in streams_of(name, ModelConfig())])
def test_a_missing_stream_is_named(name):
    config = small_config(text="glove" if "glove" in texts_of(name) else "bert")
    with pytest.raises(ValueError, match="streams: found 'frame', but the data have no frame features"):
        create_model(name, config, replace(inputs_for(config), frame_size=None))


@pytest.mark.parametrize("name", [name for name in list_models() if name != "random"])
def test_text_that_the_data_lack_is_named(name):
    with pytest.raises(ValueError, match="text: found 'bert', but the data have no such text"):
        create_model(name, small_config(text="bert"), inputs_for(small_config()))


def test_word_vectors_of_another_size_are_named():
    with pytest.raises(ValueError, match="word_size: found 9, expected 8, the size of the word vectors"):
        create_model("text-only", small_config(word_size=9), inputs_for(small_config()))


def test_the_streams_of_a_model_are_known():
    assert streams_of("trajectory", ModelConfig()) == ("frame", "trajectory")
    assert streams_of("trajectory", ModelConfig(streams=("trajectory",))) == ("trajectory",)
    assert streams_of("text-only", ModelConfig()) == ()
    assert [streams_of(name, ModelConfig()) for name in ("evqa", "st-vqa", "co-mem", "hme")] == [("frame",)] * 4
