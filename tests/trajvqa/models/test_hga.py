from __future__ import annotations

import pytest
import torch
from torch.nn.functional import layer_norm

from helpers.batch_examples import inputs_for, make_batch, small_config
from trajvqa.models import create_model, streams_of
from trajvqa.models.hga import Hga


def model_for(**settings: object) -> Hga:
    config = small_config(**settings)
    torch.manual_seed(3)
    return create_model("hga", config, inputs_for(config)).eval()


def test_a_score_is_that_of_the_words_and_clips_alone():
    """Compute one candidate without its padding, step by step."""
    model, batch = model_for(), make_batch()
    question, candidate = 2, 3
    length = int(batch.word_mask[question, candidate].sum())
    states, sentences = model.query(batch.words, batch.word_mask)
    words, clips = states[question, candidate, :length], model.frames(batch.frames)[question]
    whole = model.whole_video(clips[-1]) * model.whole_sentence(sentences[question, candidate])
    there = [torch.ones(len(nodes), dtype=torch.bool) for nodes in (words, clips)]
    words, clips = (layer_norm(nodes, nodes.shape[-1:]) for nodes in (words, clips))
    words, clips, _ = model.alignment(words, there[0], clips, there[1])
    pooled = model.graph(torch.cat([clips, words]), torch.cat(there))
    torch.testing.assert_close(model.score(pooled, whole), model(batch)[question, candidate])


def test_it_sees_clips():
    assert streams_of("hga", small_config(streams=("trajectory",))) == ("frame",)


def test_edges_do_not_depend_on_the_settings():
    batch = make_batch()
    scores = [model_for(adjacency=adjacency)(batch) for adjacency in ("softmax", "relu_gram")]
    torch.testing.assert_close(*scores)


def test_the_settings_choose_how_nodes_are_pooled():
    attention, total = model_for(pooling="attention"), model_for(pooling="sum")
    total.load_state_dict(attention.state_dict(), strict=False)
    assert set(attention.state_dict()) - set(total.state_dict()) == {
        "graph.weigh.0.weight",
        "graph.weigh.0.bias",
        "graph.weigh.2.weight",
    }
    assert not torch.allclose(attention(make_batch()), total(make_batch()))


@pytest.mark.parametrize(
    "settings", [{"text": "bert"}, {"pooling": "sum"}, {"fusion": "hadamard"}, {"graph_layers": 3}, {"dropout": 0.0}]
)
def test_each_setting_gives_finite_scores_and_gradients(settings):
    model = model_for(**settings)
    scores = model.train()(make_batch(text=settings.get("text", "glove")))
    (scores**2).sum().backward()
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(each.grad).all() for each in model.parameters())
