"""The options of linking."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from trajtrack.option_fields import check_options, choice, count, flag, number, with_overrides

__all__ = ["LinkOptions", "Rescore", "resolve_options"]

Rescore = Literal["mean", "max", "sum"]

LARGEST_COUNT = 2**31 - 1


def min_score_option() -> Any:
    """Declare the option `min_score` of every method."""
    return number(-math.inf, -math.inf, math.inf, "Minimum score; lower-scoring rows are dropped first.")


def rescore_option() -> Any:
    """Declare the option `rescore` of every method."""
    return choice(
        "mean",
        get_args(Rescore),
        "Score of a trajectory: the mean, the maximum or the sum of the scores of its detections.",
    )


@dataclass(frozen=True)
class LinkOptions:
    """Options of linking by Seq-NMS. Thresholds are rounded to float32 before use.

    Raises
    ------
    ValueError, TypeError
        If an option is invalid; the message names it, what was found and what was expected.
    """

    min_score: float = min_score_option()
    iou_threshold: float = number(
        0.5, 0, 1, "Minimum overlap (intersection over union) of linked boxes in successive frames; 0 is any overlap."
    )
    buffer: float = number(
        0.0, 0, 100, "Fraction of its width and height by which a box grows on each side before links are tested."
    )
    max_gap: int = count(
        10,
        0,
        LARGEST_COUNT,
        "Maximum number of frames that a link may skip, from a detection without a link to the next frame to one "
        "without a link from the previous frame; 0 is classic Seq-NMS.",
    )
    gap_iou_threshold: float = number(
        0.2, 0, 1, "Minimum overlap of boxes linked across a gap, after moving the earlier one along its motion."
    )
    motion_frames: int = count(
        10, 0, LARGEST_COUNT, "Number of past frames over which a box's motion is measured; 0 assumes no motion."
    )
    max_shape_change: float = number(
        2.0, 1, 1e6, "Maximum ratio of areas, and of aspect ratios, of two boxes linked across a gap."
    )
    nms_threshold: float = number(
        0.7, 0, 1, "Minimum overlap at which a box of a chosen path suppresses other boxes of its frame."
    )
    class_agnostic: bool = flag(False, "Whether boxes of different labels may be linked and suppress one another.")
    min_length: int = count(
        1,
        1,
        LARGEST_COUNT,
        "Minimum number of detections of a trajectory; shorter ones are dropped, and what they suppressed stays "
        "suppressed.",
    )
    rescore: Rescore = rescore_option()

    def __post_init__(self) -> None:
        check_options(self)


def resolve_options(options: LinkOptions | None, overrides: Mapping[str, Any]) -> LinkOptions:
    """Return `options`, or the defaults, with the fields in `overrides` replaced."""
    if options is None:
        options = _DEFAULTS
    elif not isinstance(options, LinkOptions):
        raise TypeError(f"options: found {type(options).__name__}, expected trajtrack.LinkOptions")
    return with_overrides(options, overrides) if overrides else options


_DEFAULTS = LinkOptions()
