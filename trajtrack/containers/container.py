"""The interface of containers of one frame's boxes, for `Detections.from_frames` and `attach_ids`."""

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
    """The columns of one frame, as stored in its container."""

    boxes: Any
    """(n, 4) boxes."""
    scores: Any
    """(n,) scores; None if there are none, which an empty frame needs not."""
    labels: Any = None
    """(n,) class numbers or names; None if there are no classes."""
    label_names: Iterable[tuple[int, str]] = ()
    """Class names in the container, as pairs of label and name."""
    box_format: Literal["xyxy"] | None = None
    """Box format; None if the container does not determine it."""

    @property
    def count(self) -> int:
        """Number of boxes."""
        return len(self.boxes if self.scores is None else self.scores)


@dataclass(frozen=True)
class Container:
    """One kind of container: an entry of the registry `CONTAINERS`."""

    recognise: Callable[[Any], bool]
    """Predicate: whether an entry is of this kind, by its attributes or keys alone."""
    columns: Callable[[Any], FrameColumns]
    """Reader of an entry; raises ValueError or TypeError with what was found and expected. The caller adds the entry's
    index."""
    with_ids: Callable[[Any, NDArray[np.int64]], Any]
    """Function from an entry and the IDs of its rows to a copy with these IDs; the entry is not modified."""


def ids_like(column: Any, ids: NDArray[Any]) -> Any:
    """Return a copy of the IDs to store beside `column`: if that is a torch tensor, a tensor on its device."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(column, torch.Tensor):
        return torch.tensor(ids, device=column.device)
    return ids.copy()
