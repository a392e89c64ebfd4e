"""Synthetic scenes with known ground truth, for the demo, tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.option_fields import with_overrides
from trajtrack.scenes.detector import detect
from trajtrack.scenes.objects import make_truth, visibility_of
from trajtrack.scenes.options import SceneOptions

__all__ = ["Scene", "make_scene"]


@dataclass(frozen=True, eq=False)
class Scene:
    """A synthetic video of moving objects: ground truth and simulated detections."""

    options: SceneOptions
    """Scene options."""
    truth: Detections
    """(M,) boxes by frame: one per object and frame with the object's centre in the image, with score 1 and
    `track_ids`. Hidden objects are included, as in MOTChallenge ground truth."""
    visibility: NDArray[np.float32]
    """(M,) visible fraction of each true box, given the one nearer object that covers most of it."""
    detections: Detections
    """(N,) detections, by frame, without identities."""
    sources: NDArray[np.int64]
    """(N,) row of `truth` that each detection comes from; -1 for false positives."""

    def __repr__(self) -> str:
        return f"Scene(truth={self.truth!r}, detections={self.detections!r})"


def make_scene(options: SceneOptions | None = None, **overrides: Any) -> Scene:
    """Generate a synthetic scene.

    Objects enter at a border of the image, move smoothly past random points, crossing each other's paths, and leave.
    Objects lower in the image are nearer.

    Parameters
    ----------
    options
        Scene options; default: `SceneOptions()`.
    **overrides
        Fields of `SceneOptions` that replace those of `options`.

    Raises
    ------
    ValueError, TypeError
        If an option is unknown or out of range.
    """
    options = with_overrides(options or SceneOptions(), overrides)
    rng = np.random.Generator(np.random.PCG64(options.seed))
    truth, missed = make_truth(options, rng)
    visibility = visibility_of(truth) if options.occlusion < 1 else np.ones(len(truth), np.float32)
    seen = ~missed & (1 - visibility <= options.occlusion)
    detections, sources = detect(options, rng, truth, visibility, seen)
    return Scene(options, truth, visibility, detections, sources)
