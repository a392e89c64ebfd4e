"""The benchmark *worlds*: synthetic videos of acting objects."""

from __future__ import annotations

from trajvqa.datasets.worlds.build import WorldsOptions, make_worlds

__all__ = ["WorldsOptions", "make_worlds"]
