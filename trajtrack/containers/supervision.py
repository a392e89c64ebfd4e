"""`supervision.Detections`, with labels in ``class_id`` and class names in ``data["class_name"]``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import as_integers
from trajtrack.containers.container import Container, FrameColumns

__all__ = ["CONTAINER"]


def _recognise(entry: Any) -> bool:
    return hasattr(entry, "xyxy") and hasattr(entry, "confidence")


def _columns(entry: Any) -> FrameColumns:
    labels, names = entry.class_id, getattr(entry, "data", {}).get("class_name")
    pairs: Iterable[tuple[int, str]] = ()
    if labels is None:
        labels = names
    elif names is not None:
        # Without duplicates: a frame has many boxes and few classes.
        pairs = dict.fromkeys(zip(as_integers("class_id", labels).tolist(), names, strict=True))
    return FrameColumns(boxes=entry.xyxy, scores=entry.confidence, labels=labels, label_names=pairs, box_format="xyxy")


def _with_ids(entry: Any, ids: NDArray[np.int64]) -> Any:
    return dataclasses.replace(entry, tracker_id=ids.copy(), data=dict(entry.data))


CONTAINER: Container = Container(recognise=_recognise, columns=_columns, with_ids=_with_ids)
