"""Object-detection pipelines of Transformers: a list of mappings with ``score``, ``label`` and ``box``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.containers.container import Container, FrameColumns
from trajtrack.printable import shown

__all__ = ["CONTAINER"]

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def _recognise(entry: Any) -> bool:
    return isinstance(entry, list | tuple) and any(isinstance(item, Mapping) for item in entry[:1])


def _columns(entry: Sequence[Mapping[str, Any]]) -> FrameColumns:
    for row, item in enumerate(entry):
        try:
            complete = all(name in item for name in ("score", "label")) and all(
                side in item["box"] for side in _CORNERS
            )
        except (TypeError, KeyError):
            complete = False
        if not complete:
            raise ValueError(
                f"row {row}: found {shown(item)}, expected score, label and box with {', '.join(_CORNERS)}"
            )
    return FrameColumns(
        boxes=np.array([[item["box"][side] for side in _CORNERS] for item in entry]),
        scores=np.array([item["score"] for item in entry]),
        labels=[item["label"] for item in entry],
        box_format="xyxy",
    )


def _with_ids(entry: Sequence[Mapping[str, Any]], ids: NDArray[np.int64]) -> list[dict[str, Any]]:
    return [{**item, "track_id": identity} for item, identity in zip(entry, ids.tolist(), strict=True)]


CONTAINER: Container = Container(recognise=_recognise, columns=_columns, with_ids=_with_ids)
