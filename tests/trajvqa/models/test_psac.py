from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from batch_examples import inputs_for, make_batch, small_config

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


def test_it_takes_no_notice_of_motion():
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


@pytest.mark.parametrize(
    "settings", [{"text": "bert"}, {"appearance_size": 4}, {"hidden_size": 15, "trajectory_heads": 1}]
)
@pytest.mark.parametrize("clips", [1, 4, 16])
def test_any_number_of_clips_gives_finite_scores_and_gradients(settings, clips):
    model = model_for(**settings)
    batch = replace(make_batch(text=settings.get("text", "glove")), frames=frames_of(clips))
    scores = model.train()(batch)
    (scores**2).sum().backward()
    assert scores.shape == (4, 5)
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(each.grad).all() for each in model.parameters())


def test_missing_data_are_named():
    config = small_config()
    with pytest.raises(ValueError, match="streams: found 'frame', but the data have no frame features"):
        create_model("psac", config, replace(inputs_for(config), frame_size=None))
    with pytest.raises(ValueError, match="text: found 'bert', but the data have no such text"):
        create_model("psac", small_config(text="bert"), inputs_for(config))
