"""Small synthetic annotations in ImageNet-VidVRD's layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Box = tuple[float, float, float, float]


def document(
    objects: dict[int, tuple[str, dict[int, Box]]],
    relations: list[tuple[int, str, int, int, int]],
    num_frames: int = 90,
    name: str = "video",
) -> dict[str, Any]:
    """Return an annotation of objects {tid: (category, {frame: box})} and of relations as in the file."""
    return {
        "video_id": name,
        "width": 400,
        "height": 200,
        "fps": 30,
        "frame_count": num_frames,
        "subject/objects": [{"tid": tid, "category": category} for tid, (category, _) in objects.items()],
        "trajectories": [
            [
                {
                    "tid": tid,
                    "generated": 0,
                    "bbox": dict(zip(("xmin", "ymin", "xmax", "ymax"), boxes[frame], strict=True)),
                }
                for tid, (_, boxes) in objects.items()
                if frame in boxes
            ]
            for frame in range(num_frames)
        ],
        "relation_instances": [
            {"subject_tid": subject, "predicate": predicate, "object_tid": other, "begin_fid": begin, "end_fid": end}
            for subject, predicate, other, begin, end in relations
        ],
    }


def still(box: Box, num_frames: int = 90) -> dict[int, Box]:
    """Return the track of an object that does not move."""
    return dict.fromkeys(range(num_frames), box)


def two_dogs(name: str = "video", swapped: bool = False) -> dict[str, Any]:
    """Return a large dog left of a small one and in front of it, and a ball above; or the mirror image."""
    left, right = (20, 80, 120, 180), (260, 60, 320, 100)
    large, small = (((280, 80, 380, 180), (80, 60, 140, 100))) if swapped else (left, right)
    side, opposite = ("right", "left") if swapped else ("left", "right")
    return document(
        {0: ("dog", still(large)), 1: ("dog", still(small)), 2: ("ball", still((190, 5, 210, 25)))},
        [
            (0, f"stand_{side}", 1, 0, 90),
            (1, f"walk_{opposite}", 0, 0, 45),
            (1, f"sit_{opposite}", 0, 45, 90),
            (0, "stand_front", 1, 0, 90),
            (0, "larger", 1, 0, 90),
            (0, "watch", 2, 0, 90),
            (0, f"stand_{side}", 2, 0, 90),
            (1, f"walk_{opposite}", 2, 0, 45),
        ],
        name=name,
    )


def write_videos(folder: Path, count: int) -> Path:
    """Write a folder of annotations, every other one mirrored."""
    folder.mkdir()
    for number in range(count):
        name = f"film{number:02}"
        (folder / f"{name}.json").write_text(json.dumps(two_dogs(name, swapped=number % 2 == 1)))
    return folder
