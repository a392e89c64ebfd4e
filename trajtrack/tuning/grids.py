"""The options that are tuned, and the values that are tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.methods import METHODS

__all__ = ["Grid", "grid_of"]

Grid = Mapping[str, Sequence[Any]]
"""Values of each option in the order in which they are tried, among them the default."""

_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of the boxes that the tried values of `min_score` drop."""

_VALUES: dict[str, dict[str, tuple[Any, ...]]] = {
    "flow": {
        "calibrate": (True, False),
        "smooth": (True, False),
        "min_length": (1, 2, 3, 5, 10),
    },
    "seq-nms": {
        "iou_threshold": (0.3, 0.4, 0.5, 0.6),
        "buffer": (0.0, 0.25, 0.5),
        "max_gap": (0, 5, 10, 20, 30),
        "nms_threshold": (0.5, 0.6, 0.7, 0.8),
        "min_length": (1, 2, 3, 5, 10),
    },
}


def grid_of(method: str, detections: Sequence[Detections]) -> Grid:
    """Return the values to try for a method; those of `min_score` are quantiles of the scores of all detections."""
    grid: dict[str, Sequence[Any]] = {"min_score": (METHODS[method]().min_score, *_score_levels(detections))}
    if len(np.unique(np.concatenate([each.labels for each in detections]))) > 1:
        grid["class_agnostic"] = (False, True)
    return grid | _VALUES[method]


def _score_levels(detections: Sequence[Detections]) -> list[float]:
    """Return quantiles of the scores, ascending, short enough to type; none that drops no box or every box."""
    scores = np.concatenate([each.scores for each in detections])
    if len(scores) == 0:
        return []
    levels = {float(f"{level:.3g}") for level in np.quantile(scores, _SHARES, method="lower").tolist()}
    return sorted(level for level in levels if scores.min() < level <= scores.max())
