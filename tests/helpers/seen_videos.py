"""Videos whose features were made up instead of extracted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers.data_examples import CLIPS, FRAME_SIZE, TRAJECTORY_SIZE
from trajtrack import Detections, Trajectories, link
from trajvqa.stores import VideoTrajectories

NUM_FRAMES = 20


def _linked() -> Trajectories:
    boxes = [[100 * k + frame, 10, 100 * k + frame + 40, 60] for k in range(3) for frame in range(10)]
    frames = [frame + 3 * k for k in range(3) for frame in range(10)]
    labels = [k % 2 for k in range(3) for _ in range(10)]
    names = {0: "cat", 1: "dog"}
    return link(Detections(boxes, [0.9] * 30, frames, labels, num_frames=NUM_FRAMES, label_names=names))


@dataclass
class MadeVideo:
    """A video with three trajectories of cats and dogs."""

    video: str = "clip"
    num_frames: int = NUM_FRAMES
    width: int = 320
    height: int = 100
    clips: NDArray[np.float32] | None = field(
        default_factory=lambda: np.random.default_rng(0).standard_normal((CLIPS, FRAME_SIZE)).astype(np.float32)
    )
    trajectories: Trajectories | None = field(default_factory=_linked)
    feature_size: int = TRAJECTORY_SIZE

    def as_trajectories(self, classes: Sequence[str]) -> VideoTrajectories:
        assert self.trajectories is not None
        found = self.trajectories
        rng = np.random.default_rng(1)
        names = found.detections.label_names
        return VideoTrajectories(
            video=self.video,
            features=rng.standard_normal((len(found), self.feature_size)).astype(np.float32),
            spans=np.stack([found.starts / NUM_FRAMES, (found.ends + 1) / NUM_FRAMES], axis=1).astype(np.float32),
            labels=np.array([classes.index(names[label]) for label in found.labels.tolist()], np.int32),
            scores=found.scores.astype(np.float32),
        )


class Reader:
    """Stands for extraction, and counts the videos that it reads."""

    def __init__(self, **changes: object) -> None:
        self.changes = changes
        self.paths: list[str] = []

    def __call__(self, path: object) -> MadeVideo:
        self.paths.append(str(path))
        return MadeVideo(video=Path(str(path)).stem, **self.changes)  # type: ignore[arg-type]
