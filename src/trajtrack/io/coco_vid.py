"""COCO-VID, as mmtracking writes it: JSON with ``videos``, ``images``, ``annotations`` and ``categories``.

Reading
    The frame of an annotation is the ``frame_id`` of its image, from 0. Boxes are left, top, width and
    height. Labels are the ``category_id``, ids the ``instance_id``, -1 where an annotation has none; the
    score is 1 where it has none. The video has ``length`` frames, or up to its last image if that is more. A
    category whose name is its number has no name. A file may hold several videos: the caller chooses one by
    name or id.

Writing
    Only frames with boxes have an image: nothing is sized by `num_frames`, which is the ``length`` of the
    video.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.io import json_fields as fields
from trajtrack.io.checks import (
    MAX_FRAME,
    as_scores,
    corners_from_sizes,
    sizes_from_corners,
    track_ids_or_none,
    written_track_ids,
)
from trajtrack.io.format import Format, Source
from trajtrack.io.videos import choose_video

__all__ = ["FORMAT"]

_KEYS = ("videos", "images", "annotations", "categories")
_INT32 = np.iinfo(np.int32)
_MAX_ID = 2**63 - 1
_VIDEO_ID = 1


def _recognise(source: Source) -> bool:
    return source.is_json and isinstance(source.document, dict) and {"videos", "annotations"} <= source.document.keys()


def _decode(source: Source) -> Detections:
    videos, images, annotations, categories = (
        fields.items(fields.field(source.document, key, ()), (key,)) for key in _KEYS
    )
    video, length = _chosen_video(videos, source.video)
    frames_of_images = _frames_by_image(images)
    names = _names_by_label(categories)
    rows: list[int] = []
    boxes: list[list[float]] = []
    scores: list[float] = []
    frames: list[int] = []
    labels: list[int] = []
    ids: list[int] = []
    for index, annotation in enumerate(annotations):
        place = ("annotations", index)
        image = _identity(annotation, "image_id", place)
        if image not in frames_of_images:
            raise fields.refuse_value(image, (*place, "image_id"), "the id of an image")
        video_of_image, frame = frames_of_images[image]
        if video_of_image != video:
            continue
        box = fields.items(fields.field(annotation, "bbox", place), (*place, "bbox"))
        if len(box) != 4:
            raise ValueError(
                f"{fields.at((*place, 'bbox'))}: found {len(box)} numbers, expected left, top, width, height"
            )
        boxes.append([fields.number(value, (*place, "bbox", side)) for side, value in enumerate(box)])
        scores.append(fields.number(annotation.get("score", 1), (*place, "score")))
        labels.append(
            fields.integer(
                fields.field(annotation, "category_id", place),
                (*place, "category_id"),
                _INT32.min,
                _INT32.max,
            )
        )
        ids.append(fields.optional_integer(annotation, "instance_id", place, -1))
        frames.append(frame)
        rows.append(index)

    def where(row: int) -> str:
        return fields.at(("annotations", rows[row]))

    last = max((frame for number, frame in frames_of_images.values() if number == video), default=-1)
    return Detections(
        boxes=corners_from_sizes(np.array(boxes, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(scores, np.float64), where),
        frames=np.array(frames, np.int32),
        labels=np.array(labels, np.int32),
        num_frames=max(length, last + 1),
        track_ids=track_ids_or_none(np.array(ids, np.int64)),
        label_names=names,
    )


def _identity(record: Any, key: str, place: fields.Place) -> int | str:
    value = fields.field(record, key, place)
    if not isinstance(value, int | str):
        raise fields.refuse_value(value, (*place, key), "an id")
    return value


def _chosen_video(videos: list[Any], wanted: str | int | None) -> tuple[int | str, int]:
    """Return id and length of the wanted video."""
    known: list[tuple[int | str, str]] = []
    for index, video in enumerate(videos):
        number = _identity(video, "id", ("videos", index))
        known.append((number, str(video.get("name", number))))
    chosen = choose_video(known, wanted)
    length = fields.optional_integer(videos[chosen], "length", ("videos", chosen), 0)
    return known[chosen][0], length


def _frames_by_image(images: list[Any]) -> dict[int | str, tuple[int | str, int]]:
    """Return the video and the frame of each image."""
    frames: dict[int | str, tuple[int | str, int]] = {}
    for index, image in enumerate(images):
        place = ("images", index)
        number = _identity(image, "id", place)
        if number in frames:
            raise fields.refuse_value(number, (*place, "id"), "an id that no other image has")
        frame = fields.integer(fields.field(image, "frame_id", place), (*place, "frame_id"), 0, MAX_FRAME)
        frames[number] = _identity(image, "video_id", place), frame
    return frames


def _names_by_label(categories: list[Any]) -> dict[int, str]:
    names: dict[int, str] = {}
    for index, category in enumerate(categories):
        place = ("categories", index)
        label = fields.integer(fields.field(category, "id", place), (*place, "id"), _INT32.min, _INT32.max)
        name = fields.text(fields.field(category, "name", place), (*place, "name"))
        if name != str(label):
            names[label] = name
    return names


def _encode(detections: Detections, video: str) -> bytes:
    sizes = sizes_from_corners(detections.boxes)
    ids = written_track_ids(detections, _MAX_ID).tolist()
    labels = detections.labels.tolist()
    frames, image_of_row = np.unique(detections.frames, return_inverse=True)
    scores = fields.short_numbers(detections.scores)
    annotations: list[dict[str, Any]] = []
    for row, (image, box) in enumerate(zip(image_of_row.tolist(), sizes.tolist(), strict=True)):
        annotation = {
            "id": row + 1,
            "image_id": image + 1,
            "video_id": _VIDEO_ID,
            "category_id": labels[row],
            "bbox": [int(value) if value.is_integer() else value for value in box],
            "area": box[2] * box[3],
            "iscrowd": 0,
            "score": scores[row],
        }
        if ids[row] >= 0:
            annotation["instance_id"] = ids[row]
        annotations.append(annotation)
    document = {
        "videos": [{"id": _VIDEO_ID, "name": video, "length": detections.num_frames}],
        "images": [
            {"id": image + 1, "video_id": _VIDEO_ID, "frame_id": frame} for image, frame in enumerate(frames.tolist())
        ],
        "annotations": annotations,
        "categories": [
            {"id": label, "name": detections.label_names.get(label, str(label))}
            for label in sorted({*labels, *detections.label_names})
        ],
    }
    return json.dumps(document).encode()


FORMAT = Format(
    name="coco-vid",
    layout="JSON with videos, images, annotations and categories, of one or more videos",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
    names_videos=True,
)
