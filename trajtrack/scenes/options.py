"""What happens in a synthetic scene, and what a detector makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trajtrack.columns import as_count

__all__ = ["SceneOptions"]


@dataclass(frozen=True)
class SceneOptions:
    """What happens in a scene and what a detector makes of it. Lengths are in pixels, times in frames.

    Raises
    ------
    ValueError, TypeError
        Naming the option, what was found and what was expected.
    """

    num_frames: int = 300
    """Frames of the video."""
    objects_per_frame: float = 15.0
    """Mean number of objects in the image."""
    num_classes: int = 2
    """Classes, labelled from 0; an object keeps its class."""
    image_width: float = 1280.0
    """Width of the image."""
    image_height: float = 720.0
    """Height of the image."""
    min_size: float = 40.0
    """Height of the smallest object."""
    max_size: float = 180.0
    """Height of the largest object."""
    mean_life: float = 200.0
    """Mean time from an object's entering the image at a border to its leaving it at another."""
    speed: float = 5.0
    """Mean path of an object in a frame, roughly; slow and short-lived objects vanish before they reach
    another border."""
    occlusion: float = 0.7
    """Share of a box, covered by one nearer object, above which the detector does not see it; 1 sees
    everything."""
    camera_shake: float = 1.0
    """Largest displacement of the whole image along each axis."""
    dropout: float = 0.1
    """Share of visible boxes, roughly, that the detector misses."""
    dropout_run: int = 3
    """Mean number of successive frames in which it misses the same object."""
    jitter: float = 0.03
    """Standard deviation of a detected box's centre and size, as a share of its size."""
    proposals_per_object: int = 1
    """Detections of each detected box, as a detector gives before any suppression."""
    false_positives: float = 1.0
    """Mean number of false detections in a frame."""
    label_noise: float = 0.0
    """Share of the detections of objects that carry a random class."""
    seed: int = 0
    """Seed of all chance; the same options make the same scene on every platform."""

    def __post_init__(self) -> None:
        for name in ("num_frames", "false_positives", "objects_per_frame", "camera_shake", "jitter"):
            _check_number(name, getattr(self, name), 0.0)
        for name in ("image_width", "image_height", "min_size", "mean_life"):
            _check_number(name, getattr(self, name), 1.0)
        _check_number("max_size", self.max_size, float(self.min_size))
        _check_number("speed", self.speed, 0.0)
        for name in ("occlusion", "dropout", "label_noise"):
            _check_number(name, getattr(self, name), 0.0, 1.0)
        for name in ("num_frames", "seed"):
            as_count(name, getattr(self, name))
        for name in ("num_classes", "dropout_run", "proposals_per_object"):
            as_count(name, getattr(self, name), minimum=1)


def _check_number(name: str, value: Any, low: float, high: float = 1e9) -> None:
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: expected a number, found {value!r}")
    if not low <= float(value) <= high:
        raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, found {value!r}")
