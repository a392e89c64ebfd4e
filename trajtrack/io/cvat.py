"""CVAT for video 1.1: XML with a ``<track>`` for each object and in it a ``<box>`` for each frame.

Reading
    Boxes are the corners ``xtl``, ``ytl``, ``xbr``, ``ybr``, unchanged; frames and IDs count from 0. Boxes with
    ``outside="1"``, which mark frames in which the object is not visible, are not rows. Frames without a box have no
    row, even between key frames, where CVAT itself interpolates. The score is the attribute ``score``, default 1. The
    label is the ``id`` of the ``<label>``; otherwise the number that its name is, in which case it has no name;
    otherwise the next free number in the order of the file. The video has ``<size>`` frames, or as many as its last
    box needs if that is more. Rows are in the order of the file.

    Shapes other than upright boxes, boxes outside a ``<track>`` of ``<annotations>``, ``<image>`` elements (CVAT for
    images) and values of ``outside`` other than 0 and 1 raise an error. So does a document
    type declaration, the only place where XML can declare entities.

Writing
    Every row needs an identity, each identity needs one label and at most one box per frame, and labels need distinct
    names. When a track ends before the video does, a box with ``outside="1"`` follows in the next frame. A box is a
    key frame unless its score is 0 and it equals the interpolation between the boxes around it: CVAT omits such boxes
    and computes them again. The size of the images is unknown and written as 0 x 0, because readers require one. CVAT
    keeps scores if the labels of the task have an attribute ``score``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from trajtrack import _core
from trajtrack.detections import Detections
from trajtrack.io.checks import as_corners, as_scores, as_text, track_ids_or_none
from trajtrack.io.cvat_reader import CORNERS, CvatReader
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import count_frames, frames_in_memory
from trajtrack.io.tracks import Track, tracks_of
from trajtrack.io.videos import choose_video

__all__ = ["FORMAT"]

_MAX_INTEGER = 2**63 - 1
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _recognise(source: Source) -> bool:
    return source.is_xml and b"<annotations" in source.content[:1000]


def _decode(source: Source) -> Detections:
    reader = CvatReader(source.content)
    if source.video is not None:
        choose_video([(reader.video, str(reader.video))], source.video)
    lines = reader.lines

    def where(row: int) -> str:
        return f"line {lines[row]}"

    labels = reader.label_numbers()
    frames = frames_in_memory(source, np.array(reader.frames, np.int64), where, first=0)
    return Detections(
        boxes=as_corners(np.array(reader.boxes, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(reader.scores, np.float64), where),
        frames=frames,
        labels=np.array([labels[name] for name in reader.names], np.int32),
        num_frames=max(count_frames(source, reader.size or 0), int(frames.max(initial=-1)) + 1),
        track_ids=track_ids_or_none(np.array(reader.ids, np.int64)),
        label_names={number: name for name, number in labels.items() if name != str(number)},
    )


def _encode(detections: Detections, video: str) -> bytes:
    tracks = tracks_of(detections, "cvat", _MAX_INTEGER)
    names = _names_to_write(detections)
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
            sides = {name: corners[side][row] for side, name in enumerate(CORNERS)}
            _append_box(element, frames[row], sides, scores[row], keyframe=bool(key_frames[row]))
            next_frame = frames[row] + 1
            if next_frame < (detections.num_frames if following is None else frames[following]):
                _append_box(element, next_frame, sides, scores[row], outside=True)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    # ElementTree does not escape a carriage return in text, and parsers would read it as a newline.
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
        # CVAT's number attributes need bounds and a step, which scores do not have.
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


def _names_to_write(detections: Detections) -> dict[int, str]:
    given = detections.label_names
    names = {
        label: _checked(given.get(label, str(label)), f"label_names, label {label}")
        for label in sorted({*detections.labels.tolist(), *given})
    }
    labels: dict[str, int] = {}
    for label, name in names.items():
        if name in labels:
            raise ValueError(
                f"label_names, label {label}: found {name!r}, which is also the name of label {labels[name]}, "
                "expected distinct names: cvat files identify labels by name"
            )
        labels[name] = label
    return names


def _checked(text: str, what: str) -> str:
    fault = _NOT_IN_XML.search(text)
    if fault is not None:
        raise ValueError(f"{what}: found the character {fault[0]!a}, expected characters that XML allows")
    return text


def _key_frames(detections: Detections, tracks: list[Track]) -> NDArray[np.bool_]:
    """Return for each row whether its box differs from the interpolation between the key frames around it."""
    given = np.ones(len(detections), np.bool_)
    frames, boxes = detections.frames.astype(np.int64), detections.boxes
    for track in tracks:
        rows = track.rows
        scored = np.flatnonzero(detections.scores[rows] != 0)
        for index in np.flatnonzero(np.diff(scored) > 1):
            begin, *gap, end = rows[scored[index] : scored[index + 1] + 1]
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
