"""Checks of arguments that several functions take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.trajectories import Trajectories

__all__ = ["check_suffix", "check_tracks", "check_trajectories", "identities_of"]


def check_tracks(tracks: object) -> None:
    """Refuse what is neither trajectories nor detections with a TypeError."""
    if not isinstance(tracks, (Trajectories, Detections)):
        raise TypeError(f"tracks: expected Trajectories or Detections with track_ids, found {type(tracks).__name__}")


def check_trajectories(tracks: object) -> None:
    """Refuse what `link` does not return with a TypeError."""
    if not isinstance(tracks, Trajectories):
        raise TypeError(f"tracks: expected Trajectories, found {type(tracks).__name__}")


def identities_of(tracks: Detections) -> NDArray[np.int64]:
    """Return the `track_ids` of boxes; ValueError where they have none."""
    if tracks.track_ids is None:
        raise ValueError("tracks: found boxes without track_ids, expected the identity of each")
    return tracks.track_ids


def check_suffix(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a file to write that has none of the suffixes with a ValueError."""
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"path: found {str(path)!r}, expected one of the suffixes {', '.join(suffixes)}")
