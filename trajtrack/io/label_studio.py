"""Label Studio for videos: a JSON list of tasks, each a video with regions of type ``videorectangle``.

Reading
    The regions of a task are those of its only annotation, or of its only prediction if there is no annotation;
    cancelled annotations are ignored. A region is a track, its IDs count in order of appearance, or are the numbers
    that all ``id`` are. Frames count from 1. A key frame of the ``sequence`` gives a row. Between one that is
    ``enabled`` and the next, boxes are interpolated, as Label Studio shows them, with the score of the former; the box
    of the last key frame, if it is ``enabled``, stays to the end of the video. ``x``, ``y``, ``width`` and ``height``
    are percentages of the image, whose size the caller gives or the region has as ``original_width`` and
    ``original_height``. The score is that of the key frame, of the region, or 1. Labels are numbered in sorted order of
    their names. The video has ``framesCount`` frames, or as many as its last key frame needs. Its name is the last part
    of the path under ``data``, its ID that of the task. Rotated rectangles are refused; regions of other types give no
    row.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io.checks import as_scores, corners_from_sizes
from trajtrack.io.format import Format, Source
from trajtrack.io.frames import count_frames, frames_in_memory
from trajtrack.io.naming import numbered_ids, numbered_names
from trajtrack.io.videos import choose_video

__all__ = ["FORMAT"]

_REGION = "videorectangle"
_SIDES = ("x", "y", "width", "height")
_SIZE_KEYS = ("original_width", "original_height")
_MIN_LIMIT, _MAX_LIMIT, _ROWS_PER_BYTE = 1_000_000, 10_000_000, 200
"""Limits of the number of rows: a still object of an hour has 180 for each byte."""


@dataclass(frozen=True)
class _Track:
    """A region, with one entry per row."""

    id: str
    label: str
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    frames: NDArray[np.int64]
    places: list[fields.Place]
    """Location of the key frame at or before each row."""


def _recognise(source: Source) -> bool:
    return source.lists_objects_with("data", "annotations") or source.lists_objects_with("data", "predictions")


def _decode(source: Source) -> Detections:
    tasks = fields.items(source.document, ())
    chosen = choose_video([_identity(task, (index,)) for index, task in enumerate(tasks)], source.video)
    regions, place = _regions(tasks[chosen], (chosen,))
    tracks: list[_Track] = []
    num_frames = 0
    limit = min(max(_ROWS_PER_BYTE * len(source.content), _MIN_LIMIT), _MAX_LIMIT)
    for index, region in enumerate(regions):
        own = (*place, index)
        if fields.field(region, "type", own) != _REGION:
            continue
        tracks.append(_track(source, region, own, limit))
        limit -= len(tracks[-1].frames)
        length = fields.optional_integer(region["value"], "framesCount", (*own, "value"), 0)
        num_frames = max(num_frames, count_frames(source, length), int(tracks[-1].frames.max(initial=-1)) + 1)
    places = [each for track in tracks for each in track.places]
    counts = [len(track.frames) for track in tracks]
    labels = numbered_names(track.label for track in tracks)

    def where(row: int) -> str:
        return fields.at(places[row])

    return Detections(
        boxes=corners_from_sizes(np.concatenate([np.empty((0, 4)), *(track.boxes for track in tracks)]), where),
        scores=as_scores(np.concatenate([np.empty(0), *(track.scores for track in tracks)]), where),
        frames=np.concatenate([np.empty(0, np.int64), *(track.frames for track in tracks)]),
        labels=np.repeat(np.array([labels[track.label] for track in tracks], np.int32), counts),
        num_frames=num_frames,
        track_ids=np.repeat(numbered_ids([track.id for track in tracks]), counts) if tracks else None,
        label_names={label: name for name, label in labels.items()},
    )


def _identity(task: Any, place: fields.Place) -> tuple[int | str | None, str]:
    """Return the ID and the name of the video of a task."""
    data = fields.field(task, "data", place)
    paths = [value for value in data.values() if isinstance(value, str)] if isinstance(data, dict) else []
    number = task.get("id")
    return number, PurePosixPath(paths[0]).name if paths else str(number)


def _regions(task: Any, place: fields.Place) -> tuple[list[Any], fields.Place]:
    """Return the regions of a task and their location."""
    for key in ("annotations", "predictions"):
        entries = fields.items(task.get(key) or [], (*place, key))
        kept = [index for index, entry in enumerate(entries) if not _is_cancelled(entry)]
        if len(kept) > 1:
            raise ValueError(f"{fields.at((*place, key))}: found {len(kept)} sets of regions, expected one")
        if kept:
            own = (*place, key, kept[0], "result")
            return fields.items(fields.field(entries[kept[0]], "result", own[:-1]), own), own
    return [], place


def _is_cancelled(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("was_cancelled") is True


def _track(source: Source, region: Any, place: fields.Place, limit: int) -> _Track:
    """Return the track of a region, which has at most `limit` rows."""
    value = fields.field(region, "value", place)
    at_value = (*place, "value")
    names = fields.items(fields.field(value, "labels", at_value), (*at_value, "labels"))
    if len(names) != 1:
        raise ValueError(f"{fields.at((*at_value, 'labels'))}: found {len(names)} labels, expected one")
    sequence = fields.items(fields.field(value, "sequence", at_value), (*at_value, "sequence"))
    places: list[fields.Place] = [(*at_value, "sequence", index) for index in range(len(sequence))]
    scale = np.array([*_image_size(source, region, place)] * 2) / 100
    numbers, boxes, scores, enabled = [], [], [], []
    default = region.get("score", 1)
    for key_frame, own in zip(sequence, places, strict=True):
        numbers.append(fields.integer(fields.field(key_frame, "frame", own), (*own, "frame")))
        boxes.append([fields.number(fields.field(key_frame, side, own), (*own, side)) for side in _SIDES])
        score = key_frame.get("score", default)
        scores.append(fields.number(1 if score is None else score, (*own, "score")))
        enabled.append(key_frame.get("enabled", True) is not False)
        if fields.number(key_frame.get("rotation", 0), (*own, "rotation")) != 0:
            raise fields.unexpected(key_frame["rotation"], (*own, "rotation"), "0, an upright rectangle")
    frames = frames_in_memory(source, np.array(numbers, np.int64), lambda row: fields.at(places[row]), first=1)
    for row, (earlier, later) in enumerate(pairwise(frames.tolist())):
        if later <= earlier:
            raise fields.unexpected(numbers[row + 1], (*places[row + 1], "frame"), "key frames in ascending order")
    if len(frames) and frames[-1] - frames[0] > limit:
        raise fields.unexpected(numbers[-1], (*places[-1], "frame"), f"key frames within {limit} frames")
    length = count_frames(source, fields.optional_integer(value, "framesCount", at_value, 0))
    # A last key frame that is enabled lasts until the end of the video.
    until = np.where(enabled, np.append(frames[1:], max(length, frames[-1] + 1)), frames + 1) if len(frames) else frames
    lengths = until - frames
    if lengths.sum() > limit:
        raise ValueError(f"{fields.at(place)}: found {lengths.sum()} boxes, expected at most {limit}")
    key_of_row = np.repeat(np.arange(len(frames)), lengths)
    steps = np.arange(len(key_of_row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = frames[key_of_row] + steps
    sides = np.array(boxes, np.float64).reshape(-1, 4) * scale
    corners_from_sizes(sides, lambda row: fields.at(places[row]))  # names the key frame of a bad box
    return _Track(
        id=str(region.get("id", place[-1])),
        label=fields.text(names[0], (*at_value, "labels", 0)),
        boxes=np.stack([np.interp(rows, frames, side) for side in sides.T], axis=1) if len(frames) else sides,
        scores=np.array(scores, np.float64)[key_of_row],
        frames=rows,
        places=[places[key] for key in key_of_row.tolist()],
    )


def _image_size(source: Source, region: dict[str, Any], place: fields.Place) -> tuple[float, float]:
    if source.reading.image_size is not None:
        return source.reading.image_size
    if any(region.get(key) is None for key in _SIZE_KEYS):
        raise ValueError(
            f"{fields.at(place)}: found no original_width and original_height, expected image_size= or --image-size, "
            "the size that coordinates are percentages of"
        )
    width, height = (fields.number(region[key], (*place, key)) for key in _SIZE_KEYS)
    return width, height


FORMAT = Format(
    name="label-studio",
    layout="JSON list of tasks with data and annotations, whose results are regions of type videorectangle",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=None,
    names_videos=True,
)
