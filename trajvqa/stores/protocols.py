"""What models read of videos: features of clips, of regions and of trajectories, from files or from memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trajvqa.stores.region_features import RegionBatch
from trajvqa.stores.trajectory_batches import TrajectoryBatch
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["ClipFeatures", "Regions", "TrajectoryFeatures"]


class ClipFeatures(Protocol):
    """Features of N clips for each of V videos, which are found by their IDs."""

    @property
    def ids(self) -> tuple[str, ...]:
        """IDs of the V videos."""
        ...

    @property
    def clips(self) -> int:
        """Number N of clips of each video."""
        ...

    @property
    def size(self) -> int:
        """Width D of a clip's features."""
        ...

    @property
    def appearance_size(self) -> int | None:
        """Width of the part of a clip's features that shows appearance, before motion; None if not known."""
        ...

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, with their number and the first of them."""
        ...

    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32."""
        ...

    def read(self, videos: Sequence[str]) -> NDArray[np.float32]:
        """Return the features (B, N, D) of B videos; ValueError as `require`."""
        ...


class Regions(Protocol):
    """Regions of F frames in each of C clips of V videos, which are found by their IDs."""

    @property
    def ids(self) -> tuple[str, ...]:
        """IDs of the V videos."""
        ...

    @property
    def clips(self) -> int:
        """Number C of clips of each video."""
        ...

    @property
    def frames(self) -> int:
        """Number F of frames of each clip."""
        ...

    @property
    def size(self) -> int:
        """Width D of a region's features."""
        ...

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, with their number and the first of them."""
        ...

    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32."""
        ...

    def read(self, videos: Sequence[str]) -> RegionBatch:
        """Return the regions of B videos; ValueError as `require`."""
        ...


class TrajectoryFeatures(Protocol):
    """Trajectories with features of V videos, which are found by their IDs."""

    @property
    def ids(self) -> tuple[str, ...]:
        """IDs of the V videos."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the labels."""
        ...

    @property
    def feature_size(self) -> int:
        """Width D of a trajectory's features."""
        ...

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, with their number and the first of them."""
        ...

    def check_finite(self) -> None:
        """Raise ValueError if a feature is NaN or infinite."""
        ...

    def read(self, videos: Sequence[str], limit: int) -> TrajectoryBatch:
        """Return up to `limit` trajectories of each of B videos, those with the highest scores, sorted by start.

        Of equal scores, those with the lower rows are read; of equal starts, the lower row comes first.
        """
        ...

    def trajectories(self, video: str) -> VideoTrajectories:
        """Return all trajectories of a video."""
        ...
