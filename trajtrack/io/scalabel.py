"""Scalabel and BDD100K: JSON with a list of frames, each with ``labels`` of a ``category`` and a ``box2d``.

Reading
    The list is the document or its ``frames``. A frame has its video in ``videoName`` and its number in ``frameIndex``,
    from 0 (also ``video_name``, ``frame_index``); without a number it is the last one in ``name``, where frames count
    from 0 if there is one, otherwise from 1. Corners are unchanged: no pixel is added, although Scalabel counts the
    last pixel as part of the box. The default score is 1. Categories are numbered in the order of the ``config``,
    others in sorted order after them. An ``id`` is the identity: the number that it is, or numbered in order of
    appearance if some ``id`` of the video is not a number. Labels without a ``box2d``, such as lanes, give no row;
    attributes are ignored.

Writing
    One video with its ``config``. Only frames with boxes are listed. `num_frames` and the numbers of labels are lost;
    labels without a name are named after their number.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.files.frame_names import FrameNames
from trajtrack.io.checks import as_corners, as_scores, track_ids_or_none, track_ids_to_write
from trajtrack.io.coco_dialects import given_key
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import first_of_numbers, frames_in_memory
from trajtrack.io.naming import numbered_ids, numbered_names
from trajtrack.io.videos import choose_video

__all__ = ["FORMAT"]

_SIDES = ("x1", "y1", "x2", "y2")
_VIDEO_KEYS = ("videoName", "video_name", "video")
_FRAME_KEYS = ("frameIndex", "frame_index", "index")
_MAX_ID = 2**63 - 1


def _recognise(source: Source) -> bool:
    if source.has_keys("frames"):
        frames = source.document["frames"]
        return isinstance(frames, list) and all(isinstance(frame, dict) and "name" in frame for frame in frames[:1])
    return source.lists_objects_with("name", "labels")


def _decode(source: Source) -> Detections:
    document = source.document
    start: fields.Place = ("frames",) if isinstance(document, dict) else ()
    listed = fields.items(fields.field(document, "frames", ()) if start else document, start)
    videos = [_video_of(frame, (*start, index)) for index, frame in enumerate(listed)]
    known = [*dict.fromkeys(videos)]
    chosen = known[choose_video([(None, str(name)) for name in known], source.video)] if known else None
    own = [index for index, video in enumerate(videos) if video == chosen]
    frames = _frames(source, [listed[index] for index in own], [(*start, index) for index in own])
    places: list[fields.Place] = []
    corners: list[list[float]] = []
    scores: list[float] = []
    frame_of_row: list[int] = []
    categories: list[str] = []
    ids: list[str | None] = []
    for index, frame in zip(own, frames.tolist(), strict=True):
        for number, label in enumerate(fields.items(listed[index].get("labels") or [], (*start, index, "labels"))):
            place = (*start, index, "labels", number)
            categories_of_label = fields.text(fields.field(label, "category", place), (*place, "category"))
            box = label.get("box2d")
            if box is None:
                continue
            side_place = (*place, "box2d")
            corners.append([fields.number(fields.field(box, side, side_place), (*side_place, side)) for side in _SIDES])
            scores.append(fields.number(label.get("score", 1), (*place, "score")))
            categories.append(categories_of_label)
            ids.append(_identity(label.get("id"), (*place, "id")))
            frame_of_row.append(frame)
            places.append(place)

    def where(row: int) -> str:
        return fields.at(places[row])

    labels = numbered_names(categories, _configured(document))
    return Detections(
        boxes=as_corners(np.array(corners, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(scores, np.float64), where),
        frames=np.array(frame_of_row, np.int64),
        labels=np.array([labels[name] for name in categories], np.int32),
        num_frames=int(frames.max(initial=-1)) + 1,
        track_ids=track_ids_or_none(numbered_ids(ids)),
        label_names={label: name for name, label in labels.items()},
    )


def _video_of(frame: Any, place: fields.Place) -> str | None:
    key = given_key(frame, _VIDEO_KEYS, place)
    name = frame.get(key)
    return None if name is None else fields.text(name, (*place, key))


def _frames(source: Source, frames: list[Any], places: list[fields.Place]) -> NDArray[np.int64]:
    numbers: list[int] = []
    names = FrameNames()
    keys = [given_key(frame, _FRAME_KEYS, place) for frame, place in zip(frames, places, strict=True)]
    are_given = all(frame.get(key) is not None for frame, key in zip(frames, keys, strict=True))
    for frame, key, place in zip(frames, keys, places, strict=True):
        if are_given:
            numbers.append(fields.integer(frame[key], (*place, key)))
            continue
        name = fields.text(fields.field(frame, "name", place), (*place, "name"))
        try:
            numbers.append(names.number(name.rpartition(".")[0] or name))
        except ValueError as error:
            raise fields.unexpected(name, (*place, "name"), f"{error}, or a frameIndex") from None
    given = np.array(numbers, np.int64)
    seen: set[int] = set()
    for number, place in zip(numbers, places, strict=True):
        if number in seen:
            raise fields.unexpected(number, place, "a frame number that no other frame of the video has")
        seen.add(number)
    first = 0 if are_given else first_of_numbers(given)
    return frames_in_memory(source, given, lambda row: fields.at(places[row]), first)


def _identity(value: Any, place: fields.Place) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(fields.integer(value, place))


def _configured(document: Any) -> list[str]:
    """Return the names of the categories in the ``config``, if there is one."""
    config = document.get("config") if isinstance(document, dict) else None
    entries = config.get("categories") if isinstance(config, dict) else None
    place = ("config", "categories")
    names: list[str] = []
    for index, entry in enumerate(fields.items(entries or [], place)):
        names.append(fields.text(fields.field(entry, "name", (*place, index)), (*place, index, "name")))
        names += [
            fields.text(fields.field(each, "name", (*place, index)), (*place, index, "name"))
            for each in entry.get("subcategories") or ()
        ]
    return names


def _encode(detections: Detections, video: str) -> bytes:
    ids = track_ids_to_write(detections, _MAX_ID).tolist()
    names = {label: detections.label_names.get(label, str(label)) for label in np.unique(detections.labels).tolist()}
    if len({*names.values()}) < len(names):
        raise ValueError("label_names: found a name of two labels, expected distinct names")
    labels = detections.labels.tolist()
    scores = fields.short_numbers(detections.scores)
    sides = [fields.short_numbers(detections.boxes[:, side]) for side in range(4)]
    frames: dict[int, dict[str, Any]] = {}
    for row in np.argsort(detections.frames, kind="stable").tolist():
        index = int(detections.frames[row])
        frame = frames.setdefault(
            index, {"name": f"{video}-{index + 1:07}.jpg", "videoName": video, "frameIndex": index, "labels": []}
        )
        label: dict[str, Any] = {"category": names[labels[row]], "score": scores[row]}
        if ids[row] >= 0:
            label["id"] = str(ids[row])
        label["box2d"] = {name: side[row] for name, side in zip(_SIDES, sides, strict=True)}
        frame["labels"].append(label)
    config = {"categories": [{"name": name} for name in names.values()]}
    return json.dumps({"frames": [*frames.values()], "config": config}).encode()


FORMAT = Format(
    name="scalabel",
    layout="JSON list of frames with name, videoName, frameIndex and labels with category and box2d (BDD100K)",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
    names_videos=True,
)
