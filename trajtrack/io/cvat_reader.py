"""Reader of CVAT for video XML whose errors name the line."""

from __future__ import annotations

from itertools import count

import numpy as np

from trajtrack.io.checks import MAX_FRAME
from trajtrack.io.xml_reader import XmlReader, whole_number
from trajtrack.printable import shown

__all__ = ["CORNERS", "CvatReader"]

CORNERS = ("xtl", "ytl", "xbr", "ybr")
"""Attributes of a box that hold its corners."""

_OTHER_SHAPES = ("cuboid", "ellipse", "mask", "points", "polygon", "polyline", "skeleton")
_WITHOUT_BOXES = ("meta", "tag", "version")
_MAX_INTEGER = 2**63 - 1
_INT32 = np.iinfo(np.int32)


class CvatReader(XmlReader):
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
        super().__init__("annotations", "CVAT")
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
        self._track: tuple[int, str] | None = None
        self._is_row = False
        self._has_boxes = False
        self._unknown: ValueError | None = None
        self._attribute: str | None = None
        self.parse(content)
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

    def start(self, tag: str, parent: str | None, attributes: dict[str, str]) -> None:
        if "meta" in self.path[1:2]:
            if tag == "label":
                declared = attributes.get("id")
                self._label_number = None if declared is None else self.integer(declared, "id", _INT32.min, _INT32.max)
        elif tag == "track" and parent == "annotations":
            number = self.integer(self.given(attributes, "id"), "id", 0, _MAX_INTEGER)
            self._track = number, self.given(attributes, "label")
        elif tag == "box" and parent == "track":
            self._start_box(attributes)
        elif self._is_row and tag == "attribute":
            self._attribute = attributes.get("name")
        else:
            self._start_other(tag, parent)

    def _start_other(self, tag: str, parent: str | None) -> None:
        """Refuse an element that holds boxes elsewhere, and remember one that may."""
        if tag == "image":
            raise self.fault("<image>", "<track>, as in CVAT for video")
        if tag.lower() in ("box", *_OTHER_SHAPES) and parent == "track":
            raise self.fault(f"<{tag}>", "<box>")
        if tag.lower() in ("track", "box", *_OTHER_SHAPES):
            parents = {"track": "<track> in <annotations>"}
            raise self.fault(f"<{tag}> in <{parent}>", parents.get(tag.lower(), "<box> in <track>"))
        if self._unknown is None and parent in ("annotations", "track") and tag not in _WITHOUT_BOXES:
            self._unknown = self.fault(f"<{tag}>, but no <box> in a <track>", "tracks of boxes")

    def _start_box(self, attributes: dict[str, str]) -> None:
        assert self._track is not None
        self._has_boxes = True
        outside = attributes.get("outside", "0")
        if outside not in ("0", "1"):
            raise self.fault(f"outside {outside[:60]!r}", "0 or 1")
        self._is_row = outside == "0"
        if not self._is_row:
            return
        if self.number(attributes.get("rotation", "0"), "rotation") != 0:
            raise self.fault(f"rotation {shown(attributes['rotation'])}", "an upright box")
        number, name = self._track
        self.lines.append(self.line)
        self.frames.append(self.integer(self.given(attributes, "frame"), "frame", 0, MAX_FRAME))
        self.boxes.append([self.number(self.given(attributes, side), side) for side in CORNERS])
        self.scores.append(1.0)
        self.names.append(name)
        self.ids.append(number)

    def end(self, tag: str, parent: str | None, text: str) -> None:
        if tag == "track":
            self._track = None
        elif tag == "box":
            self._is_row = False
        elif self._is_row and tag == "attribute" and self._attribute == "score":
            self.scores[-1] = self.number(text, "score")
        elif tag == "name" and parent == "label":
            self._declare(text)
        elif parent in ("task", "job") and tag == "name":
            self.video = text
        elif parent in ("task", "job") and tag == "size":
            if self.size is not None:
                raise self.fault("a second <size>", "the annotations of one task")
            self.size = self.integer(text, "size", 0, _MAX_INTEGER)

    def _declare(self, name: str) -> None:
        number = self._label_number
        if name in self._labels:
            raise self.fault(f"label {shown(name)} a second time", "distinct names")
        if number is not None and number in self._label_ids:
            raise self.fault(f"label id {number} a second time", "distinct ids")
        self._labels[name] = number
        self._label_ids.add(number)


def _as_label(name: str) -> int | None:
    """Return the label that a name states, or None if the name is not a number."""
    number = whole_number(name)
    return number if number is not None and str(number) == name and _INT32.min <= number <= _INT32.max else None
