from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.batch_examples import CLASSES, inputs_for, make_batch, small_config
from trajvqa.models import create_model, streams_of
from trajvqa.models.l_gcn import LGcn


def model_for(**settings: object) -> LGcn:
    config = small_config(**settings)
    torch.manual_seed(3)
    return create_model("l-gcn", config, inputs_for(config)).eval()


def test_it_sees_clips_and_trajectories():
    assert streams_of("l-gcn", small_config(streams=("frame",))) == ("frame", "trajectory")


@pytest.mark.parametrize("encoder", ["mhsa", "segments"])
def test_values_outside_the_trajectory_mask_have_no_effect(encoder):
    model, batch = model_for(trajectory_encoder=encoder), make_batch()
    absent = ~batch.trajectory_mask
    changed = replace(
        batch,
        trajectories=batch.trajectories.masked_fill(absent.unsqueeze(-1), 1e3),
        trajectory_labels=batch.trajectory_labels.masked_fill(absent, 0),
        trajectory_spans=batch.trajectory_spans.masked_fill(absent.unsqueeze(-1), 1.0),
    )
    assert torch.equal(model(changed), model(batch))


@pytest.mark.parametrize("encoder", ["mhsa", "segments"])
def test_the_order_of_trajectories_changes_no_score(encoder):
    model, batch, order = model_for(trajectory_encoder=encoder), make_batch(), [3, 1, 4, 0, 2]
    names = ("trajectories", "trajectory_labels", "trajectory_spans", "trajectory_owners", "trajectory_mask")
    shuffled = replace(batch, **{name: getattr(batch, name)[:, order] for name in names})
    torch.testing.assert_close(model(shuffled), model(batch))


@pytest.mark.parametrize("part", ["features", "labels", "start", "end"])
def test_a_trajectory_is_its_feature_its_label_and_its_time(part):
    model, batch = model_for(), make_batch()
    features, labels, spans = batch.trajectories, batch.trajectory_labels, batch.trajectory_spans
    changed = {
        "features": (features + 1, labels, spans),
        "labels": (features, (labels + 1) % CLASSES, spans),
        "start": (features, labels, spans * torch.tensor([0.5, 1.0])),
        "end": (features, labels, spans * torch.tensor([1.0, 0.5])),
    }[part]
    mask = batch.trajectory_mask
    assert (model.objects(*changed, mask) != model.objects(features, labels, spans, mask)).any(dim=-1).all()


def test_of_segments_it_sees_which_belong_to_one_trajectory():
    model, batch = model_for(trajectory_encoder="segments"), make_batch()
    apart = replace(batch, trajectory_owners=torch.arange(5).expand(4, 5))
    several = batch.trajectory_mask.sum(dim=1) > 2
    assert several.any()
    assert (model(apart) != model(batch)).all(dim=1)[several].all()


def test_it_sees_the_clips():
    model, batch = model_for(), make_batch()
    assert not torch.allclose(model(replace(batch, frames=batch.frames + 1)), model(batch))


@pytest.mark.parametrize(
    "settings", [{"text": "bert"}, {"trajectory_encoder": "segments"}, {"graph_layers": 1}, {"dropout": 0.0}]
)
@pytest.mark.parametrize("clips", [1, 16])
@pytest.mark.parametrize("present", [True, False], ids=["trajectories", "no trajectories"])
def test_scores_and_gradients_are_finite(settings, clips, present):
    model, batch = model_for(**settings), make_batch(text=settings.get("text", "glove"))
    frames = torch.randn(4, clips, 7, generator=torch.Generator().manual_seed(0))
    scores = model.train()(replace(batch, frames=frames, trajectory_mask=batch.trajectory_mask & present))
    (scores**2).sum().backward()
    assert scores.shape == (4, 5)
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(each.grad).all() for each in model.parameters())


@pytest.mark.parametrize("encoder", ["mhsa", "segments"])
def test_it_says_which_objects_and_clips_a_score_comes_from(encoder):
    model, batch = model_for(trajectory_encoder=encoder), make_batch()
    found = model.explain(batch)
    torch.testing.assert_close(found.scores, model(batch))
    shares = torch.cat([found.weights, found.clip_weights], dim=-1)
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(4, 5))
    assert (found.weights.movedim(-1, 1)[~batch.trajectory_mask] == 0).all()


def test_a_share_is_what_an_element_adds_beyond_the_mean_of_the_candidates():
    model, batch = model_for(), make_batch()
    outputs = []
    model.meet.register_forward_hook(lambda _, inputs, output: outputs.append(torch.nn.functional.elu(output)))
    with torch.inference_mode():
        found = model.explain(batch)
    shares = torch.cat([found.weights, found.clip_weights], dim=-1)
    visible = torch.cat([batch.trajectory_mask, torch.ones(4, 4, dtype=torch.bool)], dim=1)
    for question in range(4):
        met = outputs[0][question].masked_fill(~visible[question, :, None], -torch.inf)
        mean = met.amax(dim=1).mean(dim=0)
        for candidate in range(5):
            credits = torch.zeros(visible.shape[1])
            for coordinate, weight in enumerate(model.score.weight[0].tolist()):
                element = int(met[candidate, :, coordinate].argmax())
                lead = weight * (met[candidate, element, coordinate] - mean[coordinate])
                credits[element] += max(float(lead), 0.0)
            torch.testing.assert_close(shares[question, candidate], credits / credits.sum())


@pytest.mark.parametrize("encoder", ["mhsa", "segments"])
def test_a_video_without_trajectories_is_scored_by_its_clips(encoder):
    model, batch = model_for(trajectory_encoder=encoder), make_batch()
    empty = replace(batch, trajectory_mask=torch.zeros_like(batch.trajectory_mask))
    none = replace(
        batch,
        trajectories=batch.trajectories[:, :0],
        trajectory_labels=batch.trajectory_labels[:, :0],
        trajectory_spans=batch.trajectory_spans[:, :0],
        trajectory_owners=batch.trajectory_owners[:, :0],
        trajectory_mask=batch.trajectory_mask[:, :0],
    )
    torch.testing.assert_close(model(empty), model(none))
    assert len(model(empty).unique()) > 1


@pytest.mark.parametrize(
    ("missing", "stream"), [("frame_size", "frame"), ("trajectory_size", "trajectory"), ("label_vectors", "trajectory")]
)
def test_a_missing_stream_is_named(missing, stream):
    config = small_config()
    with pytest.raises(ValueError, match=f"streams: found '{stream}', but the data have no {stream} features"):
        create_model("l-gcn", config, replace(inputs_for(config), **{missing: None}))


def test_whole_trajectories_in_place_of_segments_are_refused():
    config = small_config(trajectory_encoder="segments")
    with pytest.raises(ValueError, match="trajectory_encoder: found 'segments' for whole trajectories, expected"):
        create_model("l-gcn", config, replace(inputs_for(config), segment_clips=None))
