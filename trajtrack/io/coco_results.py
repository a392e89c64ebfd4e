"""Results in the layout of COCO: a JSON list of ``image_id``, ``category_id``, ``bbox`` and ``score``.

Reading
    The image ID is the number of the frame: 0 is the first if there is one, otherwise 1. A text is read as the last
    number in it, as in ``video_000012``. Boxes are left, top, width and height, labels the ``category_id``. Scores and
    identities are read under the keys of `coco_dialects`; the default score is 1. The list holds one video: results
    with a ``video_id``, as those of TAO, do not say which frame an image is, and are refused unless the caller gives
    the number of the first frame.

Writing
    Image IDs count frames from 1. ``track_id`` is added to rows with an identity; evaluators ignore it. `num_frames`
    and `label_names` are lost.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.files.frame_names import FrameNames
from trajtrack.io import coco_fields as coco
from trajtrack.io.checks import as_scores, corners_from_sizes, track_ids_or_none, track_ids_to_write
from trajtrack.io.coco_dialects import SCORE_KEYS, TRACK_KEYS, UnreadKeys, given_key
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import first_of_numbers, frames_in_memory

__all__ = ["FORMAT"]

_MAX_ID = 2**63 - 1


def _recognise(source: Source) -> bool:
    return source.lists_objects_with("image_id", "bbox")


def _decode(source: Source) -> Detections:
    entries = fields.items(source.document, ())
    unread = UnreadKeys(source.path, TRACK_KEYS)
    names = FrameNames()
    boxes: list[list[float]] = []
    scores: list[float] = []
    numbers: list[int] = []
    images: dict[int, Any] = {}
    labels: list[int] = []
    ids: list[int] = []
    for index, entry in enumerate(entries):
        place = (index,)
        image = fields.field(entry, "image_id", place)
        numbers.append(_frame_number(image, names, (*place, "image_id")))
        if images.setdefault(numbers[-1], image) != image:
            raise fields.unexpected(
                image, (*place, "image_id"), f"the images of one video, not also {images[numbers[-1]]!r}"
            )
        if "video_id" in entry and source.reading.first_frame is None:
            raise fields.unexpected(
                entry["video_id"], (*place, "video_id"), "no such key, or first_frame=, the image ID of the first frame"
            )
        if entry.get("video_id") != entries[0].get("video_id"):
            raise fields.unexpected(entry.get("video_id"), (*place, "video_id"), "the same in all results")
        boxes.append(coco.box_sides(fields.field(entry, "bbox", place), (*place, "bbox")))
        score_key = given_key(entry, SCORE_KEYS, place)
        scores.append(fields.number(entry.get(score_key, 1), (*place, score_key)))
        labels.append(coco.label_of(entry, place))
        ids.append(fields.optional_integer(entry, given_key(entry, TRACK_KEYS, place), place, -1))
        unread.check(entry, place)

    def where(row: int) -> str:
        return fields.at((row,))

    given = np.array(numbers, np.int64)
    return Detections(
        boxes=corners_from_sizes(np.array(boxes, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(scores, np.float64), where),
        frames=frames_in_memory(source, given, where, first=first_of_numbers(given), name="image_id"),
        labels=np.array(labels, np.int32),
        track_ids=track_ids_or_none(np.array(ids, np.int64)),
    )


def _frame_number(image: Any, names: FrameNames, place: fields.Place) -> int:
    if not isinstance(image, str):
        return fields.integer(image, place)
    try:
        return names.number(image)
    except ValueError as error:
        raise fields.unexpected(image, place, str(error)) from None


def _encode(detections: Detections, video: str) -> bytes:
    ids = track_ids_to_write(detections, _MAX_ID).tolist()
    frames = detections.frames.tolist()
    labels = detections.labels.tolist()
    scores = fields.short_numbers(detections.scores)
    results: list[dict[str, Any]] = []
    for row, box in enumerate(coco.encode_boxes(detections)):
        result = {"image_id": frames[row] + 1, "category_id": labels[row], "bbox": box, "score": scores[row]}
        if ids[row] >= 0:
            result["track_id"] = ids[row]
        results.append(result)
    return json.dumps(results).encode()


FORMAT = Format(
    name="coco-results",
    layout="JSON list of image_id, category_id, bbox and score, of one video",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
)
