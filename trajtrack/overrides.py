"""The options of each method as keyword arguments, so that type checkers know them and editors complete them."""

from __future__ import annotations

from typing import TypedDict

from trajtrack.options import Rescore

__all__ = ["FlowOverrides", "SeqNmsOverrides"]


class _SharedOverrides(TypedDict, total=False):
    min_score: float
    class_agnostic: bool
    min_length: int
    rescore: Rescore


class FlowOverrides(_SharedOverrides, total=False):
    """The fields of `trajtrack.FlowOptions`."""

    calibrate: bool
    smooth: bool


class SeqNmsOverrides(_SharedOverrides, total=False):
    """The fields of `trajtrack.LinkOptions`."""

    iou_threshold: float
    buffer: float
    max_gap: int
    gap_iou_threshold: float
    motion_frames: int
    max_shape_change: float
    nms_threshold: float
