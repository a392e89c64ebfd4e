"""Tracks as layers of napari."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.exports.track_boxes import boxes_of
from trajtrack.trajectories import Trajectories

__all__ = ["NapariLayers", "to_napari"]

_CENTRE_OF_FIRST_PIXEL = 0.5
"""Where the origin of napari lies in continuous pixels."""


@dataclass(frozen=True, eq=False)
class NapariLayers:
    """What a Tracks layer and a Shapes layer of napari take, M boxes by identity and frame."""

    tracks: NDArray[np.float64]
    """(M, 4) identity, frame, y and x of each box's centre: the data of a Tracks layer."""
    rectangles: NDArray[np.float64]
    """(M, 4, 3) frame, y and x of each box's corners: the data of a Shapes layer."""
    properties: dict[str, NDArray[Any]]
    """(M,) ``score``, ``label``, ``width``, ``height`` in pixels and ``interpolated``, 0 or 1: of both layers."""


def to_napari(tracks: Trajectories | Detections) -> NapariLayers:
    """Return tracks as layers of napari.

    napari puts the centre of the first pixel at 0, so that coordinates are half a pixel less than those of boxes.
    Names of labels have no room: napari colours by numbers.

    Parameters
    ----------
    tracks
        Trajectories, their interpolated boxes included; or boxes with `track_ids`, whose rows with -1 are left out
        and none of which is marked as interpolated.

    Raises
    ------
    ValueError
        When boxes have no identities, or an identity has two boxes in one frame.
    """
    found = boxes_of(tracks)
    again = (np.diff(found.ids) == 0) & (np.diff(found.frames) == 0)
    if again.any():
        row = int(again.argmax())
        raise ValueError(
            f"tracks: found two boxes of id {found.ids[row]} in frame {found.frames[row]}, expected one in a frame"
        )
    x1, y1, x2, y2 = found.boxes.T - _CENTRE_OF_FIRST_PIXEL
    frames = found.frames.astype(np.float64)
    corners = [(y1, x1), (y1, x2), (y2, x2), (y2, x1)]
    return NapariLayers(
        tracks=np.stack([found.ids.astype(np.float64), frames, (y1 + y2) / 2, (x1 + x2) / 2], axis=1),
        rectangles=np.stack([np.stack([frames, y, x], axis=1) for y, x in corners], axis=1),
        properties={
            "score": found.scores,
            "label": found.labels,
            "width": x2 - x1,
            "height": y2 - y1,
            "interpolated": found.interpolated.astype(np.int8),
        },
    )
