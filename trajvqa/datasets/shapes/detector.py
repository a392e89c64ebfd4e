"""A classical detector of coloured shapes: pixels near a known colour, named by how much of their box they fill."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.shapes.film import COLOURS, SHAPES

__all__ = ["find_shapes"]

_TOLERANCE = 70
_FEWEST_PIXELS = 40
_FILLED = {"square": 1.0, "ball": np.pi / 4, "triangle": 0.5}
"""Share of its box that a shape fills."""


def find_shapes(images: list[NDArray[np.uint8]]) -> list[dict[str, Any]]:
    """Return the shapes in each image, of which each colour has one at most."""
    return [_find(image) for image in images]


def _find(image: NDArray[np.uint8]) -> dict[str, Any]:
    boxes, labels = [], []
    red, green, blue = np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.int16)
    for colour in COLOURS.values():
        distances = np.maximum(np.maximum(abs(red - colour[0]), abs(green - colour[1])), abs(blue - colour[2]))
        near = distances < _TOLERANCE
        rows, columns = near.any(axis=1).nonzero()[0], near.any(axis=0).nonzero()[0]
        if near.sum() < _FEWEST_PIXELS:
            continue
        box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        filled = near.sum() / ((box[2] - box[0]) * (box[3] - box[1]))
        boxes.append(box)
        labels.append(min(SHAPES, key=lambda shape: abs(_FILLED[shape] - filled)))
    return {"boxes": np.array(boxes, np.float32).reshape(-1, 4), "scores": np.full(len(boxes), 0.9), "labels": labels}
