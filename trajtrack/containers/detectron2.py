"""`Instances` of detectron2, alone or as its predictor returns them: ``{"instances": Instances}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.containers.container import Container, FrameColumns, ids_like

__all__ = ["CONTAINER"]


def _recognise(entry: Any) -> bool:
    return hasattr(entry, "get_fields") or (isinstance(entry, Mapping) and "instances" in entry)


def _columns(entry: Any) -> FrameColumns:
    if isinstance(entry, Mapping):
        entry = entry["instances"]
    for name in ("pred_boxes", "scores"):
        if not hasattr(entry, name) and not (name == "scores" and len(entry.pred_boxes) == 0):
            raise ValueError(f"found instances without {name}, expected pred_boxes and scores")
    return FrameColumns(
        boxes=entry.pred_boxes.tensor,
        scores=getattr(entry, "scores", None),
        labels=getattr(entry, "pred_classes", None),
        box_format="xyxy",
    )


def _with_ids(entry: Any, ids: NDArray[np.int64]) -> Any:
    if isinstance(entry, Mapping):
        return {**entry, "instances": _with_ids(entry["instances"], ids)}
    copy = type(entry)(entry.image_size, **entry.get_fields())
    copy.set("track_ids", ids_like(entry.pred_boxes.tensor, ids))
    return copy


CONTAINER: Container = Container(recognise=_recognise, columns=_columns, with_ids=_with_ids)
