"""Ultralytics `Results`: ``boxes``, with class names in ``names``."""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.containers.container import Container, FrameColumns, ids_like

__all__ = ["CONTAINER"]

_EXACT_IN_FLOAT32 = 2**24
"""Every integer up to this one is exact in float32."""


def _recognise(entry: Any) -> bool:
    boxes = getattr(entry, "boxes", None)
    return hasattr(boxes, "xyxy") or (boxes is None and hasattr(entry, "obb"))


def _columns(entry: Any) -> FrameColumns:
    boxes = entry.boxes
    if boxes is None:
        return _without_boxes(entry)
    names = getattr(entry, "names", None) or {}
    return FrameColumns(
        boxes=boxes.xyxy, scores=boxes.conf, labels=boxes.cls, label_names=names.items(), box_format="xyxy"
    )


def _without_boxes(entry: Any) -> FrameColumns:
    if entry.obb is not None:
        raise ValueError("found oriented boxes (obb), expected boxes; use obb.xyxy, obb.conf and obb.cls instead")
    if len(entry):
        raise ValueError("found Results without boxes, expected those of a detection model")
    return FrameColumns(boxes=np.empty((0, 4)), scores=np.empty(0))


def _with_ids(entry: Any, ids: NDArray[np.int64]) -> Any:
    """Store the IDs where Ultralytics does: in the third column from the right of ``boxes.data``."""
    result = copy.copy(entry)
    if entry.boxes is not None:
        data = entry.boxes.data
        exact = np.float32 if ids.max(initial=0) <= _EXACT_IN_FLOAT32 else np.float64
        column = ids_like(data, ids.astype(exact)[:, None])
        parts = (data[:, :4], column, data[:, -2:])
        # Not with its methods: `update` clips the boxes, and `new` drops masks and keypoints.
        result.boxes = type(entry.boxes)(_joined(parts), entry.boxes.orig_shape)
    return result


def _joined(parts: tuple[Any, ...]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts, axis=1)
    return sys.modules["torch"].cat(parts, dim=1)  # already imported, since these are its tensors


CONTAINER: Container = Container(recognise=_recognise, columns=_columns, with_ids=_with_ids)
