"""Numbers for classes and identities that files give as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["numbered_ids", "numbered_names"]

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


def numbered_names(names: Iterable[str], known: Iterable[str] = ()) -> dict[str, int]:
    """Return the label of each name: the known ones in their order, then the others in sorted order."""
    order = dict.fromkeys(known)
    return {name: label for label, name in enumerate([*order, *sorted({*names} - order.keys())])}


def numbered_ids(ids: Sequence[str | None]) -> NDArray[np.int64]:
    """Return identities as numbers, -1 for none.

    They are the numbers that the texts are, or count from 0 in order of appearance if some text is not a number
    or two are the same number.
    """
    distinct = [each for each in dict.fromkeys(ids) if each is not None]
    are_numbers = all(map(_WHOLE_NUMBER.fullmatch, distinct)) and len({*map(int, distinct)}) == len(distinct)
    numbers = {each: int(each) if are_numbers else index for index, each in enumerate(distinct)}
    return np.array([-1 if each is None else numbers[each] for each in ids], np.int64)
