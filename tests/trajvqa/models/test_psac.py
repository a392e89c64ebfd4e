from __future__ import annotations

from dataclasses import replace

import torch

from helpers.batch_examples import inputs_for, make_batch, small_config
from trajvqa.models import create_model, streams_of
from trajvqa.models.psac import Psac


def model_for(**settings: object) -> Psac:
    config = small_config(**settings)
    torch.manual_seed(3)
    return create_model("psac", config, inputs_for(config)).eval()


def frames_of(clips: int) -> torch.Tensor:
    return torch.randn(4, clips, 7, generator=torch.Generator().manual_seed(clips))


def test_it_sees_clips():
    assert streams_of("psac", small_config(streams=("trajectory",))) == ("frame",)


def test_motion_has_no_effect():
    model, frames = model_for(appearance_size=4), frames_of(16)
    changed = frames.clone()
    changed[..., 4:] = 9.0
    assert torch.equal(model(replace(make_batch(), frames=changed)), model(replace(make_batch(), frames=frames)))


def test_the_order_of_clips_matters():
    model, frames = model_for(), frames_of(16)
    backward = model(replace(make_batch(), frames=frames.flip(1)))
    assert not torch.allclose(backward, model(replace(make_batch(), frames=frames)))


def test_the_order_of_words_matters():
    model, batch = model_for(), make_batch()
    differ = batch.words[:, :, 0] != batch.words[:, :, 1]
    swapped = replace(batch, words=batch.words[:, :, [1, 0, 2, 3, 4, 5]])
    assert (model(swapped) != model(batch))[differ].all()


def test_nothing_in_it_is_recurrent():
    assert not any(isinstance(each, torch.nn.RNNBase) for each in model_for().modules())


def test_a_width_that_eight_heads_do_not_divide_has_fewer():
    model = model_for(hidden_size=15, trajectory_heads=1)
    scores = model.train()(make_batch())
    (scores**2).sum().backward()
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(each.grad).all() for each in model.parameters())
