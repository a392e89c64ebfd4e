"""YouTube-VIS: JSON with ``videos``, ``annotations`` and ``categories``; each annotation is a track.

Reading
    ``bboxes`` of an annotation holds left, top, width and height for every frame of the video from 0, or null if the
    object is not visible. Labels are the ``category_id``. IDs are the annotation's ``id``, which counts from 1 in the
    file and from 0 in memory; if a video has an ID 0, all its IDs are kept unchanged. Scores are ``scores``, which
    needs a number for every box of ``bboxes``; without ``scores``, each box has the ``score`` of the annotation,
    default 1. The video has ``length`` frames, or as many as ``bboxes`` lists if those are more. A category that is
    named after its number has no name. Rows are sorted by annotation and frame. A file may hold several videos, one of
    which the caller chooses by name or ID. Masks are ignored.

Writing
    One video. Every row needs an identity, and each identity needs one label and at most one box per frame. ``score``
    is the mean of the nonzero scores of the track; interpolated boxes have score 0. ``scores`` and the ``name`` of the
    video are not part of the layout, and readers ignore them. ``areas`` are those of the boxes. ``segmentations``,
    ``file_names``, ``width`` and ``height`` are unknown and omitted. The layout has an entry for every frame of every
    track, so their product is limited to 10 million.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io import coco_fields as coco
from trajtrack.io.checks import as_scores, corners_from_sizes, ids_from_zero, track_ids_or_none
from trajtrack.io.format import Format, Source
from trajtrack.io.tracks import tracks_of

__all__ = ["FORMAT"]

_MAX_ID = 2**63 - 2
_MAX_WRITTEN_ENTRIES = 10_000_000


def _recognise(source: Source) -> bool:
    return source.has_keys("videos", "annotations") and not source.has_keys("images")


def _decode(source: Source) -> Detections:
    videos, annotations, categories = (
        fields.items(fields.field(source.document, key, ()), (key,)) for key in ("videos", "annotations", "categories")
    )
    video, num_frames, _, known = coco.chosen_video(videos, source.video)
    names = coco.names_by_label(categories)
    seen: set[int] = set()
    places: list[fields.Place] = []
    boxes: list[list[float]] = []
    scores: list[float] = []
    frames: list[int] = []
    labels: list[int] = []
    ids: list[int] = []
    for index, annotation in enumerate(annotations):
        place = ("annotations", index)
        if coco.video_of(annotation, known, place) != video:
            continue
        number = fields.integer(fields.field(annotation, "id", place), (*place, "id"))
        if number in seen:
            raise fields.unexpected(number, (*place, "id"), "an ID that no other annotation of the video has")
        seen.add(number)
        label = coco.label_of(annotation, place)
        track = fields.items(fields.field(annotation, "bboxes", place), (*place, "bboxes"))
        for frame, box in enumerate(track):
            if box is None:
                continue
            places.append((*place, "bboxes", frame))
            boxes.append(coco.box_sides(box, places[-1]))
            scores.append(_score(annotation, frame, place))
            frames.append(frame)
            labels.append(label)
            ids.append(number)
        num_frames = max(num_frames, len(track))

    def where(row: int) -> str:
        return fields.at(places[row])

    return Detections(
        boxes=corners_from_sizes(np.array(boxes, np.float64).reshape(-1, 4), where),
        scores=as_scores(np.array(scores, np.float64), where),
        frames=np.array(frames, np.int64),
        labels=np.array(labels, np.int32),
        num_frames=num_frames,
        track_ids=track_ids_or_none(ids_from_zero(np.array(ids, np.int64), source.numbering)),
        label_names=names,
    )


def _score(annotation: dict[str, Any], frame: int, place: fields.Place) -> float:
    if "scores" not in annotation:
        return fields.number(annotation.get("score", 1), (*place, "score"))
    scores = fields.items(annotation["scores"], (*place, "scores"))
    return fields.number(scores[frame] if frame < len(scores) else None, (*place, "scores", frame))


def _encode(detections: Detections, video: str) -> bytes:
    tracks = tracks_of(detections, "youtube-vis", _MAX_ID)
    length = detections.num_frames
    if len(tracks) * length > _MAX_WRITTEN_ENTRIES:
        raise ValueError(
            f"num_frames: found {length} frames for each of {len(tracks)} tracks, expected a product of at most "
            f"{_MAX_WRITTEN_ENTRIES}: youtube-vis files list every frame of every track"
        )
    boxes = coco.encode_boxes(detections)
    scores = fields.short_numbers(detections.scores)
    annotations: list[dict[str, Any]] = []
    for track in tracks:
        rows = dict(zip(detections.frames[track.rows].tolist(), track.rows.tolist(), strict=True))
        found = [rows.get(frame) for frame in range(length)]
        counted = detections.scores[track.rows]
        counted = counted[counted != 0]
        annotations.append(
            {
                # IDs count from 1, because evaluators interpret ID 0 as no match.
                "id": track.id + 1,
                "video_id": coco.VIDEO_ID,
                "category_id": track.label,
                "iscrowd": 0,
                "score": float(counted.mean(dtype=np.float64)) if len(counted) else 0,
                "bboxes": [None if row is None else boxes[row] for row in found],
                "areas": [None if row is None else float(boxes[row][2] * boxes[row][3]) for row in found],
                "scores": [None if row is None else scores[row] for row in found],
            }
        )
    document = {
        "info": {},
        "videos": [{"id": coco.VIDEO_ID, "name": video, "length": length}],
        "annotations": annotations,
        "categories": coco.encode_categories(detections),
        "licenses": [],
    }
    return json.dumps(document).encode()


FORMAT = Format(
    name="youtube-vis",
    layout="JSON with videos, annotations with bboxes, and categories, of one or more videos (YouTube-VIS)",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
    names_videos=True,
    numbers_frames=False,
)
