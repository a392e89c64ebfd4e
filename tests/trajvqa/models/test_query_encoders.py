"""What a processor computes once for several candidates equals what is computed for each."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.batch_examples import inputs_for, make_batch, small_config
from trajvqa.data.batches import Batch
from trajvqa.layers import sentences
from trajvqa.layers.encoders import QueryEncoder
from trajvqa.models import create_model
from trajvqa.training.losses import hinge_loss

CASES = [
    ("trajectory", {}),
    ("trajectory", {"text": "bert"}),
    ("trajectory", {"trajectory_encoder": "gru", "attention_heads": 4}),
    ("trajectory", {"cycle_attention": False, "pooling": "sum", "adjacency": "relu_gram"}),
    ("hga", {}),
    ("hga", {"text": "bert", "graph_layers": 1}),
    ("hcrn", {}),
    ("text-only", {}),
]


def double(batch: Batch) -> Batch:
    values = {name: value for name, value in vars(batch).items() if value is not None and value.is_floating_point()}
    return replace(batch, **{name: value.double() for name, value in values.items()})


def sharing(batch: Batch) -> Batch:
    """Return the batch with candidates that begin with the same words, as questions do, and two that are equal."""
    words, mask = batch.words.clone(), batch.word_mask.clone()
    if words.ndim == 3:
        words[:, 1:, :3] = words[:, :1, :3]
        words[:, 2], mask[:, 2] = words[:, 1], mask[:, 1]
    return replace(batch, words=words, word_mask=mask)


def loss_and_gradients(model: torch.nn.Module, batch: Batch) -> list[torch.Tensor]:
    loss = hinge_loss(model(batch), batch.answers)
    return [loss, *torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "settings"), CASES)
def test_loss_and_gradients_equal_those_of_padded_sentences(monkeypatch, name, settings, seed):
    config = small_config(**settings, dropout=0.0)
    torch.manual_seed(seed)
    model = create_model(name, config, inputs_for(config)).double().train()
    batch = sharing(double(make_batch(9, text=config.text, seed=seed)))
    monkeypatch.setattr(sentences, "_PIECE", 4)
    shared = loss_and_gradients(model, batch)
    monkeypatch.setattr(QueryEncoder, "encode", QueryEncoder._padded)
    for one, other in zip(shared, loss_and_gradients(model, batch), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_the_order_of_questions_changes_no_score(monkeypatch, name, settings):
    """Whatever batches questions are put into, in whatever pieces: buckets change no score."""
    config = small_config(**settings)
    torch.manual_seed(3)
    model = create_model(name, config, inputs_for(config)).double().eval()
    batch = sharing(double(make_batch(9, text=config.text)))
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    shuffled = replace(batch, **{key: value[order] for key, value in vars(batch).items() if value is not None})
    monkeypatch.setattr(sentences, "_PIECE", 2)
    torch.testing.assert_close(model(shuffled), model(batch)[order], rtol=0, atol=1e-12)


def test_with_dropout_equal_sentences_of_a_question_have_equal_scores():
    config = small_config(dropout=0.5)
    torch.manual_seed(3)
    model = create_model("text-only", config, inputs_for(config)).train()
    scores = model(sharing(make_batch()))
    assert torch.equal(scores[:, 1], scores[:, 2])
