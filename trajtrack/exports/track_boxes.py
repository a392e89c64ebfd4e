"""The boxes of tracks, in the order that all exports need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import check_tracks, identities_of
from trajtrack.detections import Detections
from trajtrack.trajectories import Trajectories

__all__ = ["TrackBoxes", "boxes_of"]


@dataclass(frozen=True, eq=False)
class TrackBoxes:
    """M boxes, by identity and frame."""

    ids: NDArray[np.int64]
    """(M,) identities."""
    frames: NDArray[np.int32]
    """(M,) frame numbers from 0."""
    boxes: NDArray[np.float64]
    """(M, 4) corners in pixels."""
    scores: NDArray[np.float32]
    """(M,) detection scores, 0 where interpolated."""
    labels: NDArray[np.int32]
    """(M,) classes."""
    interpolated: NDArray[np.bool_]
    """(M,) whether the box is interpolated rather than detected."""
    label_names: Mapping[int, str]
    """Class names by label."""
    num_frames: int
    """Number of frames of the video."""

    def name(self, label: int) -> str:
        """Return the name of a label, or its number if it has none."""
        return self.label_names.get(label, str(label))


def boxes_of(tracks: Trajectories | Detections) -> TrackBoxes:
    """Return the boxes of trajectories, or the boxes of detections with an identity.

    Raises
    ------
    TypeError
        If `tracks` is neither.
    ValueError
        If detections have no `track_ids`.
    """
    check_tracks(tracks)
    if isinstance(tracks, Trajectories):
        rows = tracks.to_detections()
        parts = [track.interpolated for track in tracks]
        interpolated = np.concatenate(parts) if parts else np.zeros(0, np.bool_)
    else:
        rows = tracks
        interpolated = np.zeros(len(rows), np.bool_)
    ids = identities_of(rows)
    order = np.lexsort((rows.frames, ids))
    order = order[ids[order] >= 0]
    return TrackBoxes(
        ids=ids[order],
        frames=rows.frames[order],
        boxes=rows.boxes[order].astype(np.float64),
        scores=rows.scores[order],
        labels=rows.labels[order],
        interpolated=interpolated[order],
        label_names=rows.label_names,
        num_frames=rows.num_frames,
    )
