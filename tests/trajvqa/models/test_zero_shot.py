from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.batch_examples import image_text_batch, image_text_inputs, make_batch, small_config, with_padding
from trajvqa.data.batches import Batch, Inputs
from trajvqa.models import create_model, streams_of
from trajvqa.models.zero_shot import ZeroShot

SIZE = 8


def model_for(inputs: Inputs | None = None, **settings: object) -> ZeroShot:
    return create_model("zero-shot", small_config(text="bert", **settings), inputs or image_text_inputs(SIZE))


def embeddings(**changes: object) -> Batch:
    return replace(image_text_batch(make_batch(), SIZE), **changes)


def towards(candidate: int, batch: Batch, values: torch.Tensor, index: int) -> torch.Tensor:
    """Return the features of one clip or trajectory of each video replaced by the embedding of a candidate."""
    changed = values.clone()
    changed[:, index] = batch.words[:, candidate, 0] * 7
    return changed


def test_it_has_nothing_to_train():
    assert list(model_for().parameters()) == []


def test_it_sees_the_chosen_streams():
    assert streams_of("zero-shot", small_config(streams=("frame",))) == ("frame",)
    assert streams_of("zero-shot", small_config()) == ("frame", "trajectory")


@pytest.mark.parametrize("candidate", range(5))
def test_a_video_that_looks_like_a_candidate_chooses_it(candidate):
    batch = embeddings()
    clips = torch.stack([batch.words[:, candidate, 0]] * 4, dim=1)
    scores = model_for(streams=("frame",))(replace(batch, frames=clips))
    assert scores.argmax(dim=1).tolist() == [candidate] * 4
    torch.testing.assert_close(scores[:, candidate], torch.ones(4))


@pytest.mark.parametrize("candidate", range(5))
def test_one_trajectory_that_looks_like_a_candidate_chooses_it(candidate):
    batch = embeddings()
    scores = model_for(streams=("trajectory",))(
        replace(batch, trajectories=towards(candidate, batch, batch.trajectories, 0))
    )
    assert scores.argmax(dim=1).tolist() == [candidate] * 4
    torch.testing.assert_close(scores[:, candidate], torch.ones(4))


def test_the_score_is_the_mean_of_both_streams():
    batch = embeddings()
    alone = [model_for(streams=(stream,))(batch) for stream in ("frame", "trajectory")]
    torch.testing.assert_close(model_for()(batch), (alone[0] + alone[1]) / 2)


def test_the_length_of_an_embedding_changes_no_score():
    batch = embeddings()
    lengths = torch.tensor([1.0, 2.0, 30.0, 4.0])[None, :, None]
    scaled = replace(
        batch, words=batch.words * 3, frames=batch.frames * lengths, trajectories=batch.trajectories * 0.01
    )
    torch.testing.assert_close(model_for()(scaled), model_for()(batch))


def test_padding_may_hold_anything():
    batch = embeddings()
    torch.testing.assert_close(model_for()(with_padding(batch, words=2, trajectories=3, regions=1)), model_for()(batch))


def test_a_video_without_trajectories_is_judged_by_its_clips():
    batch = embeddings()
    empty = replace(batch, trajectory_mask=torch.zeros_like(batch.trajectory_mask))
    torch.testing.assert_close(model_for()(empty), model_for(streams=("frame",))(batch) / 2)


def test_motion_after_the_appearance_is_not_compared():
    batch = embeddings()
    longer = replace(batch, frames=torch.cat([batch.frames, torch.randn(4, 4, 3)], dim=-1))
    model = model_for(replace(image_text_inputs(SIZE), frame_size=SIZE + 3), appearance_size=SIZE)
    torch.testing.assert_close(model(longer), model_for()(batch))


@pytest.mark.parametrize("stream", ["frame", "trajectory"])
def test_another_width_than_that_of_the_text_is_named(stream):
    inputs = replace(image_text_inputs(SIZE), **{f"{stream}_size": 5})
    with pytest.raises(ValueError, match=f"streams: found '{stream}' features of 5 numbers, expected 8 as in"):
        model_for(inputs)


def test_an_embedding_has_no_question_to_average():
    with pytest.raises(ValueError, match="mean_question: found True, expected False"):
        model_for(mean_question=True)


def test_words_are_no_embeddings():
    with pytest.raises(ValueError, match="text: found 'glove', expected 'bert': embeddings of question and candidate"):
        create_model("zero-shot", small_config(), image_text_inputs(SIZE))


def test_several_words_a_candidate_are_no_embedding():
    batch = embeddings()
    words = replace(batch, words=batch.words.repeat(1, 1, 6, 1), word_mask=batch.word_mask.repeat(1, 1, 6))
    with pytest.raises(ValueError, match="text: found 6 features for a candidate, expected one embedding"):
        model_for()(words)
