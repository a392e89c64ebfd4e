from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import trajtrack
from helpers.changed_json import write_changed
from trajtrack import Detections

BOX = {"x1": 10, "y1": 20, "x2": 40.5, "y2": 60}
FRAMES: list[dict[str, Any]] = [
    {
        "name": "b1c66a42-6f7d68ca-0000001.jpg",
        "videoName": "b1c66a42-6f7d68ca",
        "frameIndex": 0,
        "attributes": {"weather": "clear"},
        "labels": [
            {"id": "7", "category": "car", "attributes": {"occluded": False}, "box2d": BOX},
            {"id": "9", "category": "lane", "poly2d": [{"vertices": [[0, 0], [1, 1]], "closed": False}]},
        ],
    },
    {
        "name": "b1c66a42-6f7d68ca-0000003.jpg",
        "videoName": "b1c66a42-6f7d68ca",
        "frameIndex": 2,
        "labels": [{"id": "8", "category": "bus", "score": 0.5, "box2d": BOX}],
    },
    {"name": "b1c66a42-6f7d68ca-0000005.jpg", "videoName": "b1c66a42-6f7d68ca", "frameIndex": 4, "labels": None},
]
EXPECTED = Detections(
    [[10, 20, 40.5, 60]] * 2, [1, 0.5], [0, 2], [1, 0], num_frames=5, track_ids=[7, 8], label_names={0: "bus", 1: "car"}
)


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_frames_with_their_boxes_are_read(tmp_path: Path) -> None:
    assert trajtrack.read(write(tmp_path / "a.json", FRAMES)) == EXPECTED
    assert trajtrack.read(write(tmp_path / "a.json", {"frames": FRAMES})) == EXPECTED


def test_categories_are_numbered_as_configured(tmp_path: Path) -> None:
    config = {"categories": [{"name": "person"}, {"name": "vehicle", "subcategories": [{"name": "car"}]}]}
    read = trajtrack.read(write(tmp_path / "a.json", {"frames": FRAMES, "config": config}))
    assert read.label_names == {0: "person", 1: "vehicle", 2: "car", 3: "bus"}
    assert read.labels.tolist() == [2, 3]


def test_without_a_frame_index_the_name_has_the_number_from_one(tmp_path: Path) -> None:
    frames = [{key: value for key, value in frame.items() if key != "frameIndex"} for frame in FRAMES]
    assert trajtrack.read(write(tmp_path / "a.json", frames)) == EXPECTED


def test_identities_that_are_no_numbers_count_in_order_of_appearance(tmp_path: Path) -> None:
    path = write_changed(tmp_path / "a.json", FRAMES, 1, "labels", 0, "id", "a-1")
    assert trajtrack.read(path).track_ids.tolist() == [0, 1]  # type: ignore[union-attr]


def test_the_video_is_chosen_by_name(tmp_path: Path) -> None:
    path = write_changed(tmp_path / "a.json", FRAMES, 1, "videoName", "other")
    assert trajtrack.read(path, video="other").frames.tolist() == [2]
    with pytest.raises(ValueError, match="videos: found 2, expected video= or --video-name to choose one of"):
        trajtrack.read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((0, "labels", 0, "box2d", "x2", ...), "[0].labels[0].box2d.x2: found no such key, expected one"),
        ((0, "labels", 0, "box2d", "x2", 1), "[0].labels[0]: found x2 < x1 (x1 = 10, x2 = 1), expected x1 <= x2"),
        ((0, "labels", 0, "category", ...), "[0].labels[0].category: found no such key, expected one"),
        ((0, "labels", 0, "id", 1.5), "[0].labels[0].id: found 1.5, expected an integer"),
        ((1, "labels", 5), "[1].labels: found 5, expected a list"),
        ((1, "frameIndex", -1), "[1].frameIndex: found -1, expected an integer from 0"),
        ((1, "videoName", 3), "[1].videoName: found 3, expected a string"),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"a.json, {message}")):
        trajtrack.read(write_changed(tmp_path / "a.json", FRAMES, *change))


def test_a_frame_without_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\[0\].name: found 'a.jpg', expected a name with the number of the frame"):
        trajtrack.read(write(tmp_path / "a.json", [{"name": "a.jpg", "labels": []}]))


def test_frames_of_several_videos_without_their_names_are_refused(tmp_path: Path) -> None:
    frames = [{"name": "v-1.jpg", "labels": []}, {"name": "w-2.jpg", "labels": []}]
    with pytest.raises(
        ValueError, match=r"\[1\]\.name: found 'w-2\.jpg', expected a name that differs from 'v-1' only"
    ):
        trajtrack.read(write(tmp_path / "a.json", frames))


def test_the_written_layout(tmp_path: Path) -> None:
    written = Detections([[10, 20, 40, 60]], [0.5], [2], [4], track_ids=[7], label_names={4: "car"})
    trajtrack.write(tmp_path / "beach.json", written, "scalabel")
    assert json.loads((tmp_path / "beach.json").read_text()) == {
        "frames": [
            {
                "name": "beach-0000003.jpg",
                "videoName": "beach",
                "frameIndex": 2,
                "labels": [
                    {"category": "car", "score": 0.5, "id": "7", "box2d": {"x1": 10, "y1": 20, "x2": 40, "y2": 60}}
                ],
            }
        ],
        "config": {"categories": [{"name": "car"}]},
    }


def test_scalabel_reads_what_is_written(tmp_path: Path) -> None:
    loading = pytest.importorskip("scalabel.label.io")
    trajtrack.write(tmp_path / "a.json", EXPECTED, "scalabel")
    dataset = loading.load(str(tmp_path / "a.json"))
    assert [frame.frameIndex for frame in dataset.frames] == [0, 2]
    assert [label.id for frame in dataset.frames for label in frame.labels] == ["7", "8"]
