"""Values of any origin as text that is safe to print, whatever they hold."""

from __future__ import annotations

from typing import Any

__all__ = ["escaped", "shown"]

_MAX_SHOWN = 60


def shown(value: Any) -> str:
    """Return the `repr` of a value for an error message, shortened if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "an integer of thousands of digits"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def escaped(text: str) -> str:
    """Return text with control characters and lone surrogates escaped as in Python, so that it prints as it stands."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
