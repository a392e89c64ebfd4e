"""Export tracks as napari layers."""

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
"""Position of napari's origin in continuous pixels."""


@dataclass(frozen=True, eq=False)
class NapariLayers:
    """The data of a Tracks layer and a Shapes layer of napari, M boxes by identity and frame."""

    tracks: NDArray[np.float64]
    """(M, 4) data of a Tracks layer: identity, frame, y and x of each box centre."""
    rectangles: NDArray[np.float64]
    """(M, 4, 3) data of a Shapes layer: frame, y and x of each box corner."""
    properties: dict[str, NDArray[Any]]
    """(M,) ``score``, ``label``, ``width`` and ``height`` in pixels, ``interpolated`` as 0 or 1, for both layers."""


def to_napari(tracks: Trajectories | Detections) -> NapariLayers:
    """Return tracks as napari layers.

    napari puts the centre of the first pixel at 0, so coordinates are half a pixel less than those of the boxes.
    Label names are not exported: napari colours by number.

    Parameters
    ----------
    tracks
        Trajectories, including their interpolated boxes; or detections with `track_ids`, whose rows with ID -1 are
        skipped and whose boxes are never marked as interpolated.

    Raises
    ------
    ValueError
        If boxes have no identities, or an identity has two boxes in one frame.
    """
    found = boxes_of(tracks)
    again = (np.diff(found.ids) == 0) & (np.diff(found.frames) == 0)
    if again.any():
        row = int(again.argmax())
        raise ValueError(
            f"tracks: found two boxes of id {found.ids[row]} in frame {found.frames[row]}, expected one per frame"
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
