"""XML read element by element, with errors that name the line."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from xml.parsers import expat

__all__ = ["XmlReader", "whole_number"]

_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)


class XmlReader(ABC):
    """Reader of one kind of XML document.

    Parameters
    ----------
    root
        Name of the outermost element.
    kind
        What files with that root are called in error messages.
    """

    def __init__(self, root: str, kind: str) -> None:
        self._root = root
        self._kind = kind
        self._path: list[str] = []
        self._text: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start_element
        self._parser.EndElementHandler = self._end_element
        self._parser.CharacterDataHandler = self._text_append

    @property
    def line(self) -> int:
        """Line of the element that is being read."""
        return self._parser.CurrentLineNumber

    @property
    def path(self) -> tuple[str, ...]:
        """Names of the open elements, from the root."""
        return tuple(self._path)

    def parse(self, content: bytes) -> None:
        """Read a document.

        Raises
        ------
        ValueError
            If the content is not XML or not of this kind, naming the line.
        """
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise ValueError(f"line {error.lineno}: found invalid XML ({reason}), expected an XML document") from None
        except LookupError as error:
            raise ValueError(f"line 1: found {error}, expected an encoding that Python knows") from None
        except ValueError as error:
            if isinstance(error, UnicodeError) or str(error).startswith("multi-byte"):
                raise ValueError(f"line 1: found an unreadable encoding ({error}), expected UTF-8") from None
            raise

    @abstractmethod
    def start(self, tag: str, parent: str | None, attributes: dict[str, str]) -> None:
        """Begin an element; `path` ends with it."""

    @abstractmethod
    def end(self, tag: str, parent: str | None, text: str) -> None:
        """End an element that held `text` after its last child."""

    def given(self, attributes: Mapping[str, str], name: str) -> str:
        """Return a required attribute of the element."""
        try:
            return attributes[name]
        except KeyError:
            raise self.fault(f"<{self._path[-1]}> without {name!r}", "one") from None

    def integer(self, text: str, name: str, low: int, high: int) -> int:
        """Return the integer from `low` to `high` that a text is."""
        number = whole_number(text)
        if number is None or not low <= number <= high:
            raise self.fault(f"{name} {text[:60]!r}", f"an integer from {low} to {high}")
        return number

    def number(self, text: str, name: str) -> float:
        """Return the finite number that a text is."""
        # Python also reads 1_000, and digits of other scripts.
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number):
            raise self.fault(f"{name} {text[:60]!r}", "a finite number")
        return number

    def fault(self, found: str, expected: str) -> ValueError:
        """Return the error for the element that is being read."""
        return ValueError(f"line {self.line}: found {found}, expected {expected}")

    def _refuse_doctype(self, *_: object) -> None:
        raise self.fault("a document type declaration", "none, because it may declare entities")

    def _start_element(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag != self._root:
            raise self.fault(f"<{tag}>", f"<{self._root}>, the root of a {self._kind} file")
        parent = self._path[-1] if self._path else None
        self._path.append(tag)
        self._text = []
        self.start(tag, parent, attributes)

    def _end_element(self, tag: str) -> None:
        self._path.pop()
        text = "".join(self._text)
        self._text = []
        self.end(tag, self._path[-1] if self._path else None, text)

    def _text_append(self, text: str) -> None:
        self._text.append(text)


def whole_number(text: str) -> int | None:
    """Return the integer that a text is, or None if it is none or has too many digits."""
    return int(text) if re.fullmatch(r"\s*-?[0-9]{1,19}\s*", text) else None
