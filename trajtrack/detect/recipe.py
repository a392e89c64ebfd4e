"""What detections were made from, so that they are reused only for the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from trajtrack.decoding import FrameSource, Sampling
from trajtrack.decoding.image_folders import ImageFolder
from trajtrack.detect.detector import DetectorSource
from trajtrack.detect.fingerprints import video_digest

__all__ = ["Recipe", "differences", "recipe_of"]

Recipe = Mapping[str, Any]
"""JSON values by name: the hashes of video and detector, and the options that change detections."""


def recipe_of(video: FrameSource, detector: DetectorSource, sampling: Sampling, min_score: float | None) -> Recipe:
    """Return the recipe of detections."""
    folder = video if isinstance(video, ImageFolder) else None
    return {
        "video": video_digest(video.path, None if folder is None else folder.paths.values()),
        "frame_rate": None if folder is None else folder.rate,
        "detector": detector.recipe(),
        **asdict(sampling),
        "min_score": min_score,
    }


def differences(found: Recipe, expected: Recipe) -> str:
    """Return in words how two recipes differ; empty if they do not."""
    words = []
    for name in dict.fromkeys([*expected, *found]):
        theirs, ours = found.get(name), expected.get(name)
        if theirs == ours:
            continue
        if name in ("video", "detector"):
            words.append(f"another {name}")
        else:
            words.append(f"{name} {_word(theirs)} instead of {_word(ours)}")
    return ", ".join(words)


def _word(value: Any) -> str:
    return "unset" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)
