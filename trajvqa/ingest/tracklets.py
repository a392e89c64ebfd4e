"""Published trajectories for VidOR and VidVRD, one file per video.

VidVRD-tracklets and VidSGG-BIG (MEGA and deepSORT): ``{group}_{video}.npy`` with one entry per box. An entry is
``[frame, id, x, y, w, h]`` with the tracker's box: left, top, width and height in pixels. If it has a detection,
``[confidence, category, x, y, w, h]`` of the detector follow, and optionally the RoI features of the box. Category 1 is
the first of `MEGA_CLASSES`, 0 is the background.

OpenVoc-VidVRD (VinVL and Seq-NMS): ``{group}_{video}.json`` with an entry for each segment of 30 frames, named
``{group}_{video}-0030-0060`` after its first frame and the one after its last. A segment lists its tracklets:
``fstart``, the first frame within the segment; ``bboxes``, corners in pixels, one row per frame; ``score``; and either
``label``, a class number of VinVL, or ``class``, a name. ``n_trajs`` has the number of tracklets of each segment. The
features, averaged over the boxes, are in ``{group}_{video}_traj_features.npy``, with one row per tracklet in the order
of the segments.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections
from trajtrack.files import json_fields as fields
from trajtrack.printable import printable_errors, shown
from trajvqa.ingest.pickled_arrays import read_array
from trajvqa.ingest.tracks import TrackedVideo

__all__ = ["MEGA_CLASSES", "read_mega_tracklets", "read_seq_nms_tracklets", "video_of_file"]

_MEGA = (
    "bread cake dish fruits vegetables crab backpack camera cellphone handbag laptop suitcase ball/sports_ball bat "
    "frisbee racket skateboard ski snowboard surfboard toy baby_seat bottle chair cup electric_fan faucet microwave "
    "oven refrigerator screen/monitor sink sofa stool table toilet guitar piano baby_walker bench stop_sign "
    "traffic_light aircraft bicycle bus/truck car motorcycle scooter train watercraft bird chicken duck penguin fish "
    "stingray crocodile snake turtle antelope bear camel cat cattle/cow dog elephant hamster/rat horse kangaroo "
    "leopard lion panda pig rabbit sheep/goat squirrel tiger adult baby child"
)

MEGA_CLASSES = tuple(_MEGA.split())
"""VidOR's categories in the order of VidSGG-BIG, which numbers them from 1."""

_MEGA_NAMES = dict(enumerate(MEGA_CLASSES, start=1))
_GROUPED = re.compile(r"\d{4}_(\d+)")
_TRACKED, _DETECTED = 6, 12
_MAX_INT32 = 2**31 - 1
_MAX_IN_BOX = 1e9
_MAX_FLOAT32 = float(np.finfo(np.float32).max)
_PLAIN = {int, float, bool}


def video_of_file(path: str | os.PathLike[str]) -> str:
    """Return the video ID of a file: its name without suffix and without VidOR's four-digit group prefix."""
    stem = Path(path).stem
    grouped = _GROUPED.fullmatch(stem)
    return stem if grouped is None else grouped[1]


@printable_errors
def read_mega_tracklets(path: str | os.PathLike[str]) -> TrackedVideo:
    """Read a ``.npy`` of VidVRD-tracklets or VidSGG-BIG.

    As in the published code, only entries with a detection are used, boxes are the tracker's, and labels are the most
    frequent category; background tracklets are omitted. Scores are the sums of the detections' confidences. Features
    are the means of the RoI features, if the file has them. The video is assumed to end with the last box, because the
    file does not contain its length.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        The message names the file, the entry, what was found and what was expected.
    """
    entries = read_array(path)
    source = os.fspath(path)
    if entries.ndim not in (1, 2):
        raise ValueError(f"{source}: found shape {entries.shape}, expected one entry per box")
    tracks: dict[int, list[NDArray[np.float64]]] = {}
    size = _DETECTED
    for row, entry in enumerate(entries):
        values = _numbers(entry, f"{source}: entry {row}")
        if len(values) == _TRACKED:
            continue
        if len(values) < _DETECTED or (tracks and len(values) != size):
            expected = f"6 or {size}" if tracks else "6, 12 or more"
            raise ValueError(f"{source}: entry {row}: found {len(values)} numbers, expected {expected}")
        size = len(values)
        tracks.setdefault(int(values[1]), []).append(values)
    tables = [_by_frame(np.stack(rows)) for rows in tracks.values()]
    categories = [_most_frequent(table[:, 7].astype(np.int64)) for table in tables]
    kept = [table for table, category in zip(tables, categories, strict=True) if category > 0]
    return TrackedVideo(
        video=video_of_file(path),
        num_frames=max((int(table[-1, 0]) + 1 for table in kept), default=0),
        frames=tuple(table[:, 0].astype(np.int32) for table in kept),
        boxes=tuple(
            np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:6]], axis=1).astype(np.float32) for table in kept
        ),
        labels=np.array([category for category in categories if category > 0], np.int64),
        scores=np.array([table[:, 6].sum() for table in kept], np.float32),
        label_names=_MEGA_NAMES,
        features=None
        if size == _DETECTED
        else np.array([table[:, _DETECTED:].mean(axis=0) for table in kept], np.float32).reshape(-1, size - _DETECTED),
    )


def _numbers(entry: Any, where: str) -> NDArray[np.float64]:
    plain = isinstance(entry, np.ndarray) or (isinstance(entry, list | tuple) and set(map(type, entry)) <= _PLAIN)
    # NumPy would follow lists within lists, which in a damaged file may lead back to themselves.
    values = np.asarray(entry, np.float64) if plain else np.empty((0, 0))
    if values.ndim != 1 or not np.abs(values).max(initial=0) <= _MAX_FLOAT32:
        raise ValueError(f"{where}: found {type(entry).__name__}, expected a list of finite numbers")
    if len(values) >= _DETECTED:
        frame, track, category = values[[0, 1, 7]]
        if frame < 0 or category < 0:
            raise ValueError(f"{where}: found frame {frame:g} and category {category:g}, expected at least 0")
        if max(frame, abs(track), category) > _MAX_INT32:
            raise ValueError(
                f"{where}: found frame {frame:g}, ID {track:g} and category {category:g}, expected at most {_MAX_INT32}"
            )
        # The corners and the sum of the scores are computed from these, and must fit float32.
        largest = np.abs(values[2:_DETECTED]).max()
        if largest > _MAX_IN_BOX:
            raise ValueError(f"{where}: found {largest:g} in a box or score, expected at most {_MAX_IN_BOX:g}")
    return values


def _most_frequent(categories: NDArray[np.int64]) -> int:
    """Return the most frequent category, the lowest of equally frequent ones."""
    values, counts = np.unique(categories, return_counts=True)
    return int(values[counts.argmax()])


def _by_frame(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return table[np.argsort(table[:, 0], kind="stable")]


@printable_errors
def read_seq_nms_tracklets(
    path: str | os.PathLike[str], features: str | os.PathLike[str] | None = None
) -> TrackedVideo:
    """Read a ``.json`` of OpenVoc-VidVRD; its tracklets of at most 30 frames are not joined.

    Parameters
    ----------
    path
        The file. The video is assumed to end with the last box, because the file does not contain its length.
    features
        The corresponding file of features. Default: no features are read.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        The message names the file, the position in it, what was found and what was expected.
    """
    source = os.fspath(path)
    try:
        tracklets = _seq_nms_tracklets(fields.parse(Path(path).read_bytes()))
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    numbers = {name: number for number, name in enumerate(dict.fromkeys(t.name for t in tracklets if t.name))}
    pooled = None if features is None else read_array(features)
    if pooled is not None and (pooled.ndim != 2 or len(pooled) != len(tracklets) or pooled.dtype.kind != "f"):
        raise ValueError(
            f"{os.fspath(features or '')}: found {pooled.dtype} of shape {pooled.shape}, expected float numbers of "
            f"shape ({len(tracklets)}, D), one row for each tracklet of {source}"
        )
    return TrackedVideo(
        video=video_of_file(path),
        num_frames=max((t.start + len(t.boxes) for t in tracklets), default=0),
        frames=tuple(np.arange(t.start, t.start + len(t.boxes), dtype=np.int32) for t in tracklets),
        boxes=tuple(t.boxes for t in tracklets),
        labels=np.array([numbers[t.name] if t.name else t.label for t in tracklets], np.int64),
        scores=np.array([t.score for t in tracklets], np.float32),
        label_names={number: name for name, number in numbers.items()},
        features=pooled,
    )


@dataclass(frozen=True, eq=False)
class _Tracklet:
    start: int
    boxes: NDArray[np.float32]
    score: float
    label: int
    name: str


def _seq_nms_tracklets(document: Any) -> list[_Tracklet]:
    counts = fields.items(fields.field(document, "n_trajs", ()), ("n_trajs",))
    segments = [name for name in document if name != "n_trajs"]
    if len(counts) != len(segments):
        raise ValueError(f"n_trajs: found {len(counts)} counts, expected {len(segments)}, one per segment")
    tracklets: list[_Tracklet] = []
    for name, count in zip(segments, counts, strict=True):
        entries = fields.items(document[name], (name,))
        if count != len(entries):
            raise ValueError(f"n_trajs: found {count} for {name}, expected {len(entries)}, the number of its tracklets")
        first = _first_frame(name)
        tracklets += [_tracklet(entry, (name, index), first) for index, entry in enumerate(entries)]
    return tracklets


def _first_frame(segment: str) -> int:
    parts = segment.rsplit("-", 2)
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise ValueError(f"{segment}: found this segment name, expected VIDEO-FIRST-END")
    if len(parts[1]) > len(str(_MAX_INT32)) or int(parts[1]) >= _MAX_INT32:
        raise ValueError(f"{shown(segment)}: found this first frame, expected one below {_MAX_INT32}")
    return int(parts[1])


def _tracklet(entry: Any, place: fields.Place, first: int) -> _Tracklet:
    start = "fstarts" if isinstance(entry, dict) and "fstarts" in entry else "fstart"
    corners = fields.items(fields.field(entry, "bboxes", place), (*place, "bboxes"))
    rows: list[list[float]] = []
    for row, box in enumerate(corners):
        box_place = (*place, "bboxes", row)
        sides = fields.items(box, box_place)
        if len(sides) != 4:
            raise ValueError(f"{fields.at(box_place)}: found {len(sides)} numbers, expected x1, y1, x2, y2")
        rows.append([fields.number(side, (*box_place, index)) for index, side in enumerate(sides)])
    if not rows:
        raise ValueError(f"{fields.at((*place, 'bboxes'))}: found no box, expected one per frame")
    try:
        boxes = Detections(rows, np.ones(len(rows)), np.arange(len(rows))).boxes
    except ValueError as error:
        raise ValueError(f"{fields.at((*place, 'bboxes'))}: {error}") from error
    name = fields.text(entry["class"], (*place, "class")) if "class" in entry else ""
    latest = max(_MAX_INT32 - first - len(rows) + 1, 0)
    return _Tracklet(
        start=first + fields.integer(fields.field(entry, start, place), (*place, start), high=latest),
        boxes=boxes,
        score=_score(fields.field(entry, "score", place), (*place, "score")),
        label=0 if name else fields.integer(fields.field(entry, "label", place), (*place, "label"), high=_MAX_INT32),
        name=name,
    )


def _score(value: Any, place: fields.Place) -> float:
    score = fields.number(value, place)
    if abs(score) > _MAX_FLOAT32:
        raise fields.unexpected(value, place, "a score within the range of float32")
    return score
