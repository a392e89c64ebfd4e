"""The classes of one video, given as numbers or as names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.printable import shown

__all__ = ["LabelNaming", "label_words", "numbered"]


class LabelNaming:
    """Assigns numbers to classes given by name, and collects the names of classes given by number.

    Parameters
    ----------
    given
        Class names by label, if the caller knows them: classes given by name then get these labels, and class names in
        containers are ignored. If None, classes given by name are numbered from 0 in the sorted order of their names.
    """

    def __init__(self, given: Mapping[int, str] | None) -> None:
        self._given = given
        self._numbers = {name: label for label, name in (given or {}).items()}
        self._shared = {name for name, labels in Counter((given or {}).values()).items() if labels > 1}
        self._names: dict[int, str] = {}
        self._kind: str | None = None

    def number(self, labels: Any, count: int) -> Any:
        """Return the labels of `count` boxes as numbers; numbers assigned to names are final only after `finish`.

        Raises
        ------
        ValueError
            If boxes have numbers, names or no labels and those of earlier calls had another of the three, or a name
            belongs to none of the caller's labels or to several.
        """
        if count == 0:
            return None
        names = label_words(labels)
        kind = "no labels" if labels is None else "numbers" if names is None else "names"
        if self._kind not in (None, kind):
            raise ValueError(f"labels: found {kind}, expected {self._kind} as in earlier entries")
        self._kind = kind
        return labels if names is None else np.array([self._number(name) for name in names], np.int32)

    def learn(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Record the class names of a container.

        Raises
        ------
        ValueError, TypeError
            If the name of a label differs from an earlier one, or is not a string.
        """
        if self._given is not None:
            return
        for label, name in pairs:
            if not isinstance(name, str):
                raise TypeError(f"label {label}: found {shown(name)}, expected a name")
            known = self._names.setdefault(label, str(name))
            if known != name:
                raise ValueError(f"label {label}: found {str(name)!r}, expected {known!r} as before")

    def finish(self, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], Mapping[int, str]]:
        """Return the final labels of all boxes, and the class names by label."""
        if self._given is not None:
            return labels, self._given
        if self._kind != "names":
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
            raise ValueError(f"labels: found the name {name!r}, expected one that label_names gives to one label only")
        return self._numbers[name]


def numbered(labels: Any, given: Mapping[int, str] | None = None) -> tuple[Any, Mapping[int, str] | None]:
    """Return the labels of all boxes of a video as numbers, and the class names by label.

    Raises
    ------
    ValueError
        As `LabelNaming.number`.
    """
    naming = LabelNaming(given)
    numbers = naming.number(labels, len(labels))
    if numbers is None:
        # The type of an empty column says nothing.
        return np.empty(0, np.int32), given
    return (labels, given) if numbers is labels else naming.finish(numbers)


def label_words(labels: Any) -> list[str] | None:
    """Return the labels as strings if all are text, otherwise None."""
    values = labels.tolist() if isinstance(labels, np.ndarray) and labels.dtype.kind in "UOT" else labels
    if isinstance(values, list | tuple) and values and all(isinstance(value, str) for value in values):
        return [str(value) for value in values]
    return None
