from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import trajtrack
from helpers.changed_json import write_changed
from trajtrack import Detections


def key_frame(frame: int, x: float, *, enabled: bool = True, **further: object) -> dict[str, Any]:
    box = {"x": x, "y": 20, "width": 10, "height": 5, "rotation": 0}
    return {"frame": frame, "enabled": enabled, "time": frame / 25, **box, **further}


def region(identity: str, label: str, *sequence: dict[str, Any]) -> dict[str, Any]:
    value = {"framesCount": 9, "duration": 0.36, "sequence": list(sequence), "labels": [label]}
    return {"id": identity, "type": "videorectangle", "from_name": "box", "to_name": "video", "value": value}


TASKS = [
    {
        "id": 5,
        "data": {"video": "/data/upload/1/0b1c-street.mp4"},
        "annotations": [
            {
                "id": 1,
                "was_cancelled": False,
                "result": [
                    region(
                        "tY7b",
                        "Car",
                        key_frame(1, 10),
                        key_frame(3, 30, enabled=False),
                        key_frame(6, 60, enabled=False),
                    ),
                    region("a2", "Bus", key_frame(2, 50, enabled=False, score=0.5)),
                    {"id": "c", "type": "timelinelabels", "value": {"ranges": []}},
                ],
            }
        ],
        "predictions": [],
    }
]


def read(path: Path, **arguments: object) -> Detections:
    return trajtrack.read(path, image_size=(200, 100), **arguments)  # type: ignore[arg-type]


@pytest.fixture
def changed(tmp_path: Path):
    return lambda *change: write_changed(tmp_path / "a.json", TASKS, *change)


def test_boxes_between_enabled_key_frames_are_interpolated(changed) -> None:
    assert read(changed(0, "meta", {})) == Detections(
        [[20, 20, 40, 25], [40, 20, 60, 25], [60, 20, 80, 25], [120, 20, 140, 25], [100, 20, 120, 25]],
        [1, 1, 1, 1, 0.5],
        [0, 1, 2, 5, 1],
        [1, 1, 1, 1, 0],
        num_frames=9,
        track_ids=[0, 0, 0, 0, 1],
        label_names={0: "Bus", 1: "Car"},
    )


def test_an_enabled_last_key_frame_lasts_until_the_end(changed) -> None:
    regions = [region("1", "Car", key_frame(6, 60))]
    found = read(changed(0, "annotations", 0, "result", regions))
    assert found.frames.tolist() == [5, 6, 7, 8]
    assert found.boxes.tolist() == [[120, 20, 140, 25]] * 4


def test_the_size_of_the_image_may_be_in_the_region(tmp_path: Path) -> None:
    one = region("1", "Car", key_frame(1, 10, enabled=False)) | {"original_width": 200, "original_height": 100}
    path = write_changed(tmp_path / "a.json", TASKS, 0, "annotations", 0, "result", [one])
    assert trajtrack.read(path).boxes.tolist() == [[20, 20, 40, 25]]


def test_predictions_are_read_if_there_is_no_annotation(tmp_path: Path) -> None:
    task = TASKS[0] | {
        "annotations": [],
        "predictions": [{"result": [region("1", "Car", key_frame(1, 10, enabled=False))]}],
    }
    (tmp_path / "a.json").write_text(json.dumps([task]))
    assert len(read(tmp_path / "a.json")) == 1


@pytest.mark.parametrize("video", ["0b1c-street.mp4", 5, "5"])
def test_the_video_is_chosen_by_file_or_task(tmp_path: Path, video: str | int) -> None:
    other = TASKS[0] | {"id": 6, "data": {"video": "/data/upload/1/other.mp4"}, "annotations": []}
    (tmp_path / "a.json").write_text(json.dumps([other, TASKS[0]]))
    assert len(read(tmp_path / "a.json", video=video)) == 5
    assert len(read(tmp_path / "a.json", video=6)) == 0


RESULT = (0, "annotations", 0, "result")
FIRST = (*RESULT, 0, "value", "sequence", 1)
AT = "[0].annotations[0].result[0].value.sequence[1]"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((*FIRST, "x", ...), f"{AT}.x: found no such key, expected one"),
        ((*FIRST, "rotation", 30), f"{AT}.rotation: found 30, expected 0, an upright rectangle"),
        ((*FIRST, "frame", 0), f"{AT}: found frame 0, expected frames from 1"),
        ((*FIRST, "frame", 1), f"{AT}.frame: found 1, expected key frames in ascending order"),
        ((*FIRST, "width", -1), f"{AT}: found x2 < x1 (w = -2), expected a width of at least 0"),
        (
            (*RESULT, 0, "value", "labels", []),
            "[0].annotations[0].result[0].value.labels: found 0 labels, expected one",
        ),
        ((0, "annotations", TASKS[0]["annotations"] * 2), "[0].annotations: found 2 sets of regions, expected one"),
    ],
)
def test_errors_name_file_and_place(changed, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"a.json, {message}")):
        read(changed(*change))


def test_without_a_size_the_file_is_refused(changed) -> None:
    with pytest.raises(ValueError, match=r"result\[0\]: found no original_width and original_height, expected image_s"):
        trajtrack.read(changed(0, "meta", {}))


def test_key_frames_far_apart_are_refused(tmp_path: Path) -> None:
    one = region("1", "Car", key_frame(1, 10), key_frame(2_000_000_000, 10))
    path = write_changed(tmp_path / "a.json", TASKS, 0, "annotations", 0, "result", [one])
    with pytest.raises(ValueError, match="found 2000000000, expected key frames within 1000000 frames"):
        read(path)
