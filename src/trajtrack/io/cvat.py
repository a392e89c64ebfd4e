"""CVAT for video 1.1: XML with a ``<track>`` for each object and in it a ``<box>`` for each frame.

Reading
    Boxes are the corners ``xtl``, ``ytl``, ``xbr``, ``ybr``, kept as they are; frames and ids count from 0.
    Boxes with ``outside="1"`` say that the object is not seen: they are no rows. Frames without a box have no
    row either, also those between two key frames, where CVAT itself interpolates. The score is the number in
    the attribute ``score``, 1 where a box has none. A label has the number that its ``<label>`` has for an
    ``id``; else the one that its name is, and then no name; else the next free one, in the order of the file. The
    video has ``<size>`` frames, or up to its last box if that is more. Rows come in the order of the file.

    Other shapes than upright boxes, and ``<image>`` elements (CVAT for images), are refused. So is a document
    type declaration, the only place where XML can declare entities.

Writing
    Every row needs an identity, with one label in all its frames and one box in a frame, and labels need
    names that differ. Where a track stops being seen a box with ``outside="1"`` stands in the next frame, unless
    the video has ended. A box is a key frame unless its score is 0 and it lies where interpolation between the
    boxes around it puts it: CVAT computes such boxes anew. The size of the pictures is unknown and written as
    0 x 0, because readers demand one. CVAT keeps scores where the labels of the task have an attribute ``score``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.detections import Detections
from trajtrack.io.checks import MAX_FRAME, as_corners, as_scores, as_text, track_ids_or_none
from trajtrack.io.format import Format, Source
from trajtrack.io.tracks import Track, tracks_of
from trajtrack.io.videos import choose_video

__all__ = ["FORMAT"]

_CORNERS = ("xtl", "ytl", "xbr", "ybr")
_OTHER_SHAPES = ("cuboid", "ellipse", "mask", "points", "polygon", "polyline", "skeleton")
_MAX_INTEGER = 2**63 - 1
_INT32 = np.iinfo(np.int32)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _recognise(source: Source) -> bool:
    return source.is_xml and b"<annotations" in source.content[:1000]


def _decode(source: Source) -> Detections:
    reader = _Reader()
    reader.read(source.content)
    if source.video is not None:
        choose_video([(reader.video, str(reader.video))], source.video)
    lines = reader.lines

    def where(row: int) -> str:
        return f"line {lines[row]}"

    labels = reader.label_numbers()
    return Detections(
        boxes=as_corners(np.array(reader.boxes, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(reader.scores, np.float64), where),
        frames=np.array(reader.frames, np.int32),
        labels=np.array([labels[name] for name in reader.names], np.int32),
        num_frames=max(reader.size or 0, max(reader.frames, default=-1) + 1),
        track_ids=track_ids_or_none(np.array(reader.ids, np.int64)),
        label_names={number: name for name, number in labels.items() if name != str(number)},
    )


class _Reader:
    """What stands in a file, row by row."""

    def __init__(self) -> None:
        self.video: str | None = None
        self.size: int | None = None
        self.lines: list[int] = []
        self.boxes: list[list[float]] = []
        self.scores: list[float] = []
        self.frames: list[int] = []
        self.names: list[str] = []
        self.ids: list[int] = []
        self._labels: dict[str, int | None] = {}
        self._label_number: int | None = None
        self._path: list[str] = []
        self._text: list[str] = []
        self._track: tuple[int, str] | None = None
        self._is_row = False
        self._attribute: str | None = None
        self._parser = expat.ParserCreate()

    def read(self, content: bytes) -> None:
        """Take a whole file.

        Raises
        ------
        ValueError
            Naming the line of the first fault.
        """
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
            raise ValueError(f"line {error.lineno}: found no XML that can be read ({reason}), expected it") from None

    def label_numbers(self) -> dict[str, int]:
        """Return the label of each name: the declared one, the name's own number, or the next free one."""
        numbers = {name: number for name, number in self._labels.items() if number is not None}
        taken = set(numbers.values())
        for name in dict.fromkeys([*self._labels, *self.names]):
            if name not in numbers and (number := _as_label(name)) is not None and number not in taken:
                numbers[name] = number
                taken.add(number)
        label = 0
        for name in dict.fromkeys([*self._labels, *self.names]):
            if name not in numbers:
                while label in taken:
                    label += 1
                numbers[name] = label
                taken.add(label)
        return numbers

    def _refuse_doctype(self, *_: object) -> None:
        raise self._fault("a document type declaration", "none: it may declare entities")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag != "annotations":
            raise self._fault(f"<{tag}>", "<annotations>, the root of a CVAT file")
        parent = self._path[-1] if self._path else None
        self._path.append(tag)
        self._text = []
        if tag == "label":
            declared = attributes.get("id")
            self._label_number = None if declared is None else self._integer(declared, "id", _INT32.min, _INT32.max)
        elif tag == "image" and parent == "annotations":
            raise self._fault("<image>", "<track>: CVAT for video, not for images")
        elif tag == "track" and parent == "annotations":
            number = self._integer(self._given(attributes, "id"), "id", 0, _MAX_INTEGER)
            self._track = number, self._given(attributes, "label")
        elif self._track is not None and tag in _OTHER_SHAPES:
            raise self._fault(f"<{tag}>", "<box>")
        elif self._track is not None and tag == "box":
            self._start_box(attributes)
        elif self._is_row and tag == "attribute":
            self._attribute = attributes.get("name")

    def _start_box(self, attributes: dict[str, str]) -> None:
        assert self._track is not None
        self._is_row = attributes.get("outside", "0") != "1"
        if not self._is_row:
            return
        if self._number(attributes.get("rotation", "0"), "rotation") != 0:
            raise self._fault(f"rotation {attributes['rotation']!r}", "an upright box")
        number, name = self._track
        self.lines.append(self._parser.CurrentLineNumber)
        self.frames.append(self._integer(self._given(attributes, "frame"), "frame", 0, MAX_FRAME))
        self.boxes.append([self._number(self._given(attributes, side), side) for side in _CORNERS])
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
            raise self._fault(f"label {name!r} a second time", "names that differ")
        if number is not None and number in self._labels.values():
            raise self._fault(f"label id {number} a second time", "ids that differ")
        self._labels[name] = number

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
            raise self._fault(f"{name} {text[:60]!r}", f"a whole number from {low} to {high}")
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
    """Return the label that has this number for a name."""
    number = _as_integer(name)
    return number if number is not None and str(number) == name and _INT32.min <= number <= _INT32.max else None


def _encode(detections: Detections, video: str) -> bytes:
    tracks = tracks_of(detections, "cvat", _MAX_INTEGER)
    names = _written_names(detections)
    root = ElementTree.Element("annotations")
    _append(root, "version", "1.1")
    _append_task(ElementTree.SubElement(root, "meta"), detections, _checked(video, "video"), names)
    key_frames = _key_frames(detections, tracks)
    corners = [_texts(detections.boxes[:, side]) for side in range(4)]
    scores = _texts(detections.scores)
    frames = detections.frames.tolist()
    for track in tracks:
        element = ElementTree.SubElement(root, "track", id=str(track.id), label=names[track.label], source="auto")
        rows = track.rows.tolist()
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            sides = {name: corners[side][row] for side, name in enumerate(_CORNERS)}
            _append_box(element, frames[row], sides, scores[row], keyframe=bool(key_frames[row]))
            next_frame = frames[row] + 1
            if next_frame < (detections.num_frames if following is None else frames[following]):
                _append_box(element, next_frame, sides, scores[row], outside=True)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    # In text, unlike in attributes, a carriage return is left as it is, and would be read as the end of a line.
    return content.replace(b"\r", b"&#13;") + b"\n"


def _append(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text


def _append_task(meta: ElementTree.Element, detections: Detections, video: str, names: Mapping[int, str]) -> None:
    task = ElementTree.SubElement(meta, "task")
    _append(task, "name", video)
    _append(task, "size", str(detections.num_frames))
    _append(task, "mode", "interpolation")
    labels = ElementTree.SubElement(task, "labels")
    for number, name in names.items():
        label = ElementTree.SubElement(labels, "label", id=str(number))
        _append(label, "name", name)
        attribute = ElementTree.SubElement(ElementTree.SubElement(label, "attributes"), "attribute")
        _append(attribute, "name", "score")
        _append(attribute, "mutable", "True")
        # CVAT's numbers have bounds and steps, which scores have not.
        _append(attribute, "input_type", "text")
        _append(attribute, "default_value", "")
        _append(attribute, "values", "")
    size = ElementTree.SubElement(task, "original_size")
    _append(size, "width", "0")
    _append(size, "height", "0")


def _append_box(
    track: ElementTree.Element,
    frame: int,
    sides: Mapping[str, str],
    score: str,
    *,
    keyframe: bool = True,
    outside: bool = False,
) -> None:
    box = ElementTree.SubElement(
        track,
        "box",
        {
            "frame": str(frame),
            "keyframe": str(int(keyframe)),
            "outside": str(int(outside)),
            "occluded": "0",
            **sides,
            "z_order": "0",
        },
    )
    ElementTree.SubElement(box, "attribute", name="score").text = score


def _texts(values: NDArray[np.float32]) -> list[str]:
    return [as_text(value) for value in _core.short_decimals(np.ascontiguousarray(values)).tolist()]


def _written_names(detections: Detections) -> dict[int, str]:
    given = detections.label_names
    names = {
        label: _checked(given.get(label, str(label)), f"label_names, label {label}")
        for label in sorted({*detections.labels.tolist(), *given})
    }
    labels: dict[str, int] = {}
    for label, name in names.items():
        if name in labels:
            raise ValueError(
                f"label_names, label {label}: found {name!r}, which is the name of label {labels[name]} too, "
                "expected names that differ: cvat files know labels by name"
            )
        labels[name] = label
    return names


def _checked(text: str, what: str) -> str:
    fault = _NOT_IN_XML.search(text)
    if fault is not None:
        raise ValueError(f"{what}: found the character {fault[0]!a}, expected those that XML has room for")
    return text


def _key_frames(detections: Detections, tracks: list[Track]) -> NDArray[np.bool_]:
    """Return for each row whether its box is given, and not what interpolation between given ones makes of it."""
    given = np.ones(len(detections), np.bool_)
    frames, boxes = detections.frames.astype(np.int64), detections.boxes
    for track in tracks:
        rows = track.rows
        scored = np.flatnonzero(detections.scores[rows] != 0)
        for place in np.flatnonzero(np.diff(scored) > 1):
            begin, *gap, end = rows[scored[place] : scored[place + 1] + 1]
            length = frames[end] - frames[begin]
            if len(gap) != length - 1:
                continue
            share = (frames[gap] - frames[begin]).astype(np.float32) / np.float32(length)
            expected = boxes[begin] + (boxes[end] - boxes[begin]) * share[:, None]
            if np.array_equal(boxes[gap], expected):
                given[gap] = False
    return given


FORMAT = Format(
    name="cvat",
    layout="XML with annotations of one video in tracks of boxes (CVAT for video 1.1)",
    suffixes=(".xml",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
    names_videos=True,
)
