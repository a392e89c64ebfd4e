"""Batches and models of a small size, for tests."""

from __future__ import annotations

from dataclasses import replace

import torch

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs

WORDS, CLASSES, TEXT, FRAME, TRAJECTORY = 12, 3, 6, 7, 5
REGION, REGION_APPEARANCE, REGION_MOTION = 6, 4, 3


def small_config(**settings: object) -> ModelConfig:
    sizes = {"hidden_size": 16, "word_size": 8, "fusion_size": 64, "trajectory_heads": 4, "trajectory_feed_forward": 16}
    return ModelConfig(**(sizes | settings))  # type: ignore[arg-type]


def inputs_for(config: ModelConfig) -> Inputs:
    rng = torch.Generator().manual_seed(0)
    glove = config.text == "glove"
    return Inputs(
        word_vectors=torch.randn(WORDS, config.word_size, generator=rng) if glove else None,
        text_size=None if glove else TEXT,
        frame_size=FRAME,
        trajectory_size=TRAJECTORY,
        segment_clips=3 if config.trajectory_encoder == "segments" else None,
        label_vectors=torch.randn(CLASSES, config.word_size, generator=rng),
        region_size=REGION,
        region_appearance_size=REGION_APPEARANCE,
        region_motion_size=REGION_MOTION,
    )


def make_batch(questions: int = 4, candidates: int = 5, text: str = "glove", seed: int = 0) -> Batch:
    """Return random questions with sentences, trajectory sets and region sets of different lengths."""
    rng = torch.Generator().manual_seed(seed)
    length, clips, tracks = 6, 4, 5
    lengths = torch.randint(3, length + 1, (questions, candidates), generator=rng)
    counts = torch.randint(1, tracks + 1, (questions,), generator=rng)
    word_mask = torch.arange(length) < lengths[..., None]
    mask = torch.arange(tracks) < counts[:, None]
    words = (
        torch.randint(4, WORDS, (questions, candidates, length), generator=rng)
        if text == "glove"
        else torch.randn(questions, candidates, length, TEXT, generator=rng)
    )
    batch = Batch(
        words=words,
        word_mask=word_mask,
        answers=torch.randint(candidates, (questions,), generator=rng),
        rows=torch.arange(questions),
        frames=torch.randn(questions, clips, FRAME, generator=rng),
        trajectories=torch.randn(questions, tracks, TRAJECTORY, generator=rng),
        trajectory_labels=torch.randint(CLASSES, (questions, tracks), generator=rng),
        trajectory_spans=torch.rand(questions, tracks, 2, generator=rng),
        trajectory_owners=torch.randint(2, (questions, tracks), generator=rng),
        trajectory_mask=mask,
    )
    shape = (questions, 3, 2, 4)
    return replace(
        batch,
        regions=torch.randn(*shape, REGION, generator=rng),
        region_boxes=torch.rand(*shape, 5, generator=rng),
        region_mask=torch.arange(4) < torch.randint(1, 5, shape[:3], generator=rng).unsqueeze(-1),
        region_appearance=torch.randn(*shape[:3], REGION_APPEARANCE, generator=rng),
        region_motion=torch.randn(*shape[:2], REGION_MOTION, generator=rng),
    )


def image_text_inputs(size: int) -> Inputs:
    """Return the sizes of data whose text, clips and trajectories are embeddings of one image-text model."""
    return Inputs(text_size=size, frame_size=size, trajectory_size=size)


def image_text_batch(batch: Batch, size: int) -> Batch:
    """Return the batch with random embeddings of its candidates, clips and trajectories."""
    assert batch.frames is not None
    assert batch.trajectories is not None
    rng = torch.Generator().manual_seed(1)
    return replace(
        batch,
        words=torch.randn(*batch.words.shape[:2], 1, size, generator=rng),
        word_mask=torch.ones(*batch.words.shape[:2], 1, dtype=torch.bool),
        frames=torch.randn(*batch.frames.shape[:2], size, generator=rng),
        trajectories=torch.randn(*batch.trajectories.shape[:2], size, generator=rng),
    )


def with_padding(batch: Batch, words: int, trajectories: int, regions: int) -> Batch:
    """Return the batch with additional words, trajectories and regions that are masked and hold arbitrary values."""
    rng = torch.Generator().manual_seed(99)

    def longer(values: torch.Tensor, axis: int, count: int) -> torch.Tensor:
        shape = list(values.shape)
        shape[axis] = count
        if values.dtype == torch.bool:
            rest = torch.zeros(shape, dtype=torch.bool)
        elif values.dtype == torch.int64:
            rest = torch.ones(shape, dtype=torch.int64)
        else:
            rest = torch.randn(shape, generator=rng)
        return torch.cat([values, rest], dim=axis)

    return replace(
        batch,
        words=longer(batch.words, 2, words),
        word_mask=longer(batch.word_mask, 2, words),
        trajectories=longer(batch.trajectories, 1, trajectories),
        trajectory_labels=longer(batch.trajectory_labels, 1, trajectories),
        trajectory_spans=longer(batch.trajectory_spans, 1, trajectories),
        trajectory_owners=longer(batch.trajectory_owners, 1, trajectories),
        trajectory_mask=longer(batch.trajectory_mask, 1, trajectories),
        regions=longer(batch.regions, 3, regions),
        region_boxes=longer(batch.region_boxes, 3, regions),
        region_mask=longer(batch.region_mask, 3, regions),
    )
