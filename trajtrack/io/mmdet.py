"""Predictions of MMDetection: JSON with ``bboxes``, ``scores`` and ``labels`` for each frame.

A folder with a file per frame, as its inferencer writes it, or a file with a list of frames. In a folder the frame is
the last number of a file's name: 0 is the first if there is such a file, otherwise 1. In a list, frames count from 0.
Boxes are corners, labels the numbers of classes. Masks are ignored. Pickled results are not read, because unpickling
can run any program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io.checks import as_corners, as_scores
from trajtrack.io.folders import Folder, frame_numbers
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import first_of_numbers, frames_in_memory

__all__ = ["FORMAT"]

_KEYS = ("bboxes", "scores", "labels")
_INT32 = np.iinfo(np.int32)


def _recognise(source: Source) -> bool:
    if source.folder is None:
        return source.lists_objects_with(*_KEYS)
    names = source.folder.with_suffix(".json")
    try:
        document = fields.parse(source.folder.read(names[0])) if names else None
    except ValueError:
        return False
    return isinstance(document, dict) and document.keys() >= {*_KEYS}


def _decode(source: Source) -> Detections:
    return _decode_list(source) if source.folder is None else _decode_folder(source, source.folder)


def _decode_list(source: Source) -> Detections:
    listed = fields.items(source.document, ())
    frames = frames_in_memory(source, np.arange(len(listed)), lambda row: fields.at((row,)), first=0)
    rows = _Rows()
    for index, (entry, frame) in enumerate(zip(listed, frames.tolist(), strict=True)):
        rows.add(entry, (index,), frame)
    return rows.detections(fields.at, int(frames.max(initial=-1)) + 1)


def _decode_folder(source: Source, folder: Folder) -> Detections:
    files = frame_numbers(folder.with_suffix(".json"))
    numbers, names = np.array([*files], np.int64), [*files.values()]
    frames = frames_in_memory(source, numbers, lambda row: names[row], first=first_of_numbers(numbers))
    rows = _Rows()
    for name, frame in zip(names, frames.tolist(), strict=True):
        _add_file(rows, folder, name, frame)
    return rows.detections(_at_file, int(frames.max(initial=-1)) + 1)


def _add_file(rows: _Rows, folder: Folder, name: str, frame: int) -> None:
    try:
        rows.add(fields.parse(folder.read(name)), (), frame, name)
    except ValueError as error:
        raise ValueError(f"{name}, {error}") from None


def _at_file(place: fields.Place) -> str:
    name, *inside = place
    return f"{name}, {fields.at(tuple(inside))}"


class _Rows:
    """The boxes of all frames."""

    def __init__(self) -> None:
        self._places: list[fields.Place] = []
        self._boxes: list[list[float]] = []
        self._scores: list[float] = []
        self._labels: list[int] = []
        self._frames: list[int] = []

    def add(self, entry: Any, place: fields.Place, frame: int, *file: str) -> None:
        boxes, scores, labels = (fields.items(fields.field(entry, key, place), (*place, key)) for key in _KEYS)
        for key, values in (("scores", scores), ("labels", labels)):
            if len(values) != len(boxes):
                where = fields.at((*place, key))
                raise ValueError(f"{where}: found {len(values)} values, expected {len(boxes)} as in bboxes")
        for index, box in enumerate(boxes):
            own = (*place, "bboxes", index)
            sides = fields.items(box, own)
            if len(sides) != 4:
                raise ValueError(f"{fields.at(own)}: found {len(sides)} numbers, expected x1, y1, x2, y2")
            self._boxes.append([fields.number(side, (*own, at)) for at, side in enumerate(sides)])
            self._scores.append(fields.number(scores[index], (*place, "scores", index)))
            self._labels.append(fields.integer(labels[index], (*place, "labels", index), _INT32.min, _INT32.max))
            self._frames.append(frame)
            self._places.append((*file, *own))

    def detections(self, describe: Callable[[fields.Place], str], num_frames: int) -> Detections:
        def where(row: int) -> str:
            return describe(self._places[row])

        return Detections(
            boxes=as_corners(np.array(self._boxes, np.float64).reshape(-1, 4), where),
            scores=as_scores(np.array(self._scores, np.float64), where),
            frames=np.array(self._frames, np.int64),
            labels=np.array(self._labels, np.int32),
            num_frames=num_frames,
        )


FORMAT = Format(
    name="mmdet",
    layout="JSON with bboxes, scores and labels for each frame: a list, or a folder of files such as frame_12.json "
    "(MMDetection)",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=None,
    is_folder=None,
)
