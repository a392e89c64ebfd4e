"""Data folders of a few videos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from helpers.question_examples import make_questions
from trajvqa.config import Experiment, ModelConfig, NegativesConfig, TrainingConfig
from trajvqa.data.folder import BERT, FRAME_FEATURES, QUESTIONS, REGIONS, TRAJECTORIES
from trajvqa.datasets.nextqa import write_questions
from trajvqa.datasets.questions import Questions
from trajvqa.stores import VideoTrajectories, write_frame_features, write_region_features, write_trajectories

CLIPS, FRAME_SIZE, TRAJECTORY_SIZE, TEXT_SIZE, REGION_SIZE = 4, 7, 5, 6, 3
CLASSES = ("dog", "cat", "adult human")

SMALL = {
    "hidden_size": 16,
    "word_size": 8,
    "fusion_size": 64,
    "trajectory_heads": 4,
    "trajectory_feed_forward": 16,
    "max_trajectories": 3,
}


def small_experiment(
    model: str = "trajectory", negatives: str = "none", epochs: int = 2, **settings: object
) -> Experiment:
    return Experiment(
        model=model,
        settings=ModelConfig(**(SMALL | settings)),  # type: ignore[arg-type]
        negatives=NegativesConfig(negatives, 2),
        training=TrainingConfig(epochs=epochs, batch_size=8, learning_rate=1e-3, seed=3, device="cpu"),
    )


def write_data(
    folder: Path,
    splits: tuple[str, ...] = ("train", "val", "test"),
    bert: bool = False,
    image_text: bool = False,
    regions: bool = False,
    segment_clips: int | None = None,
) -> Path:
    """Write a data folder whose splits have different videos; the second video of each has no trajectories.

    With `segment_clips`, trajectories are cut into segments. With `image_text`, all features have the width of the
    text's, which has one for each candidate.
    """
    frame_size, trajectory_size = (TEXT_SIZE, TEXT_SIZE) if image_text else (FRAME_SIZE, TRAJECTORY_SIZE)
    for number, split in enumerate(splits):
        rng = np.random.Generator(np.random.PCG64(number))
        questions = _renamed(make_questions(videos=6, each=4, seed=number), split)
        write_questions(QUESTIONS.output(folder, split), questions)
        videos = list(dict.fromkeys(questions.videos))
        write_frame_features(
            FRAME_FEATURES.output(folder, split),
            videos,
            rng.standard_normal((len(videos), CLIPS, frame_size)).astype(np.float32),
        )
        write_trajectories(
            TRAJECTORIES.output(folder, split),
            [
                _trajectories(video, 0 if place == 1 else place + 1, trajectory_size, rng, segment_clips)
                for place, video in enumerate(videos)
            ],
            CLASSES,
            **({} if segment_clips is None else {"links": "segments", "clips": segment_clips}),
        )
        if regions:
            write_region_features(REGIONS.output(folder, split), videos, (_regions(rng) for _ in videos))
        if bert or image_text:
            words = 1 if image_text else 9
            features = rng.standard_normal((len(questions), 5, words, TEXT_SIZE)).astype(np.float32)
            features[:, :, 7:] = 0
            with h5py.File(BERT.output(folder, split), "w") as file:
                file["feat"] = features
    return folder


def _renamed(questions: Questions, split: str) -> Questions:
    return replace(questions, videos=tuple(f"{split}-{video}" for video in questions.videos))


def _regions(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    corners = rng.random((2, 2, 3, 2, 2)) * 100
    boxes = np.concatenate([corners.min(axis=-1), corners.max(axis=-1)], axis=-1)
    return rng.standard_normal((2, 2, 3, REGION_SIZE)), boxes


def _trajectories(
    video: str, count: int, size: int, rng: np.random.Generator, segment_clips: int | None
) -> VideoTrajectories:
    starts = np.sort(rng.random(count) * 0.5)
    return VideoTrajectories(
        video=video,
        features=rng.standard_normal((count, size)).astype(np.float32),
        spans=np.stack([starts, starts + 0.5], axis=1).astype(np.float32),
        labels=rng.integers(len(CLASSES), size=count).astype(np.int32),
        scores=rng.random(count).astype(np.float32),
        owners=None if segment_clips is None else np.arange(count, dtype=np.int32) // 2,
    )
