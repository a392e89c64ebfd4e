"""TAO annotations: JSON with ``videos``, ``images``, ``tracks``, ``annotations`` and ``categories``.

Reading
    The frame of an annotation is the ``frame_index`` of its image, from 0. Boxes are left, top, width and
    height. Labels are the ``category_id`` of the annotation, which repeats that of its track. Ids are the
    ``track_id``, which counts from 1 in the file and from 0 in memory; in a video that holds an id 0 all ids
    are kept as they are. The score is 1 where an annotation has none. The video has ``length`` frames, or up
    to its last image if that is more. A category whose name is its number has no name. A file may hold several
    videos: the caller chooses one by name or id.

    A list of results, which has no images, is not read: it does not say which frame an image is.

Writing
    One video. Only frames with boxes have an image. Every row needs an identity, with one label in all its
    frames and one box in a frame: readers refuse other tracks. ``score`` of an annotation and ``length`` of the
    video are keys of our own; readers do not look at them. Each annotation has all keys of a result, so
    ``annotations`` alone is a list of results. What only images tell is left out: ``file_name``, ``width`` and
    ``height``.
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
    detections = coco.decode_annotations(source, frame_key="frame_index", track_key="track_id")
    if detections.track_ids is None:
        return detections
    return replace(detections, track_ids=ids_from_zero(detections.track_ids))


def _encode(detections: Detections, video: str) -> bytes:
    # Evaluators take an id of 0 for no match: ids count from 1.
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
            for row, box in enumerate(coco.written_boxes(detections))
        ],
        "categories": coco.written_categories(detections),
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
