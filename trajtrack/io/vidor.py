"""VidOR and VidVRD annotations: one JSON file per video.

``trajectories[frame]`` lists the boxes of a frame as ``{"tid": 0, "bbox": {"xmin", "ymin", "xmax", "ymax"},
"generated": 0}``, and ``subject/objects`` gives each ``tid`` its category.

Reading
    Corners are unchanged; IDs are the ``tid``; the score of a box is its ``score``, default 1. The video has
    ``frame_count`` frames, or as many as ``trajectories`` if those are more. Rows are sorted by frame, and within a
    frame in the order of the file. Labels are indices into `CATEGORIES`; other categories get the next free labels in
    order of appearance.

Writing
    Rows are sorted by frame, and rows of a frame keep their order; reading returns them in that order. Values that are
    not part of the layout are stored under additional keys, which readers of the datasets ignore: ``score`` of a box,
    if any score is not 1; ``category`` of a box without ``tid`` or with another label than its ``tid``;
    ``categories``, the label names by number, if they are not `CATEGORIES`. A label without a name is written as its
    number. The layout lists every frame, so `num_frames` is limited to 10 million.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

import numpy as np

from trajtrack.detections import Detections
from trajtrack.files import json_fields as fields
from trajtrack.io.checks import as_corners, as_scores, track_ids_or_none, track_ids_to_write
from trajtrack.io.format import Format, Source
from trajtrack.io.videos import choose_video
from trajtrack.printable import shown

__all__ = ["CATEGORIES", "FORMAT"]

_VIDOR = (
    "adult aircraft antelope baby baby_seat baby_walker backpack ball/sports_ball bat bear bench "
    "bicycle bird bottle bread bus/truck cake camel camera car cat cattle/cow cellphone chair chicken "
    "child crab crocodile cup dish dog duck electric_fan elephant faucet fish frisbee fruits guitar "
    "hamster/rat handbag horse kangaroo laptop leopard lion microwave motorcycle oven panda penguin "
    "piano pig rabbit racket refrigerator scooter screen/monitor sheep/goat sink skateboard ski snake "
    "snowboard sofa squirrel stingray stool stop_sign suitcase surfboard table tiger toilet toy "
    "traffic_light train turtle vegetables watercraft"
)

_ONLY_IN_VIDVRD = (
    "airplane ball bus cattle domestic_cat fox giant_panda hamster lizard monkey person red_panda sheep whale zebra"
)

CATEGORIES = (*_VIDOR.split(), *_ONLY_IN_VIDVRD.split())
"""The 80 categories of VidOR in alphabetical order, then the 15 that only VidVRD has. The label of each is its index in
every file of both datasets, so labels can be compared between files."""

_NAMES = dict(enumerate(CATEGORIES))
_OBJECTS = "subject/objects"
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_MAX_WRITTEN_FRAMES = 10_000_000
_INT32 = np.iinfo(np.int32)
_MAX_ID = 2**63 - 1

Category = str | int


def _recognise(source: Source) -> bool:
    return source.has_keys("trajectories")


def _decode(source: Source) -> Detections:
    document = source.document
    frames_of_boxes = fields.items(fields.field(document, "trajectories", ()), ("trajectories",))
    _check_video(document, source)
    categories = _categories_by_id(document)
    places: list[tuple[str, int, int]] = []
    corners: list[list[float]] = []
    scores: list[float] = []
    ids: list[int] = []
    found: list[Category] = []
    for frame, boxes in enumerate(frames_of_boxes):
        for index, box in enumerate(fields.items(boxes, ("trajectories", frame))):
            place = ("trajectories", frame, index)
            sides = fields.field(box, "bbox", place)
            side_place = (*place, "bbox")
            corners.append(
                [fields.number(fields.field(sides, side, side_place), (*side_place, side)) for side in _SIDES]
            )
            scores.append(fields.number(box.get("score", 1), (*place, "score")))
            ids.append(fields.optional_integer(box, "tid", place, -1))
            found.append(_category_of(box, ids[-1], categories, place))
            places.append(place)

    def where(row: int) -> str:
        return fields.at(places[row])

    def where_box(row: int) -> str:
        return fields.at((*places[row], "bbox"))

    names = _own_names(document)
    numbers = _numbered([*categories.values(), *found], _NAMES if names is None else names)
    frame_count = fields.optional_integer(document, "frame_count", (), 0)
    return Detections(
        boxes=as_corners(np.array(corners, np.float64).reshape(-1, 4), where_box),
        scores=as_scores(np.array(scores, np.float64), where),
        frames=np.array([place[1] for place in places], np.int32),
        labels=np.array([numbers[category] for category in found], np.int32),
        num_frames=max(frame_count, len(frames_of_boxes)),
        track_ids=track_ids_or_none(np.array(ids, np.int64)),
        label_names={number: name for name, number in numbers.items() if isinstance(name, str)}
        if names is None
        else names,
    )


def _check_video(document: dict[str, Any], source: Source) -> None:
    if source.video is not None:
        name = document.get("video_id")
        choose_video([(name, str(name))], source.video)


def _categories_by_id(document: dict[str, Any]) -> dict[int, Category]:
    categories: dict[int, Category] = {}
    for index, entry in enumerate(fields.items(fields.field(document, _OBJECTS, ()), (_OBJECTS,))):
        place = (_OBJECTS, index)
        number = fields.integer(fields.field(entry, "tid", place), (*place, "tid"))
        if number in categories:
            raise fields.unexpected(number, (*place, "tid"), "a tid that no other entry has")
        categories[number] = _as_category(fields.field(entry, "category", place), (*place, "category"))
    return categories


def _as_category(value: Any, place: fields.Place) -> Category:
    if isinstance(value, str):
        return value
    if type(value) is int and _INT32.min <= value <= _INT32.max:
        return value
    raise fields.unexpected(value, place, "the name of a category")


def _category_of(box: dict[str, Any], number: int, categories: dict[int, Category], place: fields.Place) -> Category:
    if "category" in box:
        return _as_category(box["category"], (*place, "category"))
    if number == -1:
        raise ValueError(f"{fields.at((*place, 'tid'))}: found no such key, expected a tid, or a category of the box")
    try:
        return categories[number]
    except KeyError:
        raise fields.unexpected(number, (*place, "tid"), f"a tid of {_OBJECTS}") from None


def _own_names(document: dict[str, Any]) -> dict[int, str] | None:
    """Return the label names that `_encode` wrote, or None if the file has none."""
    if "categories" not in document:
        return None
    names: dict[int, str] = {}
    for index, entry in enumerate(fields.items(document["categories"], ("categories",))):
        place = ("categories", index)
        number = fields.integer(fields.field(entry, "id", place), (*place, "id"), _INT32.min, _INT32.max)
        name = fields.text(fields.field(entry, "name", place), (*place, "name"))
        if names.setdefault(number, name) != name:
            raise fields.unexpected(name, (*place, "name"), f"{shown(names[number])}, as category {number} has before")
    return names


def _numbered(categories: Iterable[Category], names: dict[int, str]) -> dict[Category, int]:
    """Return the label of each category: the number itself, the label of the name, or the next free one."""
    labels: dict[Category, int] = {name: number for number, name in names.items()}
    distinct = dict.fromkeys(categories)
    labels |= {category: category for category in distinct if isinstance(category, int)}
    taken = {*labels.values(), *names}
    free = (label for label in count(len(CATEGORIES)) if label not in taken)
    return labels | {category: next(free) for category in distinct if category not in labels}


def _encode(detections: Detections, video: str) -> bytes:
    if detections.num_frames > _MAX_WRITTEN_FRAMES:
        raise ValueError(
            f"num_frames: found {detections.num_frames}, expected at most {_MAX_WRITTEN_FRAMES}: "
            "VidOR files list every frame"
        )
    ids = track_ids_to_write(detections, _MAX_ID).tolist()
    labels = detections.labels.tolist()
    names = detections.label_names
    # A name that two labels share would be ambiguous.
    shared = len(set(names.values())) < len(names)
    categories: list[Category] = [label if shared else names.get(label, label) for label in labels]
    of_id: dict[int, Category] = {}
    for number, category in zip(ids, categories, strict=True):
        if number >= 0:
            of_id.setdefault(number, category)
    scored = bool((detections.scores != 1).any())
    scores = fields.short_numbers(detections.scores)
    sides = zip(*(fields.short_numbers(detections.boxes[:, side]) for side in range(4)), strict=True)
    trajectories: list[list[dict[str, Any]]] = [[] for _ in range(detections.num_frames)]
    for row, (frame, corners) in enumerate(zip(detections.frames.tolist(), sides, strict=True)):
        box: dict[str, Any] = {"bbox": dict(zip(_SIDES, corners, strict=True)), "generated": 1}
        if ids[row] >= 0:
            box["tid"] = ids[row]
        if of_id.get(ids[row]) != categories[row]:
            box["category"] = categories[row]
        if scored:
            box["score"] = scores[row]
        trajectories[frame].append(box)
    document: dict[str, Any] = {
        "version": "VERSION 1.0",
        "video_id": video,
        "frame_count": detections.num_frames,
        _OBJECTS: [{"tid": number, "category": of_id[number]} for number in sorted(of_id)],
        "trajectories": trajectories,
        "relation_instances": [],
    }
    if names != _NAMES:
        document["categories"] = [{"id": label, "name": name} for label, name in names.items()]
    return json.dumps(document).encode()


FORMAT = Format(
    name="vidor",
    layout="JSON with trajectories and subject/objects, of one video (VidOR, VidVRD)",
    suffixes=(".json",),
    recognise=_recognise,
    decode=_decode,
    encode=_encode,
    names_videos=True,
    numbers_frames=False,
)
