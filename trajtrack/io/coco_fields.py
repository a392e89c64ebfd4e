"""Videos, images, categories and boxes in the JSON layouts derived from COCO."""

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
    "encode_boxes",
    "encode_categories",
    "encode_images",
    "identity",
    "label_of",
    "names_by_label",
]

VIDEO_ID = 1
"""ID of the only video of a written file."""

_INT32 = np.iinfo(np.int32)


def decode_annotations(source: Source, frame_key: str, track_key: str) -> Detections:
    """Decode the chosen video of a file with ``videos``, ``images``, ``annotations`` and ``categories``.

    Parameters
    ----------
    source
        File to decode.
    frame_key
        Key of an image's frame number, from 0.
    track_key
        Key of an annotation's track ID; a missing one is -1.
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
            raise fields.unexpected(image, (*place, "image_id"), "the ID of an image")
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
    """Return the ID under a key, an integer or a string."""
    value = fields.field(record, key, place)
    if not isinstance(value, int | str):
        raise fields.unexpected(value, (*place, key), "an ID")
    return value


def chosen_video(videos: list[Any], wanted: str | int | None) -> tuple[int | str, int]:
    """Return the ID and the length of the wanted video; an unknown length is 0."""
    known: list[tuple[int | str, str]] = []
    for index, video in enumerate(videos):
        number = identity(video, "id", ("videos", index))
        known.append((number, str(video.get("name", number))))
    chosen = choose_video(known, wanted)
    length = fields.optional_integer(videos[chosen], "length", ("videos", chosen), 0)
    return known[chosen][0], length


def _frames_by_image(images: list[Any], frame_key: str) -> dict[int | str, tuple[int | str, int]]:
    """Return the video and the frame of each image by its ID."""
    frames: dict[int | str, tuple[int | str, int]] = {}
    for index, image in enumerate(images):
        place = ("images", index)
        number = identity(image, "id", place)
        if number in frames:
            raise fields.unexpected(number, (*place, "id"), "an ID that no other image has")
        frame = fields.integer(fields.field(image, frame_key, place), (*place, frame_key), 0, MAX_FRAME)
        frames[number] = identity(image, "video_id", place), frame
    return frames


def names_by_label(categories: list[Any]) -> dict[int, str]:
    """Return the names of labels; a category that is named after its number has none."""
    names: dict[int, str] = {}
    for index, category in enumerate(categories):
        place = ("categories", index)
        label = fields.integer(fields.field(category, "id", place), (*place, "id"), _INT32.min, _INT32.max)
        name = fields.text(fields.field(category, "name", place), (*place, "name"))
        if name != str(label):
            names[label] = name
    return names


def label_of(annotation: Any, place: fields.Place) -> int:
    """Return the label of an annotation, its ``category_id``."""
    number = fields.field(annotation, "category_id", place)
    return fields.integer(number, (*place, "category_id"), _INT32.min, _INT32.max)


def box_sides(value: Any, place: fields.Place) -> list[float]:
    """Check a box and return its left, top, width and height."""
    box = fields.items(value, place)
    if len(box) != 4:
        raise ValueError(f"{fields.at(place)}: found {len(box)} numbers, expected left, top, width, height")
    return [fields.number(side, (*place, index)) for index, side in enumerate(box)]


def encode_boxes(detections: Detections) -> list[list[float]]:
    """Return left, top, width and height of each row, with whole numbers as integers."""
    return [
        [int(value) if value.is_integer() else value for value in box]
        for box in sizes_from_corners(detections.boxes).tolist()
    ]


def encode_categories(detections: Detections) -> list[dict[str, Any]]:
    """Return a category for each label and each name; a label without a name is named after its number."""
    names = detections.label_names
    return [
        {"id": label, "name": names.get(label, str(label))} for label in sorted({*detections.labels.tolist(), *names})
    ]


def encode_images(detections: Detections, frame_key: str) -> tuple[list[dict[str, Any]], list[int]]:
    """Return an image for each frame with boxes, and the image ID of each row."""
    frames, image_of_row = np.unique(detections.frames, return_inverse=True)
    images = [{"id": image + 1, "video_id": VIDEO_ID, frame_key: frame} for image, frame in enumerate(frames.tolist())]
    return images, (image_of_row + 1).tolist()
