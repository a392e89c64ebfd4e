"""Comparisons of results to the last bit and of whole messages, and detections as tensors on a GPU."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from trajtrack import Detections, LinkGraph, Trajectories

COLUMNS = ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores")


def assert_same_graph(found: LinkGraph, expected: LinkGraph) -> None:
    np.testing.assert_array_equal(found.offsets, expected.offsets, strict=True)
    np.testing.assert_array_equal(found.targets, expected.targets, strict=True)


def assert_same_trajectories(found: Trajectories, expected: Trajectories) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name, strict=True)


def exactly(message: str) -> str:
    """Return the pattern that matches this message and no other."""
    return "^" + re.escape(message) + "$"


def tensors(torch: Any, detections: Detections) -> dict[str, Any]:
    return {
        name: torch.from_numpy(getattr(detections, name).copy()).cuda()
        for name in ("boxes", "scores", "frames", "labels")
    }
