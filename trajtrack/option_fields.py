"""Declare the fields of option classes, each with its default, range and documentation, and check their values.

A frozen dataclass declares its options with `number`, `count`, `flag` and `choice` and calls `check_options` in
``__post_init__``. Documentation pages, command lines and error messages read what the fields carry.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from trajtrack.printable import near_name, shown

__all__ = ["check_names", "check_options", "choice", "count", "documentation_of", "flag", "number", "with_overrides"]

Options = TypeVar("Options")
_Check = Callable[[str, Any], None]


def number(default: float, low: float, high: float, doc: str) -> Any:
    """Declare a real number from `low` to `high`, both included."""
    return _declare(default, doc, lambda name, value: _check_number(name, value, low, high))


def count(default: int, low: int, high: int, doc: str) -> Any:
    """Declare an integer from `low` to `high`, both included."""
    return _declare(default, doc, lambda name, value: _check_count(name, value, low, high))


def flag(default: bool, doc: str) -> Any:
    """Declare a boolean."""
    return _declare(default, doc, _check_flag)


def choice(default: str, choices: Sequence[str], doc: str) -> Any:
    """Declare one of several names."""
    return _declare(default, doc, lambda name, value: _check_choice(name, value, choices))


def check_options(options: Any) -> None:
    """Check every field declared with a function of this module, in the order of declaration.

    Raises
    ------
    ValueError, TypeError
        If an option is invalid; the message names it, what was found and what was expected.
    """
    for field in dataclasses.fields(options):
        if "check" in field.metadata:
            field.metadata["check"](field.name, getattr(options, field.name))


def documentation_of(options: Any) -> dict[str, str]:
    """Return the documentation of each declared field of an option class, by name."""
    return {field.name: field.metadata["doc"] for field in dataclasses.fields(options) if "doc" in field.metadata}


def with_overrides(options: Options, overrides: Mapping[str, Any]) -> Options:
    """Return a copy of `options` with some fields replaced.

    Raises
    ------
    ValueError, TypeError
        If an option is unknown or out of range.
    """
    check_names(overrides, type(options))
    return dataclasses.replace(options, **overrides)  # type: ignore[type-var]


def check_names(names: Iterable[str], *classes: type) -> None:
    """Raise TypeError if a name is not that of an option of one of these classes."""
    known = {field.name for options in classes for field in dataclasses.fields(options)}
    for name in names:
        if name not in known:
            names = sorted(known)
            raise TypeError(
                f"found an unknown option {shown(name)}, expected one of {', '.join(names)}{near_name(name, names)}"
            )


def _declare(default: Any, doc: str, check: _Check) -> Any:
    return dataclasses.field(default=default, metadata={"doc": doc, "check": check})


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool | np.bool_ | str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: found {shown(value)}, expected a number")
    try:
        number = float(value)
    except OverflowError:  # an integer beyond every range
        number = math.nan
    except Exception as error:
        raise TypeError(f"{name}: found {shown(value)}, expected a number") from error
    if not low <= number <= high:
        raise ValueError(f"{name}: found {shown(value)}, expected a number from {low:g} to {high:g}")


def _check_count(name: str, value: Any, low: int, high: int) -> None:
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name}: found {shown(value)}, expected an integer")
    if not low <= number <= high:
        raise ValueError(f"{name}: found {shown(value)}, expected an integer from {low} to {high}")


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: found {shown(value)}, expected True or False")


def _check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"{name}: found {shown(value)}, expected one of {', '.join(choices)}{near_name(value, choices)}"
        )
