"""What became of a page or a video."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Written"]


@dataclass(frozen=True)
class Written:
    """What a page or a video shows."""

    num_tracks: int
    """Number of trajectories."""
    num_frames: int
    """Number of frames."""
    num_pictures: int | None
    """Number of frames that have a picture; None where no pictures were asked for."""
    num_unknown: int
    """Number of detections in no trajectory of which it is not known why."""
