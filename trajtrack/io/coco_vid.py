"""COCO for videos: JSON with ``videos``, ``images``, ``annotations`` and ``categories``.

Reading
    The dialects of MMTracking, CenterTrack and ByteTrack. The frame of an annotation is the ``frame_id`` of its image.
    Frames count from 0, or from 1 if no image has frame 0 and the file is like those of CenterTrack and ByteTrack: the
    video has a ``file_name`` and no ``name``, images know the ``prev_image_id``, annotations have a ``track_id`` and no
    ``instance_id``, or the last frame equals the ``length`` of the video. Boxes are left, top, width and height. Labels
    are the ``category_id``. IDs are the ``instance_id`` or ``track_id``, unchanged, default -1; scores the ``score`` or
    ``conf``, default 1; `coco_dialects` lists further names, and a warning names keys that look like them. The video
    has ``length`` frames, or as many as its last image needs if that is more. A category that is named after its number
    has no name. A file may hold several videos, one of which the caller chooses by name, ``file_name`` or ID.

Writing
    Only frames with boxes have an image, so the size of the file does not depend on `num_frames`, the ``length`` of
    the video.
"""

from __future__ import annotations

import json
from typing import Any

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io import coco_fields as coco
from trajtrack.io.checks import track_ids_to_write
from trajtrack.io.coco_dialects import FRAME_KEYS, TRACK_KEYS
from trajtrack.io.format import Format, Source

__all__ = ["FORMAT"]

_MAX_ID = 2**63 - 1


def _recognise(source: Source) -> bool:
    return source.has_keys("videos", "images", "annotations") and not source.has_keys("tracks")


def _decode(source: Source) -> Detections:
    return coco.decode_annotations(source, FRAME_KEYS, TRACK_KEYS, may_count_from_one=True)


def _encode(detections: Detections, video: str) -> bytes:
    ids = track_ids_to_write(detections, _MAX_ID).tolist()
    labels = detections.labels.tolist()
    images, image_of_row = coco.encode_images(detections, "frame_id")
    scores = fields.short_numbers(detections.scores)
    annotations: list[dict[str, Any]] = []
    for row, box in enumerate(coco.encode_boxes(detections)):
        annotation = {
            "id": row + 1,
            "image_id": image_of_row[row],
            "video_id": coco.VIDEO_ID,
            "category_id": labels[row],
            "bbox": box,
            "area": float(box[2] * box[3]),
            "iscrowd": 0,
            "score": scores[row],
        }
        if ids[row] >= 0:
            annotation["instance_id"] = ids[row]
        annotations.append(annotation)
    document = {
        "videos": [{"id": coco.VIDEO_ID, "name": video, "length": detections.num_frames}],
        "images": images,
        "annotations": annotations,
        "categories": coco.encode_categories(detections),
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
