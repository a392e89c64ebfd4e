"""What a container of one frame's boxes is to `Detections.from_frames` and `attach_ids`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Container", "FrameColumns", "ids_like"]


@dataclass(frozen=True)
class FrameColumns:
    """The boxes of one frame, as their container holds them."""

    boxes: Any
    """(n, 4)"""
    scores: Any
    """(n,)"""
    labels: Any = None
    """(n,) numbers, or names; None where there are no classes."""
    label_names: Iterable[tuple[int, str]] = ()
    """What the container calls its labels, as pairs of label and name."""
    box_format: Literal["xyxy"] | None = None
    """None where the container does not say how its boxes are given."""


@dataclass(frozen=True)
class Container:
    """One kind of container: a line of the registry `CONTAINERS`."""

    recognise: Callable[[Any], bool]
    """Whether an entry is of this kind, from its attributes or keys alone."""
    columns: Callable[[Any], FrameColumns]
    """Raises ValueError or TypeError with what was found and expected; the caller adds which entry it is."""
    with_ids: Callable[[Any, NDArray[np.int64]], Any]
    """From an entry and the ids of its rows to a copy that has them; the entry stays as it is."""


def ids_like(column: Any, ids: NDArray[Any]) -> Any:
    """Return a copy of the ids for a place beside `column`: a tensor on its device where it is one of torch."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(column, torch.Tensor):
        return torch.tensor(ids, device=column.device)
    return ids.copy()
