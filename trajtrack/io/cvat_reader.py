"""Reader of CVAT for video XML whose errors name the line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import count
from xml.parsers import expat

import numpy as np

from trajtrack.io.checks import MAX_FRAME
from trajtrack.printable import shown

__all__ = ["CORNERS", "CvatReader"]

CORNERS = ("xtl", "ytl", "xbr", "ybr")
"""Attributes of a box that hold its corners."""

_OTHER_SHAPES = ("cuboid", "ellipse", "mask", "points", "polygon", "polyline", "skeleton")
_WITHOUT_BOXES = ("meta", "tag", "version")
_MAX_INTEGER = 2**63 - 1
_INT32 = np.iinfo(np.int32)


class CvatReader:
    """The columns of a file as lists with one entry per visible box.

    Parameters
    ----------
    content
        Content of the file.

    Raises
    ------
    ValueError
        If the content does not match the format, naming the line.
    """

    def __init__(self, content: bytes) -> None:
        self.video: str | None = None
        self.size: int | None = None
        self.lines: list[int] = []
        self.boxes: list[list[float]] = []
        self.scores: list[float] = []
        self.frames: list[int] = []
        self.names: list[str] = []
        self.ids: list[int] = []
        self._labels: dict[str, int | None] = {}
        self._label_ids: set[int | None] = set()
        self._label_number: int | None = None
        self._path: list[str] = []
        self._text: list[str] = []
        self._track: tuple[int, str] | None = None
        self._is_row = False
        self._has_boxes = False
        self._unknown: ValueError | None = None
        self._attribute: str | None = None
        self._parser = expat.ParserCreate()
        parser = self._parser
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise ValueError(f"line {error.lineno}: found invalid XML ({reason}), expected an XML document") from None
        except LookupError as error:
            raise ValueError(f"line 1: found {error}, expected an encoding that Python knows") from None
        except ValueError as error:
            if isinstance(error, UnicodeError) or str(error).startswith("multi-byte"):
                raise ValueError(f"line 1: found an unreadable encoding ({error}), expected UTF-8") from None
            raise
        self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        if self._unknown is not None and not self._has_boxes:
            raise self._unknown

    def label_numbers(self) -> dict[str, int]:
        """Return the label of each name: the declared one, the number that the name is, or the next free one."""
        names = dict.fromkeys([*self._labels, *self.names])
        numbers = {name: number for name, number in self._labels.items() if number is not None}
        taken = {*numbers.values()}
        for name in names:
            own = _as_label(name)
            if name not in numbers and own is not None and own not in taken:
                numbers[name] = own
                taken.add(own)
        free = (label for label in count() if label not in taken)
        return numbers | {name: next(free) for name in names if name not in numbers}

    def _refuse_doctype(self, *_: object) -> None:
        raise self._fault("a document type declaration", "none, because it may declare entities")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag != "annotations":
            raise self._fault(f"<{tag}>", "<annotations>, the root of a CVAT file")
        parent = self._path[-1] if self._path else None
        self._path.append(tag)
        self._text = []
        if "meta" in self._path[1:2]:
            if tag == "label":
                declared = attributes.get("id")
                self._label_number = None if declared is None else self._integer(declared, "id", _INT32.min, _INT32.max)
        elif tag == "track" and parent == "annotations":
            number = self._integer(self._given(attributes, "id"), "id", 0, _MAX_INTEGER)
            self._track = number, self._given(attributes, "label")
        elif tag == "box" and parent == "track":
            self._start_box(attributes)
        elif self._is_row and tag == "attribute":
            self._attribute = attributes.get("name")
        else:
            self._start_other(tag, parent)

    def _start_other(self, tag: str, parent: str | None) -> None:
        """Refuse an element that holds boxes elsewhere, and remember one that may."""
        if tag == "image":
            raise self._fault("<image>", "<track>, as in CVAT for video")
        if tag.lower() in ("box", *_OTHER_SHAPES) and parent == "track":
            raise self._fault(f"<{tag}>", "<box>")
        if tag.lower() in ("track", "box", *_OTHER_SHAPES):
            parents = {"track": "<track> in <annotations>"}
            raise self._fault(f"<{tag}> in <{parent}>", parents.get(tag.lower(), "<box> in <track>"))
        if self._unknown is None and parent in ("annotations", "track") and tag not in _WITHOUT_BOXES:
            self._unknown = self._fault(f"<{tag}>, but no <box> in a <track>", "tracks of boxes")

    def _start_box(self, attributes: dict[str, str]) -> None:
        assert self._track is not None
        self._has_boxes = True
        outside = attributes.get("outside", "0")
        if outside not in ("0", "1"):
            raise self._fault(f"outside {outside[:60]!r}", "0 or 1")
        self._is_row = outside == "0"
        if not self._is_row:
            return
        if self._number(attributes.get("rotation", "0"), "rotation") != 0:
            raise self._fault(f"rotation {shown(attributes['rotation'])}", "an upright box")
        number, name = self._track
        self.lines.append(self._parser.CurrentLineNumber)
        self.frames.append(self._integer(self._given(attributes, "frame"), "frame", 0, MAX_FRAME))
        self.boxes.append([self._number(self._given(attributes, side), side) for side in CORNERS])
        self.scores.append(1.0)
        self.names.append(name)
        self.ids.append(number)

    def _end(self, tag: str) -> None:
        self._path.pop()
        parent = self._path[-1] if self._path else None
        text = "".join(self._text)
        self._text = []
        if tag == "track":
            self._track = None
        elif tag == "box":
            self._is_row = False
        elif self._is_row and tag == "attribute" and self._attribute == "score":
            self.scores[-1] = self._number(text, "score")
        elif tag == "name" and parent == "label":
            self._declare(text)
        elif parent in ("task", "job") and tag == "name":
            self.video = text
        elif parent in ("task", "job") and tag == "size":
            if self.size is not None:
                raise self._fault("a second <size>", "the annotations of one task")
            self.size = self._integer(text, "size", 0, _MAX_INTEGER)

    def _declare(self, name: str) -> None:
        number = self._label_number
        if name in self._labels:
            raise self._fault(f"label {shown(name)} a second time", "distinct names")
        if number is not None and number in self._label_ids:
            raise self._fault(f"label id {number} a second time", "distinct ids")
        self._labels[name] = number
        self._label_ids.add(number)

    def _characters(self, text: str) -> None:
        self._text.append(text)

    def _given(self, attributes: Mapping[str, str], name: str) -> str:
        try:
            return attributes[name]
        except KeyError:
            raise self._fault(f"<{self._path[-1]}> without {name!r}", "one") from None

    def _integer(self, text: str, name: str, low: int, high: int) -> int:
        number = _as_integer(text)
        if number is None or not low <= number <= high:
            raise self._fault(f"{name} {text[:60]!r}", f"an integer from {low} to {high}")
        return number

    def _number(self, text: str, name: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self._fault(f"{name} {text[:60]!r}", "a finite number")
        return number

    def _fault(self, found: str, expected: str) -> ValueError:
        return ValueError(f"line {self._parser.CurrentLineNumber}: found {found}, expected {expected}")


def _as_integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*-?[0-9]{1,19}\s*", text) else None


def _as_label(name: str) -> int | None:
    """Return the label that a name states, or None if the name is not a number."""
    number = _as_integer(name)
    return number if number is not None and str(number) == name and _INT32.min <= number <= _INT32.max else None
