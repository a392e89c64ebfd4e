"""The benchmark *shapes*: small videos of coloured shapes that move, as files with pixels."""

from __future__ import annotations

from trajvqa.datasets.shapes.build import ShapesOptions, make_shapes
from trajvqa.datasets.shapes.seen import SeenShapes, see

__all__ = ["SeenShapes", "ShapesOptions", "make_shapes", "see"]
