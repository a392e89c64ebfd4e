"""Synthetic scenes with known ground truth, for the demo, tests and benchmarks."""

from __future__ import annotations

from trajtrack.scenes.options import SceneOptions
from trajtrack.scenes.scene import Scene, make_scene

__all__ = ["Scene", "SceneOptions", "make_scene"]
