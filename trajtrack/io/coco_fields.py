"""Videos, images, categories and boxes in the JSON layouts derived from COCO."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io.checks import as_scores, corners_from_sizes, sizes_from_corners, track_ids_or_none
from trajtrack.io.coco_dialects import SCORE_KEYS, UnreadKeys, counts_from_one, given_key
from trajtrack.io.format import Source
from trajtrack.io.frames import count_frames, frames_in_memory
from trajtrack.io.videos import choose_video
from trajtrack.printable import shown

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
    "video_of",
]

VIDEO_ID = 1
"""ID of the only video of a written file."""

_INT32 = np.iinfo(np.int32)


def decode_annotations(
    source: Source, frame_keys: Sequence[str], track_keys: Sequence[str], *, may_count_from_one: bool
) -> Detections:
    """Decode the chosen video of a file with ``videos``, ``images``, ``annotations`` and ``categories``.

    Parameters
    ----------
    source
        File to decode.
    frame_keys
        Keys of an image's frame number, the first of which that it has is read.
    track_keys
        Keys of an annotation's track ID in the same manner; a missing one is -1.
    may_count_from_one
        Whether some tools write files of this format whose frames count from 1.
    """
    videos, images, annotations, categories = (
        fields.items(fields.field(source.document, key, ()), (key,))
        for key in ("videos", "images", "annotations", "categories")
    )
    video, length, entry, known = chosen_video(videos, source.video)
    images_by_id = _images_by_id(images, known, frame_keys)
    names = names_by_label(categories)
    unread = UnreadKeys(source.path, track_keys)
    rows: list[int] = []
    boxes: list[list[float]] = []
    scores: list[float] = []
    shown_in: list[int] = []
    labels: list[int] = []
    ids: list[int] = []
    for index, annotation in enumerate(annotations):
        place = ("annotations", index)
        image = identity(annotation, "image_id", place)
        if image not in images_by_id:
            raise fields.unexpected(image, (*place, "image_id"), "the ID of an image")
        image_index, video_of_image, _ = images_by_id[image]
        if video_of_image != video:
            continue
        boxes.append(box_sides(fields.field(annotation, "bbox", place), (*place, "bbox")))
        score_key = given_key(annotation, SCORE_KEYS, place)
        scores.append(fields.number(annotation.get(score_key, 1), (*place, score_key)))
        labels.append(label_of(annotation, place))
        ids.append(fields.optional_integer(annotation, given_key(annotation, track_keys, place), place, -1))
        shown_in.append(image_index)
        rows.append(index)
        unread.check(annotation, place)

    def where(row: int) -> str:
        return fields.at(("annotations", rows[row]))

    numbers = [number for _, _, number in images_by_id.values()]
    own = [image for image, video_of_image, _ in images_by_id.values() if video_of_image == video]
    seen: dict[int, int] = {}
    for image in own:
        if seen.setdefault(numbers[image], image) != image:
            at_frame = ("images", image, given_key(images[image], frame_keys, ()))
            raise fields.unexpected(numbers[image], at_frame, "a frame number that no other image of the video has")
    is_last = length > 0 and max((numbers[image] for image in own), default=0) == length
    from_one = may_count_from_one and counts_from_one(numbers, is_last, entry, images, annotations)
    frames = np.full(len(images), -1, np.int64)
    frames[own] = frames_in_memory(
        source,
        np.array(numbers, np.int64)[own],
        lambda row: fields.at(("images", own[row], given_key(images[own[row]], frame_keys, ()))),
        first=1 if from_one else 0,
    )
    return Detections(
        boxes=corners_from_sizes(np.array(boxes, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(scores, np.float64), where),
        frames=frames[shown_in],
        labels=np.array(labels, np.int32),
        num_frames=max(count_frames(source, length), int(frames.max(initial=-1)) + 1),
        track_ids=track_ids_or_none(np.array(ids, np.int64)),
        label_names=names,
    )


def identity(record: Any, key: str, place: fields.Place) -> int | str:
    """Return the ID under a key, an integer or a string."""
    value = fields.field(record, key, place)
    if not isinstance(value, int | str):
        raise fields.unexpected(value, (*place, key), "an ID")
    return value


def chosen_video(videos: list[Any], wanted: str | int | None) -> tuple[int | str, int, dict[str, Any], Set[int | str]]:
    """Return the ID, the length and the entry of the wanted video, and the IDs of all; an unknown length is 0."""
    known: dict[int | str, str] = {}
    for index, video in enumerate(videos):
        place = ("videos", index)
        number = identity(video, "id", place)
        if number in known:
            raise fields.unexpected(number, (*place, "id"), "an ID that no other video has")
        known[number] = str(video.get("name", video.get("file_name", number)))
    chosen = choose_video([*known.items()], wanted)
    length = fields.optional_integer(videos[chosen], "length", ("videos", chosen), 0)
    return videos[chosen]["id"], length, videos[chosen], known.keys()


def video_of(record: Any, videos: Set[int | str], place: fields.Place) -> int | str:
    """Return the ID of the video of a record, one of those in the file."""
    number = identity(record, "video_id", place)
    if number not in videos:
        raise fields.unexpected(number, (*place, "video_id"), "the ID of a video")
    return number


def _images_by_id(
    images: list[Any], videos: Set[int | str], frame_keys: Sequence[str]
) -> dict[int | str, tuple[int, int | str, int]]:
    """Return the index, the video and the frame number of each image by its ID."""
    found: dict[int | str, tuple[int, int | str, int]] = {}
    for index, image in enumerate(images):
        place = ("images", index)
        number = identity(image, "id", place)
        if number in found:
            raise fields.unexpected(number, (*place, "id"), "an ID that no other image has")
        key = given_key(image, frame_keys, place)
        frame = fields.integer(fields.field(image, key, place), (*place, key), 0)
        found[number] = index, video_of(image, videos, place), frame
    return found


def names_by_label(categories: list[Any]) -> dict[int, str]:
    """Return the names of labels; a category that is named after its number has none."""
    names: dict[int, str] = {}
    for index, category in enumerate(categories):
        place = ("categories", index)
        label = fields.integer(fields.field(category, "id", place), (*place, "id"), _INT32.min, _INT32.max)
        name = fields.text(fields.field(category, "name", place), (*place, "name"))
        if names.setdefault(label, name) != name:
            raise fields.unexpected(name, (*place, "name"), f"{shown(names[label])}, as category {label} has before")
    return {label: name for label, name in names.items() if name != str(label)}


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
