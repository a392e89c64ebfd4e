"""An example file with several videos."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["write_two_videos"]


def write_two_videos(path: Path) -> None:
    """Write a COCO-VID file with the videos a, without boxes, and b, with one box in frame 4."""
    images = [{"id": 1, "video_id": 1, "frame_id": 0}, {"id": 2, "video_id": 2, "frame_id": 4}]
    box = {"id": 1, "image_id": 2, "category_id": 7, "instance_id": 0, "bbox": [10, 20, 40, 60]}
    videos = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    names = [{"id": 7, "name": "dog"}]
    path.write_text(json.dumps({"videos": videos, "images": images, "annotations": [box], "categories": names}))
