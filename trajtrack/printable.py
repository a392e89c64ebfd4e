"""Values of any origin as text that is safe to print, whatever they hold."""

from __future__ import annotations

import difflib
import functools
import re
import reprlib
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, ParamSpec, TypeVar

__all__ = ["counted", "escaped", "near_name", "printable_errors", "shown"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_MAX_BITS = 8192
_MAX_NAME = 80
_MAX_MESSAGE = 2000
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def near_name(found: object, known: Iterable[object]) -> str:
    """Return the end of a message, the known name nearest to a text as a question, or nothing if none is near."""
    if not isinstance(found, str):
        return ""
    names = {str(name).lower(): str(name) for name in known}
    near = difflib.get_close_matches(found[:_MAX_NAME].lower(), names, n=1)
    return f" (did you mean {shown(names[near[0]])}?)" if near else ""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, whose plural has an s if it is not given."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


class _Shortened(reprlib.Repr):
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

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}" if value else "{}"
        items = [
            f"{self.repr1(key, level - 1)}: {self.repr1(item, level - 1)}"
            for key, item in islice(value.items(), self.maxdict)
        ]
        return "{" + ", ".join(items + ["..."] * (len(value) > self.maxdict)) + "}"

    def repr_bytes(self, value: bytes, level: int) -> str:
        return repr(value) if len(value) <= self.maxother else f"{value[: self.maxother]!r}..."


_SHORTENED = _Shortened()


def shown(value: Any) -> str:
    """Return the beginning of a value's `repr`, in time that does not depend on the value's size.

    A value from a file may contain itself, or the same list many times at every level.
    """
    return _SHORTENED.repr(value)


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


def printable_errors(reader: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate a reader of files: the messages of its ValueErrors and OSErrors are escaped, and cut if they are long.

    Such messages hold names of files and values from files, and what libraries say about both.
    """

    @functools.wraps(reader)
    def printable(*arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        try:
            return reader(*arguments, **names)
        except (ValueError, OSError) as error:
            # An error of the system shows the name of its file by `repr`.
            if isinstance(error, OSError) and error.strerror is not None:
                raise
            found = str(error)
            text = escaped(found if len(found) <= _MAX_MESSAGE else f"{found[:_MAX_MESSAGE]}...")
            if text == found:
                raise
            kind = ValueError if isinstance(error, ValueError) else type(error)
            raise kind(text) from None

    return printable


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
