"""Detections in JSON and XML."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import trajtrack
from fuzz.mutations import damaged_json, damaged_xml, often, rarely
from fuzz.target import Files, Target
from fuzz.targets.tables import odd_numbering, read_anything

WRITTEN = ("vidor", "coco-vid", "tao", "youtube-vis", "coco-results", "scalabel")


@cache
def scene() -> trajtrack.Detections:
    """Return a video of two tracks and two named classes."""
    return trajtrack.Detections(
        boxes=[[10, 20, 50, 80], [12.5, 20, 52.25, 80], [100, 100, 110, 140], [101, 100, 111, 140]],
        scores=[0.9, 0.8, 1, 0.25],
        frames=[0, 2, 1, 2],
        labels=[0, 0, 2, 2],
        num_frames=4,
        track_ids=[0, 0, 3, 3],
        label_names={0: "person", 2: "dog"},
    )


@cache
def written(format: str) -> bytes:
    """Return the scene as the package writes it in a format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scene")
        trajtrack.write(path, scene(), format)
        return path.read_bytes()


@cache
def document(format: str) -> Any:
    """Return an honest document of a format; tests must not change it."""
    return json.loads(written(format)) if format in WRITTEN else _OTHERS[format]


_REGION = {
    "type": "videorectangle",
    "id": "a",
    "original_width": 640,
    "original_height": 480,
    "value": {
        "labels": ["dog"],
        "framesCount": 9,
        "sequence": [
            {"frame": 1, "x": 1, "y": 2, "width": 10, "height": 20, "rotation": 0, "enabled": True, "time": 0.04},
            {"frame": 5, "x": 3, "y": 2, "width": 10, "height": 20, "rotation": 0, "enabled": False, "time": 0.2},
        ],
    },
}

_OTHERS: dict[str, Any] = {
    "mmdet": [
        {"bboxes": [[1, 2, 30, 40], [5, 5, 9, 9]], "scores": [0.5, 1], "labels": [0, 3]},
        {"bboxes": [], "scores": [], "labels": []},
    ],
    "label-studio": [
        {
            "id": 1,
            "data": {"video": "https://a/b/c.mp4"},
            "annotations": [{"id": 3, "was_cancelled": False, "result": [_REGION, {"type": "choices", "value": {}}]}],
        }
    ],
    "scalabel-list": [
        {
            "name": f"a-{frame}.jpg",
            "videoName": "a",
            "labels": [{"category": "car", "id": "x", "box2d": box, "score": 1}],
        }
        for frame, box in enumerate([{"x1": 1, "y1": 2, "x2": 3, "y2": 4}] * 3)
    ],
    "centertrack": {
        "videos": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "b"}],
        "images": [
            {"id": 1, "video_id": 1, "frame_id": 1, "prev_image_id": -1, "next_image_id": 2},
            {"id": 2, "video_id": 1, "frame_id": 2, "prev_image_id": 1, "next_image_id": -1},
            {"id": 3, "video_id": 2, "frame_id": 1, "prev_image_id": -1, "next_image_id": -1},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "track_id": 1, "conf": 0.5, "my_prob": 1},
            {"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "track_id": 1, "conf": 1},
            {"id": 3, "image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "other_id": 1, "obscore": 1},
        ],
        "categories": [{"id": 1, "name": "person"}],
    },
}

_DETRAC = """<?xml version="1.0" encoding="utf-8"?>
<sequence name="MVI_1">
 <sequence_attribute camera_state="unstable"/>
 <ignored_region><box left="1" top="1" width="9" height="9"/></ignored_region>
 <frame density="2" num="1"><target_list>
  <target id="1"><box left="5.5" top="2" width="9" height="8"/><attribute vehicle_type="car" speed="2"/></target>
  <target id="2"><box left="50" top="2" width="9" height="8"/><attribute vehicle_type="tram" speed="2"/></target>
 </target_list></frame>
 <frame density="1" num="3"><target_list>
  <target id="1"><box left="6" top="2" width="9" height="8"/><attribute vehicle_type="car" speed="2"/></target>
 </target_list></frame>
</sequence>
"""


def _json_target(format: str) -> Target:
    def make(rng: Random) -> Files:
        return {"in.json" if often(rng) else "in.dat": damaged_json(rng, document(format))}

    def read(folder: Path, files: Files, rng: Random) -> None:
        name = {"scalabel-list": "scalabel", "centertrack": "coco-vid"}.get(format, format)
        options = odd_numbering(rng)
        if often(rng) and document(format) is _OTHERS.get("centertrack"):
            options["video"] = rng.choice(("a", "b", 1, 2))
        trajtrack.read(folder / next(iter(files)), name if rng.random() < 0.5 else None, **options)

    return Target(format, make, read)


def _mixed_json(rng: Random) -> Files:
    """Make a document of parts of two formats."""
    first, second = (document(rng.choice((*WRITTEN, *_OTHERS))) for _ in range(2))
    if isinstance(first, dict) and isinstance(second, dict):
        mixed: Any = {**first, **{key: second[key] for key in second if often(rng)}}
    else:
        mixed = [first, second] if rarely(rng) else [*first, *second]
    return {"in.json": damaged_json(rng, mixed)}


def _mmdet_folder(rng: Random) -> Files:
    names = rng.sample(("a_0.json", "a_1.json", "a_2.json", "a_12.json"), 3)
    if rarely(rng):
        names[-1] = rng.choice(("b.json", "b_3.json", "7.json", "a\x1b_4.json", "\u202e3.json"))
    files = {name: json.dumps(rng.choice(document("mmdet"))).encode() for name in names}
    chosen = rng.choice(names)
    return {**files, chosen: damaged_json(rng, rng.choice(document("mmdet")))}


def _read_folder(folder: Path, files: Files, rng: Random) -> None:
    trajtrack.read(folder, rng.choice((None, "mmdet")), **odd_numbering(rng))


def _xml_target(name: str, text: Callable[[], str]) -> Target:
    def make(rng: Random) -> Files:
        return {"in.xml" if often(rng) else "in.txt": damaged_xml(rng, text())}

    return Target(name, make, read_anything)


TARGETS: Sequence[Target] = (
    *(_json_target(format) for format in (*WRITTEN, *_OTHERS)),
    Target("mixed-json", _mixed_json, read_anything),
    Target("mmdet-folder", _mmdet_folder, _read_folder),
    _xml_target("cvat", lambda: written("cvat").decode()),
    _xml_target("detrac", lambda: _DETRAC),
)
