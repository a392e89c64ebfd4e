"""TAO annotations: JSON with ``videos``, ``images``, ``tracks``, ``annotations`` and ``categories``.

Reading
    The frame of an annotation is the ``frame_index`` of its image, from 0. Boxes are left, top, width and height.
    Labels are the ``category_id`` of the annotation, which repeats that of its track. IDs are the ``track_id``, which
    counts from 1 in the file and from 0 in memory; if a video has an ID 0, all its IDs are kept unchanged. The default
    score is 1. The video has ``length`` frames, or as many as its last image needs if that is more. A category that is
    named after its number has no name. A file may hold several videos, one of which the caller chooses by name or ID.

    A list of results is not read: it has no images and does not say which frame an image is.

Writing
    One video. Only frames with boxes have an image. Every row needs an identity, and each identity needs one label and
    at most one box per frame, as readers require. ``score`` of an annotation and ``length`` of the video are not part
    of the layout, and readers ignore them. Each annotation has all keys of a result, so ``annotations`` alone is a list
    of results. ``file_name``, ``width`` and ``height`` of the images are unknown and omitted.
"""

from __future__ import annotations

import json
from dataclasses import replace

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io import coco_fields as coco
from trajtrack.io.checks import ids_from_zero
from trajtrack.io.format import Format, Source
from trajtrack.io.tracks import tracks_of

__all__ = ["FORMAT"]

_MAX_ID = 2**63 - 2


def _recognise(source: Source) -> bool:
    return source.has_keys("videos", "images", "tracks", "annotations")


def _decode(source: Source) -> Detections:
    if isinstance(source.document, list):
        raise ValueError(
            "top level: found a list, expected an object with videos, images, tracks, annotations and categories: "
            "a list of results does not say which frame an image is"
        )
    detections = coco.decode_annotations(source, ["frame_index"], ["track_id"], may_count_from_one=False)
    if detections.track_ids is None:
        return detections
    return replace(detections, track_ids=ids_from_zero(detections.track_ids, source.numbering))


def _encode(detections: Detections, video: str) -> bytes:
    # IDs count from 1, because evaluators interpret ID 0 as no match.
    tracks = [
        {"id": track.id + 1, "category_id": track.label, "video_id": coco.VIDEO_ID}
        for track in tracks_of(detections, "tao", _MAX_ID)
    ]
    images, image_of_row = coco.encode_images(detections, "frame_index")
    ids = [] if detections.track_ids is None else detections.track_ids.tolist()
    labels = detections.labels.tolist()
    scores = fields.short_numbers(detections.scores)
    document = {
        "info": {},
        "videos": [
            {
                "id": coco.VIDEO_ID,
                "name": video,
                "length": detections.num_frames,
                "neg_category_ids": [],
                "not_exhaustive_category_ids": [],
                "metadata": {},
            }
        ],
        "images": images,
        "tracks": tracks,
        "annotations": [
            {
                "id": row + 1,
                "image_id": image_of_row[row],
                "video_id": coco.VIDEO_ID,
                "track_id": ids[row] + 1,
                "category_id": labels[row],
                "bbox": box,
                "area": float(box[2] * box[3]),
                "iscrowd": 0,
                "score": scores[row],
            }
            for row, box in enumerate(coco.encode_boxes(detections))
        ],
        "categories": coco.encode_categories(detections),
        "licenses": [],
    }
    return json.dumps(document).encode()


FORMAT = Format(
    name="tao",
    layout="JSON with videos, images, tracks, annotations and categories, of one or more videos (TAO)",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
    names_videos=True,
)
