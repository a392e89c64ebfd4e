"""Synthetic scenes with known truth: for the demo, tests and benchmarks."""

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
    """A video's worth of moving objects, and what a detector made of it."""

    options: SceneOptions
    """How it was made."""
    truth: Detections
    """(M,) every object's box in every frame in which its centre is in the image, by frame: score 1, with
    `track_ids`. Hidden objects are included, as in MOTChallenge's ground truth."""
    visibility: NDArray[np.float32]
    """(M,) share of each true box that the nearer object covering most of it leaves free."""
    detections: Detections
    """(N,) detections by frame, without identities."""
    sources: NDArray[np.int64]
    """(N,) row of `truth` that each detection comes from, -1 for false ones."""

    def __repr__(self) -> str:
        return f"Scene(truth={self.truth!r}, detections={self.detections!r})"


def make_scene(options: SceneOptions | None = None, **overrides: Any) -> Scene:
    """Make a scene.

    Objects enter at a border of the image, wander smoothly past random points, crossing each other's paths,
    and leave. Lower in the image is nearer.

    Parameters
    ----------
    options
        What to make; the defaults where left out.
    **overrides
        Fields of `SceneOptions` that replace those of `options`.

    Raises
    ------
    ValueError, TypeError
        When an option is unknown or out of its range.
    """
    options = with_overrides(options or SceneOptions(), overrides)
    rng = np.random.Generator(np.random.PCG64(options.seed))
    truth, missed = make_truth(options, rng)
    visibility = visibility_of(truth) if options.occlusion < 1 else np.ones(len(truth), np.float32)
    seen = ~missed & (1 - visibility <= options.occlusion)
    detections, sources = detect(options, rng, truth, visibility, seen)
    return Scene(options, truth, visibility, detections, sources)
