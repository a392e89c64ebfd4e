"""Values of parsed JSON, checked, with their location in errors: ``trajectories[3][0].bbox.xmin``."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.files.packed import decode
from trajtrack.printable import shown

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
_MAX_DIGITS = 1000
_TOKEN = re.compile(r'[{}\[\]]|(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?')


def parse(content: bytes) -> Any:
    """Parse UTF-8 JSON.

    Raises
    ------
    ValueError
        If the content is not JSON, or a key is twice in an object; naming the line.
    """
    text = decode(content, "UTF-8 text")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_int=_as_integer)
    except json.JSONDecodeError as error:
        found = f"{error.doc[error.pos : error.pos + 20]!r}" if error.pos < len(error.doc) else "the end of the file"
        raise ValueError(f"line {error.lineno}: found {found}, expected JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError("line 1: found brackets nested too deeply, expected JSON with few levels") from None
    except _RepeatedKeyError:
        line, key = _repeated_key(text)
        raise ValueError(f"line {line}: found the key {shown(key)} a second time, expected distinct keys") from None


class _RepeatedKeyError(Exception):
    """A key is twice in an object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _RepeatedKeyError
    return record


def _as_integer(digits: str) -> int | float:
    """Convert an integer; one of more digits than Python converts is beyond every limit anyway."""
    return int(digits) if len(digits) < _MAX_DIGITS else float(digits)


def _repeated_key(text: str) -> tuple[int, str]:
    """Return line and name of the first key of valid JSON that is in its object already."""
    seen: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            seen.append(set())
        elif token[0] in "}]":
            seen.pop()
        elif token["colon"]:
            key = json.loads(token["string"])
            if key in seen[-1]:
                return 1 + text.count("\n", 0, token.start()), key
            seen[-1].add(key)
    raise AssertionError("a key must be repeated")


def at(place: Place) -> str:
    """Format a location."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".") or "top level"


def unexpected(value: Any, place: Place, expected: str) -> ValueError:
    """Return the ValueError for an unexpected value at a location."""
    found = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown(value)
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
