"""Mappings with ``boxes`` and ``scores``: torchvision's detectors, `post_process_object_detection` of Transformers.

``text_labels``, which zero-shot detectors return, take precedence over ``labels``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.containers.container import Container, FrameColumns, ids_like

__all__ = ["CONTAINER"]


def _columns(entry: Mapping[str, Any]) -> FrameColumns:
    boxes, scores = entry.get("boxes"), entry.get("scores")
    if boxes is None or ("scores" not in entry and len(boxes)):
        name = "boxes" if boxes is None else "scores"
        raise ValueError(f"found a mapping without {name}, expected boxes and scores")
    labels = entry.get("text_labels")
    if labels is None:
        labels = entry.get("labels")
    return FrameColumns(boxes=boxes, scores=scores, labels=labels)


def _with_ids(entry: Mapping[str, Any], ids: NDArray[np.int64]) -> dict[str, Any]:
    column = entry["boxes"] if entry.get("scores") is None else entry["scores"]
    return {**entry, "track_ids": ids_like(column, ids)}


CONTAINER: Container = Container(
    recognise=lambda entry: isinstance(entry, Mapping), columns=_columns, with_ids=_with_ids
)
