"""Features of clips and trajectories that are in memory, such as those of a video that was just decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trajvqa.stores.hdf5 import require_videos
from trajvqa.stores.trajectory_batches import TrajectoryBatch, best_rows, check_limit
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["ClipsInMemory", "TrajectoriesInMemory"]

_SOURCE = "memory"
"""Stands for the path of a file in messages."""


class ClipsInMemory:
    """Features of clips of at least one video.

    Parameters
    ----------
    features
        (N, D) features of each video, by its ID.
    appearance_size
        Width of the part of the features that shows appearance, before motion, or None if not known.

    Raises
    ------
    ValueError
        If there is no video, shapes differ or are empty, or a number is not finite in float32; naming the video.
    """

    ids: tuple[str, ...]
    """IDs of the V videos."""
    clips: int
    """Number N of clips of each video."""
    size: int
    """Width D of a clip's features."""
    appearance_size: int | None
    """Width of the part of the features that shows appearance, before motion, or None if not known."""

    def __init__(self, features: Mapping[str, NDArray[np.floating]], appearance_size: int | None = None) -> None:
        if not features:
            raise ValueError("features: found no videos, expected at least one")
        self.ids = tuple(features)
        self.appearance_size = appearance_size
        shape = features[self.ids[0]].shape
        for video, values in features.items():
            expected = "(N, D) without zeros" if video == self.ids[0] else f"{shape} as for video {self.ids[0]}"
            if values.ndim != 2 or 0 in values.shape or values.shape != shape:
                raise ValueError(f"features, video {video}: found shape {values.shape}, expected {expected}")
        self.clips, self.size = shape
        with np.errstate(over="ignore"):
            self._features = {video: values.astype(np.float32) for video, values in features.items()}
        self.check_finite()

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, with their number and the first of them."""
        require_videos(_SOURCE, self._features, videos)

    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32, naming the video."""
        for video, values in self._features.items():
            if not np.isfinite(values).all():
                raise ValueError(f"features, video {video}: found a number that is not finite in float32")

    def read(self, videos: Sequence[str]) -> NDArray[np.float32]:
        """Return the features (B, N, D) of B videos.

        Raises
        ------
        ValueError
            If a video is missing.
        """
        self.require(videos)
        return np.stack([self._features[video] for video in videos])


class TrajectoriesInMemory:
    """Trajectories with features of at least one video.

    Parameters
    ----------
    videos
        The trajectories of each video.
    classes
        Names of the labels 0, 1, 2, ...

    Raises
    ------
    ValueError
        If there is no video, a video repeats, a label has no name, or feature sizes differ; naming the video.
    """

    ids: tuple[str, ...]
    """IDs of the V videos."""
    classes: tuple[str, ...]
    """Class names, in the order of the labels."""
    feature_size: int
    """Width D of a trajectory's features."""

    def __init__(self, videos: Iterable[VideoTrajectories], classes: Sequence[str]) -> None:
        given = list(videos)
        if not given:
            raise ValueError("videos: found none, expected at least one")
        self.classes = tuple(classes)
        self.feature_size = given[0].features.shape[1]
        self._videos: dict[str, VideoTrajectories] = {}
        self._first_rows: dict[str, int] = {}
        for video in given:
            video.check_fits(self._videos, self.feature_size, len(self.classes))
            self._first_rows[video.video] = sum(map(len, self._videos.values()))
            self._videos[video.video] = video
        self.ids = tuple(self._videos)

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, with their number and the first of them."""
        require_videos(_SOURCE, self._videos, videos)

    def check_finite(self) -> None:
        """Do nothing: `VideoTrajectories` have finite features."""

    def read(self, videos: Sequence[str], limit: int) -> TrajectoryBatch:
        """Return the trajectories of videos as `TrajectoryStore.read` does.

        Raises
        ------
        ValueError
            If a video is missing, or the limit is below 1.
        """
        check_limit(limit)
        self.require(videos)
        found = [self._videos[video] for video in videos]
        chosen = [best_rows(each.scores, each.spans[:, 0], limit, each.owners) for each in found]
        batch = TrajectoryBatch.padding(list(map(len, chosen)), self.feature_size)
        for index, (each, rows) in enumerate(zip(found, chosen, strict=True)):
            count = len(rows)
            batch.features[index, :count] = each.features[rows]
            batch.spans[index, :count] = each.spans[rows]
            batch.labels[index, :count] = each.labels[rows]
            batch.mask[index, :count] = True
            batch.rows[index, :count] = rows + self._first_rows[each.video]
            batch.indices[index, :count] = rows
            batch.owners[index, :count] = rows if each.owners is None else each.owners[rows]
        return batch

    def trajectories(self, video: str) -> VideoTrajectories:
        """Return all trajectories of a video; ValueError as `require`."""
        self.require([video])
        return self._videos[video]
