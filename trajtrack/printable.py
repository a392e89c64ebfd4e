"""Values of any origin as text that is safe to print, whatever they hold."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["escaped", "shown"]

_MAX_SHOWN = 60
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def shown(value: Any) -> str:
    """Return the `repr` of a value for an error message, shortened if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "an integer of thousands of digits"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def escaped(text: str, keep: str = "") -> str:
    """Return text with what controls a terminal or cannot be encoded escaped as in Python.

    These are control characters, line and paragraph separators, marks of the direction of text, and lone surrogates.

    Parameters
    ----------
    text
        Text of any origin.
    keep
        Characters that are not escaped.
    """
    return _UNSAFE.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
