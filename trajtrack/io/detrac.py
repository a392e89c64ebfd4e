"""Annotations of UA-DETRAC: XML with a ``<sequence>`` of ``<frame>`` elements, whose targets each have a ``<box>``.

Frames count from 1 in the file, IDs from 1 unless one is 0. Boxes are left, top, width and height. The score is 1. The
``vehicle_type`` is the class: car, bus, van and others are labels 0 to 3, further types follow in sorted order. The
video has as many frames as its last ``<frame>`` says. Ignored regions and occlusions give no row; other attributes are
ignored.
"""

from __future__ import annotations

import numpy as np

from trajtrack.detections import Detections
from trajtrack.io.checks import corners_from_sizes, ids_from_zero, track_ids_or_none
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import frames_in_memory
from trajtrack.io.naming import numbered_names
from trajtrack.io.videos import choose_video
from trajtrack.io.xml_reader import XmlReader

__all__ = ["FORMAT"]

_TYPES = ("car", "bus", "van", "others")
_SIDES = ("left", "top", "width", "height")
_MAX_INTEGER = 2**62


class _DetracReader(XmlReader):
    """The columns of a file as lists with one entry per target."""

    def __init__(self, content: bytes) -> None:
        super().__init__("sequence", "UA-DETRAC")
        self.video: str | None = None
        self.lines: list[int] = []
        self.boxes: list[list[float]] = []
        self.numbers: list[int] = []
        self.ids: list[int] = []
        self.types: list[str | None] = []
        self.listed: list[int] = []
        self._seen: set[int] = set()
        self.parse(content)

    def start(self, tag: str, parent: str | None, attributes: dict[str, str]) -> None:
        if tag == "sequence":
            self.video = attributes.get("name")
        elif tag == "frame":
            number = self.integer(self.given(attributes, "num"), "num", -_MAX_INTEGER, _MAX_INTEGER)
            if number in self._seen:
                raise self.fault(f"<frame> {number} a second time", "distinct numbers")
            self._seen.add(number)
            self.listed.append(number)
        elif tag == "target":
            if not self.listed:
                raise self.fault("<target> before any <frame>", "<target> in <frame>")
            self.lines.append(self.line)
            self.boxes.append([])
            self.numbers.append(self.listed[-1])
            self.ids.append(self.integer(self.given(attributes, "id"), "id", 0, _MAX_INTEGER))
            self.types.append(None)
        elif tag == "box" and parent == "target":
            if self.boxes[-1]:
                raise self.fault("a second <box> in a <target>", "one")
            self.boxes[-1] = [self.number(self.given(attributes, side), side) for side in _SIDES]
        elif tag == "attribute" and parent == "target":
            self.types[-1] = attributes.get("vehicle_type")

    def end(self, tag: str, parent: str | None, text: str) -> None:
        if tag == "target" and not self.boxes[-1]:
            raise self.fault("<target> without <box>", "one")


def _recognise(source: Source) -> bool:
    return source.is_xml and b"<sequence" in source.content[:1000]


def _decode(source: Source) -> Detections:
    reader = _DetracReader(source.content)
    if source.video is not None:
        choose_video([(reader.video, str(reader.video))], source.video)

    def where(row: int) -> str:
        return f"line {reader.lines[row]}"

    frames = frames_in_memory(source, np.array(reader.numbers, np.int64), where, first=1)
    types = {name for name in reader.types if name is not None}
    if types and None in reader.types:
        row = reader.types.index(None)
        raise ValueError(f"{where(row)}: found <target> without 'vehicle_type', expected one, as in other targets")
    labels = numbered_names(types, _TYPES) if types else {}
    listed = frames_in_memory(source, np.array(reader.listed, np.int64), lambda _: "<frame>", first=1)
    ids = np.array(reader.ids, np.int64)
    return Detections(
        boxes=corners_from_sizes(np.array(reader.boxes, np.float64).reshape(-1, 4), where),
        scores=np.ones(len(frames)),
        frames=frames,
        labels=np.array([labels[str(name)] for name in reader.types], np.int32) if types else None,
        num_frames=int(listed.max(initial=-1)) + 1,
        track_ids=track_ids_or_none(ids_from_zero(ids, source.numbering)),
        label_names={label: name for name, label in labels.items()},
    )


FORMAT = Format(
    name="detrac",
    layout="XML with a sequence of frames, whose targets have a box (UA-DETRAC)",
    suffixes=(".xml",),
    recognise=_recognise,
    decode=_decode,
    encode=None,
    names_videos=True,
)
