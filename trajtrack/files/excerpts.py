"""Values from files in messages, cut to a length that can be read."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["excerpt"]

_MAX_BITS = 8192


class _Excerpt(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = self.maxother = 80
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 6

    def repr_int(self, value: int, level: int) -> str:
        # Python refuses to print integers of thousands of digits.
        if value.bit_length() > _MAX_BITS:
            return f"an integer of {value.bit_length()} bits"
        digits = repr(value)
        return digits if len(digits) <= self.maxother else f"{digits[: self.maxother]}..."

    def repr_bytes(self, value: bytes, level: int) -> str:
        return repr(value) if len(value) <= self.maxother else f"{value[: self.maxother]!r}..."


_EXCERPT = _Excerpt()


def excerpt(value: Any) -> str:
    """Return the beginning of a value's `repr`, in time that does not depend on the value's size.

    A value from a file may contain itself, or the same list many times at every level.
    """
    return _EXCERPT.repr(value)
