"""The classes of one video, whose frames give them as numbers or as names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelNaming"]


class LabelNaming:
    """Numbers for classes that are given by name, and names for those that are given by number.

    Parameters
    ----------
    given
        Class names by label where the caller knows them: classes given by name then have these labels, and what
        containers say about names does not count. Where it is None, classes given by name are numbered from 0 in the
        order of their names.
    """

    def __init__(self, given: Mapping[int, str] | None) -> None:
        self._given = given
        self._numbers = {name: label for label, name in (given or {}).items()}
        self._shared = {name for name, labels in Counter((given or {}).values()).items() if labels > 1}
        self._names: dict[int, str] = {}
        self._by_name: bool | None = None

    def number(self, labels: Any, count: int) -> Any:
        """Return the labels of `count` boxes as numbers; those of names are final only after `finish`.

        Raises
        ------
        ValueError
            When some boxes have numbers and others names, or a name stands for no label of the caller's or for several.
        """
        if count == 0:
            return None
        names = _as_names(labels)
        by_name = names is not None
        if self._by_name not in (None, by_name):
            found, expected = ("names", "numbers") if by_name else ("no names", "names")
            raise ValueError(f"labels: found {found}, expected {expected} as in the entries before")
        self._by_name = by_name
        return labels if names is None else np.array([self._number(name) for name in names], np.int32)

    def learn(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Take what a container calls its labels.

        Raises
        ------
        ValueError, TypeError
            When it calls a label otherwise than before, or by something that is no text.
        """
        if self._given is not None:
            return
        for label, name in pairs:
            if not isinstance(name, str):
                raise TypeError(f"expected a name for label {label}, found {name!r}")
            known = self._names.setdefault(label, str(name))
            if known != name:
                raise ValueError(f"label {label} is named {str(name)!r}, but {known!r} before")

    def finish(self, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], Mapping[int, str]]:
        """Return the labels of all boxes, with names for them."""
        if self._given is not None:
            return labels, self._given
        if not self._by_name:
            return labels, self._names
        names = sorted(self._numbers)
        ranks = np.empty(len(names), np.int32)
        ranks[[self._numbers[name] for name in names]] = np.arange(len(names))
        return ranks[labels], dict(enumerate(names))

    def _number(self, name: str) -> int:
        if self._given is None:
            return self._numbers.setdefault(name, len(self._numbers))
        if name not in self._numbers:
            raise ValueError(f"labels: found the name {name!r}, expected one of label_names")
        if name in self._shared:
            raise ValueError(f"labels: found the name {name!r}, which label_names has for several labels")
        return self._numbers[name]


def _as_names(labels: Any) -> list[str] | None:
    """Return the labels where all are text, else None."""
    values = labels.tolist() if isinstance(labels, np.ndarray) and labels.dtype.kind in "UOT" else labels
    if isinstance(values, list | tuple) and values and all(isinstance(value, str) for value in values):
        return [str(value) for value in values]
    return None
