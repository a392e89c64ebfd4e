from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import elu

from helpers.batch_examples import inputs_for, make_batch, small_config
from trajvqa.models import create_model, streams_of
from trajvqa.models.hcrn import Hcrn


def model_for(seed: int = 3, **settings: object) -> Hcrn:
    config = small_config(**settings)
    torch.manual_seed(seed)
    return create_model("hcrn", config, inputs_for(config)).eval()


def frames_of(clips: int) -> torch.Tensor:
    return torch.randn(4, clips, 7, generator=torch.Generator().manual_seed(clips))


def by_hand(model: Hcrn, frames: torch.Tensor, sentence: torch.Tensor) -> torch.Tensor:
    """Return the score of one candidate, computed segment by segment."""
    appearance, motion = frames[:, :4], frames[:, 4:]
    segments = []
    for start in (0, 4, 8, 12):
        clips = torch.stack([model.appearance(clip) for clip in appearance[start : start + 4]])
        own_motion = model.segment_motion(motion[start : start + 4].mean(dim=0))
        segments.append(model.segment_under_sentence(model.segment_under_motion(clips, own_motion), sentence))
    video_motion = model.video_motion(motion.unsqueeze(0))[0, -1]
    related = []
    for place in range(len(segments[0])):
        same_place = torch.stack([segment[place] for segment in segments])
        related += model.video_under_sentence(model.video_under_motion(same_place, video_motion), sentence)
    seen = model.look(torch.stack(related), sentence)
    return model.score(elu(model.join(torch.cat([seen, sentence]))))[0]


def test_it_equals_a_plain_loop_over_segments():
    model, batch = model_for(appearance_size=4), replace(make_batch(), frames=frames_of(16))
    _, sentences = model.query(batch.words, batch.word_mask)
    expected = [
        torch.stack([by_hand(model, frames, sentence) for sentence in candidates])
        for frames, candidates in zip(batch.frames, sentences, strict=True)
    ]
    torch.testing.assert_close(model(batch), torch.stack(expected))


def test_it_sees_clips():
    assert streams_of("hcrn", small_config(streams=("trajectory",))) == ("frame",)


def test_the_scores_of_a_model_do_not_depend_on_the_seed():
    model, batch = model_for(), replace(make_batch(), frames=frames_of(16))
    torch.manual_seed(1)
    scores = model(batch)
    torch.manual_seed(2)
    assert torch.equal(model(batch), scores)


def test_two_models_with_the_same_weights_give_the_same_scores():
    first, second = model_for(seed=1), model_for(seed=2)
    second.load_state_dict(first.state_dict())
    batch = replace(make_batch(), frames=frames_of(16))
    assert torch.equal(first(batch), second(batch))


def test_every_clip_affects_the_score():
    model = model_for()
    frames = frames_of(21).requires_grad_()
    model(replace(make_batch(), frames=frames)).sum().backward()
    assert (frames.grad.abs().sum(dim=-1) > 0).all()


@pytest.mark.parametrize("numbers", [slice(0, 4), slice(4, 7)])
def test_appearance_and_motion_both_affect_the_score(numbers):
    model, frames = model_for(appearance_size=4), frames_of(16)
    changed = frames.clone()
    changed[..., numbers] += 1
    assert not torch.allclose(model(replace(make_batch(), frames=changed)), model(replace(make_batch(), frames=frames)))


def test_clips_of_a_segment_are_a_set_under_their_motion():
    """With the same motion everywhere, clips differ only by their segments."""
    model, frames = model_for(appearance_size=4), frames_of(16)
    frames[..., 4:] = frames[:, :1, 4:]
    within, across = list(range(16)), list(range(16))
    within[4:8] = [6, 4, 7, 5]
    across[3], across[4] = 4, 3
    scores = model(replace(make_batch(), frames=frames))
    torch.testing.assert_close(model(replace(make_batch(), frames=frames[:, within])), scores)
    assert not torch.allclose(model(replace(make_batch(), frames=frames[:, across])), scores)
