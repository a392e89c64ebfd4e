"""Write the files of simulated videos, of both versions of the worlds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories
from trajtrack.files.atomic import atomic_output
from trajvqa.data.folder import FRAME_FEATURES, QUESTIONS, REGIONS, TRAJECTORIES
from trajvqa.datasets.nextqa import write_questions
from trajvqa.datasets.questions import Questions
from trajvqa.datasets.sampled_regions import sampled_regions
from trajvqa.datasets.worlds.appearances import pooled_trajectories
from trajvqa.datasets.worlds.video import CLASSES
from trajvqa.stores import cut_attributes, write_frame_features, write_region_features, write_trajectories

__all__ = ["Seen", "write_split", "write_statistics"]


class Seen(Protocol):
    """What is seen of a video."""

    @property
    def name(self) -> str:
        """ID of the video."""

    @property
    def appearances(self) -> NDArray[np.float32]:
        """(N, D) appearances of the detections."""

    @property
    def clips(self) -> NDArray[np.float32]:
        """(clips, D) features of the clips."""

    @property
    def trajectories(self) -> Trajectories:
        """Trajectories of the detections."""


def write_split(
    folder: Path, split: str, videos: Sequence[Seen], questions: Questions, *, tracker: str, links: str
) -> None:
    """Write the questions, clips, regions and trajectories of a split."""
    write_questions(QUESTIONS.output(folder, split), questions)
    write_frame_features(
        FRAME_FEATURES.output(folder, split),
        [video.name for video in videos],
        np.stack([video.clips for video in videos]),
    )
    write_region_features(
        REGIONS.output(folder, split),
        [video.name for video in videos],
        (sampled_regions(video.trajectories.detections, video.appearances, len(video.clips)) for video in videos),
    )
    write_trajectories(
        TRAJECTORIES.output(folder, split),
        (
            pooled_trajectories(video.name, video.trajectories, video.appearances, links, len(video.clips))
            for video in videos
        ),
        CLASSES,
        tracker=tracker,
        detector="worlds",
        **cut_attributes(links, len(videos[0].clips)),
    )


def write_statistics(folder: Path, options: Mapping[str, Any], statistics: Mapping[str, Any]) -> None:
    """Write the options and the statistics of the splits into ``worlds.json``."""
    with atomic_output(folder / "worlds.json") as file:
        file.write(json.dumps({"options": options, "statistics": statistics}, indent=2).encode() + b"\n")
