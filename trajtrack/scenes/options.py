"""The options of synthetic scenes."""

from __future__ import annotations

from dataclasses import dataclass

from trajtrack.option_fields import check_options, count, number

__all__ = ["SceneOptions"]

_LARGEST = 1e9
_LARGEST_COUNT = 10**9


@dataclass(frozen=True)
class SceneOptions:
    """Options of a synthetic scene and its simulated detector. Lengths are in pixels, times in frames.

    Raises
    ------
    ValueError, TypeError
        If an option is invalid; the message names it, what was found and what was expected.
    """

    num_frames: int = count(300, 0, _LARGEST_COUNT, "Number of frames.")
    objects_per_frame: float = number(15.0, 0, _LARGEST, "Mean number of objects in the image.")
    num_classes: int = count(2, 1, _LARGEST_COUNT, "Number of classes, labelled from 0; an object keeps its class.")
    image_width: float = number(1280.0, 1, _LARGEST, "Width of the image.")
    image_height: float = number(720.0, 1, _LARGEST, "Height of the image.")
    min_size: float = number(40.0, 1, _LARGEST, "Height of the smallest object.")
    max_size: float = number(180.0, 1, _LARGEST, "Height of the largest object.")
    mean_life: float = number(
        200.0, 1, _LARGEST, "Mean time from an object's entry at one border of the image to its exit at another."
    )
    speed: float = number(
        5.0,
        0,
        _LARGEST,
        "Approximate mean distance that an object moves per frame; slow and short-lived objects vanish before they "
        "reach another border.",
    )
    occlusion: float = number(
        0.7,
        0,
        1,
        "Fraction of a box, covered by one nearer object, above which the detector misses it; at 1 it misses none.",
    )
    camera_shake: float = number(1.0, 0, _LARGEST, "Maximum displacement of the whole image along each axis.")
    dropout: float = number(0.1, 0, 1, "Approximate fraction of visible boxes that the detector misses.")
    dropout_run: int = count(
        3, 1, _LARGEST_COUNT, "Mean number of successive frames in which the detector misses the same object."
    )
    jitter: float = number(
        0.03, 0, _LARGEST, "Standard deviation of a detected box's centre and size, as a fraction of its size."
    )
    proposals_per_object: int = count(
        1,
        1,
        _LARGEST_COUNT,
        "Number of detections per detected box; more than 1 imitates a detector without suppression.",
    )
    false_positives: float = number(1.0, 0, _LARGEST, "Mean number of false detections per frame.")
    label_noise: float = number(0.0, 0, 1, "Fraction of the detections of objects that carry a random class.")
    seed: int = count(0, 0, 2**63 - 1, "Seed of the random numbers; equal options make equal scenes on every platform.")

    def __post_init__(self) -> None:
        check_options(self)
        if self.max_size < self.min_size:
            raise ValueError(f"max_size: found {self.max_size!r}, expected at least min_size={self.min_size:g}")
