"""How detections are linked: the options, their checks and their documentation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from trajtrack.columns import as_count

__all__ = ["LinkOptions", "Rescore", "resolve_options"]

Rescore = Literal["mean", "max", "sum"]

_LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True)
class LinkOptions:
    """How detections are linked. Thresholds are rounded to float32 before use.

    Raises
    ------
    ValueError, TypeError
        Naming the option, what was found and what was expected.
    """

    min_score: float = -math.inf
    """Rows with a lower score are dropped before anything else."""
    iou_threshold: float = 0.5
    """Overlap (intersection over union) by which boxes of successive frames are linked, 0 to 1; 0 is any overlap."""
    buffer: float = 0.0
    """Share of its width and height by which a box grows on each side before links are tested, 0 to 100."""
    max_gap: int = 10
    """Number of frames that a link may jump, from a detection without a link to the next frame to one without a link
    from the frame before; 0 is classic Seq-NMS."""
    gap_iou_threshold: float = 0.2
    """Overlap by which boxes are linked across a gap, the earlier one moved as its motion suggests; 0 to 1."""
    motion_frames: int = 10
    """Number of frames back over which that motion is measured; 0 expects a box where it was."""
    max_shape_change: float = 2.0
    """Largest ratio of areas and of aspect ratios of two boxes linked across a gap, 1 to 1e6."""
    nms_threshold: float = 0.7
    """Overlap by which a box of a chosen path suppresses other boxes of its frame, 0 to 1."""
    class_agnostic: bool = False
    """Whether boxes of different labels may be linked and suppress one another."""
    min_length: int = 1
    """Trajectories of fewer detections are dropped; what they suppressed stays suppressed."""
    rescore: Rescore = "mean"
    """Score of a trajectory: the mean, the maximum or the sum of the scores of its detections."""

    def __post_init__(self) -> None:
        for name in ("iou_threshold", "gap_iou_threshold", "nms_threshold"):
            _check_number(name, getattr(self, name), 0.0, 1.0)
        _check_number("min_score", self.min_score, -math.inf, math.inf)
        _check_number("buffer", self.buffer, 0.0, 100.0)
        _check_number("max_shape_change", self.max_shape_change, 1.0, 1e6)
        as_count("max_gap", self.max_gap, maximum=_LARGEST_COUNT)
        as_count("motion_frames", self.motion_frames, maximum=_LARGEST_COUNT)
        as_count("min_length", self.min_length, minimum=1, maximum=_LARGEST_COUNT)
        _check_choice("rescore", self.rescore, ("mean", "max", "sum"))
        if not isinstance(self.class_agnostic, bool | np.bool_):
            raise TypeError(f"class_agnostic: expected True or False, found {self.class_agnostic!r}")


def resolve_options(options: LinkOptions | None, overrides: Mapping[str, Any]) -> LinkOptions:
    """Return `options`, or the defaults, with the fields in `overrides` replaced."""
    if options is None:
        options = _DEFAULTS
    elif not isinstance(options, LinkOptions):
        raise TypeError(f"options: expected trajtrack.LinkOptions, found {type(options).__name__}")
    if not overrides:
        return options
    unknown = overrides.keys() - _NAMES
    if unknown:
        raise TypeError(f"unknown option {min(unknown)!r}, expected one of {', '.join(sorted(_NAMES))}")
    return replace(options, **overrides)


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, found {value!r}") from None
    if isinstance(value, str | bytes):
        raise TypeError(f"{name}: expected a number, found {value!r}")
    if not low <= number <= high:
        raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, found {value!r}")


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, found {value!r}")


_DEFAULTS = LinkOptions()
_NAMES = frozenset(field.name for field in fields(LinkOptions))
_DEFAULTS = LinkOptions()
_NAMES = frozenset(field.name for field in fields(LinkOptions))
