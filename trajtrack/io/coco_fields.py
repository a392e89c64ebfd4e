"""What the JSON layouts that come from COCO share: videos, images, categories, and boxes with a width and a height."""

from __future__ import annotations

from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io.checks import (
    MAX_FRAME,
    as_scores,
    corners_from_sizes,
    sizes_from_corners,
    track_ids_or_none,
)
from trajtrack.io.format import Source
from trajtrack.io.videos import choose_video

__all__ = [
    "VIDEO_ID",
    "box_sides",
    "chosen_video",
    "decode_annotations",
    "encode_images",
    "identity",
    "label_of",
    "names_by_label",
    "written_boxes",
    "written_categories",
]

VIDEO_ID = 1
"""The id of the one video of a file that is written."""

_INT32 = np.iinfo(np.int32)


def decode_annotations(source: Source, frame_key: str, track_key: str) -> Detections:
    """Return the boxes of the chosen video of a file with ``videos``, ``images``, ``annotations`` and ``categories``.

    Parameters
    ----------
    source
        The file.
    frame_key
        Where an image has its frame, from 0.
    track_key
        Where an annotation has its identity; -1 where it has none.
    """
    videos, images, annotations, categories = (
        fields.items(fields.field(source.document, key, ()), (key,))
        for key in ("videos", "images", "annotations", "categories")
    )
    video, length = chosen_video(videos, source.video)
    frames_of_images = _frames_by_image(images, frame_key)
    names = names_by_label(categories)
    rows: list[int] = []
    boxes: list[list[float]] = []
    scores: list[float] = []
    frames: list[int] = []
    labels: list[int] = []
    ids: list[int] = []
    for index, annotation in enumerate(annotations):
        place = ("annotations", index)
        image = identity(annotation, "image_id", place)
        if image not in frames_of_images:
            raise fields.refuse_value(image, (*place, "image_id"), "the id of an image")
        video_of_image, frame = frames_of_images[image]
        if video_of_image != video:
            continue
        boxes.append(box_sides(fields.field(annotation, "bbox", place), (*place, "bbox")))
        scores.append(fields.number(annotation.get("score", 1), (*place, "score")))
        labels.append(label_of(annotation, place))
        ids.append(fields.optional_integer(annotation, track_key, place, -1))
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


def identity(record: Any, key: str, place: fields.Place) -> int | str:
    """Return the id under a key: a whole number or a string."""
    value = fields.field(record, key, place)
    if not isinstance(value, int | str):
        raise fields.refuse_value(value, (*place, key), "an id")
    return value


def chosen_video(videos: list[Any], wanted: str | int | None) -> tuple[int | str, int]:
    """Return id and length of the wanted video; 0 where it says no length."""
    known: list[tuple[int | str, str]] = []
    for index, video in enumerate(videos):
        number = identity(video, "id", ("videos", index))
        known.append((number, str(video.get("name", number))))
    chosen = choose_video(known, wanted)
    length = fields.optional_integer(videos[chosen], "length", ("videos", chosen), 0)
    return known[chosen][0], length


def _frames_by_image(images: list[Any], frame_key: str) -> dict[int | str, tuple[int | str, int]]:
    """Return the video and the frame of each image."""
    frames: dict[int | str, tuple[int | str, int]] = {}
    for index, image in enumerate(images):
        place = ("images", index)
        number = identity(image, "id", place)
        if number in frames:
            raise fields.refuse_value(number, (*place, "id"), "an id that no other image has")
        frame = fields.integer(fields.field(image, frame_key, place), (*place, frame_key), 0, MAX_FRAME)
        frames[number] = identity(image, "video_id", place), frame
    return frames


def names_by_label(categories: list[Any]) -> dict[int, str]:
    """Return the label names; a category whose name is its number has none."""
    names: dict[int, str] = {}
    for index, category in enumerate(categories):
        place = ("categories", index)
        label = fields.integer(fields.field(category, "id", place), (*place, "id"), _INT32.min, _INT32.max)
        name = fields.text(fields.field(category, "name", place), (*place, "name"))
        if name != str(label):
            names[label] = name
    return names


def label_of(annotation: Any, place: fields.Place) -> int:
    """Return the ``category_id`` of an annotation."""
    number = fields.field(annotation, "category_id", place)
    return fields.integer(number, (*place, "category_id"), _INT32.min, _INT32.max)


def box_sides(value: Any, place: fields.Place) -> list[float]:
    """Return left, top, width and height."""
    box = fields.items(value, place)
    if len(box) != 4:
        raise ValueError(f"{fields.at(place)}: found {len(box)} numbers, expected left, top, width, height")
    return [fields.number(side, (*place, index)) for index, side in enumerate(box)]


def written_boxes(detections: Detections) -> list[list[float]]:
    """Return left, top, width and height of each row, whole numbers as integers."""
    return [
        [int(value) if value.is_integer() else value for value in box]
        for box in sizes_from_corners(detections.boxes).tolist()
    ]


def written_categories(detections: Detections) -> list[dict[str, Any]]:
    """Return a category for each label and each name; a label without a name has its number for one."""
    names = detections.label_names
    return [
        {"id": label, "name": names.get(label, str(label))} for label in sorted({*detections.labels.tolist(), *names})
    ]


def encode_images(detections: Detections, frame_key: str) -> tuple[list[dict[str, Any]], list[int]]:
    """Return an image for each frame that holds a box, and the id of its image for each row."""
    frames, image_of_row = np.unique(detections.frames, return_inverse=True)
    images = [{"id": image + 1, "video_id": VIDEO_ID, frame_key: frame} for image, frame in enumerate(frames.tolist())]
    return images, (image_of_row + 1).tolist()
