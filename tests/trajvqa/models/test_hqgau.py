from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.batch_examples import inputs_for, make_batch, small_config
from trajvqa.models import create_model, streams_of
from trajvqa.models.hqgau import HqGau

VIDEO = ("regions", "region_boxes", "region_mask", "region_appearance", "region_motion")


def model_for(**settings: object) -> HqGau:
    config = small_config(**settings)
    torch.manual_seed(3)
    return create_model("hq-gau", config, inputs_for(config)).eval()


def test_it_sees_regions_only():
    assert streams_of("hq-gau", small_config(streams=("frame",))) == ("region",)


@pytest.mark.parametrize("name", ["regions", "region_boxes", "region_appearance", "region_motion"])
def test_each_level_reaches_the_score(name):
    model, batch = model_for(), make_batch()
    changed = replace(batch, **{name: getattr(batch, name) + 1})
    assert ((model(changed) - model(batch)).abs() > 1e-6).all()


def test_values_outside_the_region_mask_have_no_effect():
    model, batch = model_for(), make_batch()
    absent = ~batch.region_mask.unsqueeze(-1)
    changed = replace(
        batch,
        regions=batch.regions.masked_fill(absent, 1e3),
        region_boxes=batch.region_boxes.masked_fill(absent, 1e3),
    )
    torch.testing.assert_close(model(changed), model(batch))


def test_the_order_of_regions_in_a_frame_changes_no_score():
    model, batch, order = model_for(), make_batch(), [2, 0, 3, 1]
    shuffled = replace(batch, **{name: getattr(batch, name)[:, :, :, order] for name in VIDEO[:3]})
    torch.testing.assert_close(model(shuffled), model(batch))


@pytest.mark.parametrize("axis", ["clips", "frames"])
def test_the_order_of_clips_and_of_frames_changes_the_score(axis):
    model, batch = model_for(), make_batch()
    if axis == "clips":
        changed = replace(batch, **{name: getattr(batch, name).flip(1) for name in VIDEO})
    else:
        changed = replace(batch, **{name: getattr(batch, name).flip(2) for name in VIDEO[:4]})
    assert not torch.allclose(model(changed), model(batch))


def test_at_each_level_the_nodes_attend_to_the_words():
    model, batch = model_for(), make_batch()
    words, _ = model.query(batch.words, batch.word_mask)
    regions, _, _, mask = model._seen(batch)
    arguments = regions.unsqueeze(1), mask.unsqueeze(1)
    seen, weights = model.regions(*arguments, words[:, :, None, None], batch.word_mask)
    others, _ = model.regions(*arguments, words.flip(1)[:, :, None, None], batch.word_mask.flip(1))
    assert seen.shape == (4, 5, 3, 2, 16)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(4, 5, 3, 2))
    torch.testing.assert_close(others, seen.flip(1))
    assert not torch.allclose(others, seen)


def test_frames_without_regions_give_finite_scores_and_gradients():
    model, batch = model_for(), make_batch()
    empty = replace(batch, region_mask=batch.region_mask & (torch.arange(2) > 0)[:, None])
    scores = model.train()(empty)
    (scores**2).sum().backward()
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(each.grad).all() for each in model.parameters())


@pytest.mark.parametrize("shape", [(1, 1, 1), (16, 4, 20), (8, 4, 10)])
def test_any_number_of_clips_frames_and_regions_is_read(shape):
    model, batch = model_for(), make_batch()
    rng = torch.Generator().manual_seed(0)
    clips, frames, _ = shape
    read = replace(
        batch,
        regions=torch.randn(4, *shape, 6, generator=rng),
        region_boxes=torch.rand(4, *shape, 5, generator=rng),
        region_mask=torch.ones(4, *shape, dtype=torch.bool),
        region_appearance=torch.randn(4, clips, frames, 4, generator=rng),
        region_motion=torch.randn(4, clips, 3, generator=rng),
    )
    assert torch.isfinite(model(read)).all()


def test_the_weights_of_the_clips_add_up_to_one():
    model, batch = model_for(), make_batch()
    weights = model.explain(batch).clip_weights
    assert weights.shape == (4, 5, 3)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(4, 5))


@pytest.mark.parametrize("missing", ["region_size", "region_appearance_size", "region_motion_size"])
def test_a_missing_stream_is_named(missing):
    config = small_config()
    with pytest.raises(ValueError, match="streams: found 'region', but the data have no region features"):
        create_model("hq-gau", config, replace(inputs_for(config), **{missing: None}))
