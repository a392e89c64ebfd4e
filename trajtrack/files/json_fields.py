"""Values of parsed JSON, checked, with their location in errors: ``trajectories[3][0].bbox.xmin``."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.files.excerpts import excerpt
from trajtrack.files.packed import decode

__all__ = [
    "at",
    "field",
    "integer",
    "items",
    "number",
    "optional_integer",
    "parse",
    "short_numbers",
    "text",
    "unexpected",
]

Place = tuple[str | int, ...]
"""Location of a value: the keys and indices that lead to it."""

_MAX_INTEGER = 2**63 - 1


def parse(content: bytes) -> Any:
    """Parse UTF-8 JSON.

    Raises
    ------
    ValueError
        If the content is not JSON, naming the line.
    """
    text = decode(content, "UTF-8 text")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        found = f"{error.doc[error.pos : error.pos + 20]!r}" if error.pos < len(error.doc) else "the end of the file"
        raise ValueError(f"line {error.lineno}: found {found}, expected JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError("line 1: found brackets nested too deeply, expected JSON with few levels") from None


def at(place: Place) -> str:
    """Format a location."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".") or "top level"


def unexpected(value: Any, place: Place, expected: str) -> ValueError:
    """Return the ValueError for an unexpected value at a location."""
    found = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else excerpt(value)
    return ValueError(f"{at(place)}: found {found}, expected {expected}")


def field(record: Any, key: str, place: Place) -> Any:
    """Return the value of a required key of the record at `place`."""
    if not isinstance(record, dict):
        raise unexpected(record, place, f"an object with the key {key!r}")
    try:
        return record[key]
    except KeyError:
        raise ValueError(f"{at((*place, key))}: found no such key, expected one") from None


def items(value: Any, place: Place) -> list[Any]:
    """Check that a value is a list and return it."""
    if not isinstance(value, list):
        raise unexpected(value, place, "a list")
    return value


def number(value: Any, place: Place) -> float:
    """Check that a value is a finite number and return it."""
    if type(value) is float or type(value) is int:
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
        if math.isfinite(result):
            return result
    raise unexpected(value, place, "a finite number")


def integer(value: Any, place: Place, low: int = 0, high: int = _MAX_INTEGER) -> int:
    """Check that a value is an integer from `low` to `high` and return it."""
    if type(value) is not int or not low <= value <= high:
        raise unexpected(value, place, f"an integer from {low} to {high}")
    return value


def optional_integer(record: dict[str, Any], key: str, place: Place, missing: int) -> int:
    """Return an integer of at least -1 under a key, or `missing` if the key is absent or null."""
    value = record.get(key)
    return missing if value is None else integer(value, (*place, key), -1)


def text(value: Any, place: Place) -> str:
    """Check that a value is a string and return it."""
    if not isinstance(value, str):
        raise unexpected(value, place, "a string")
    return value


def short_numbers(values: NDArray[np.float32]) -> list[float]:
    """Return short decimals that round to the same float32, with whole numbers as integers."""
    return [
        int(value) if value.is_integer() else value
        for value in _core.short_decimals(np.ascontiguousarray(values)).tolist()
    ]
