from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import trajtrack
from helpers.changed_json import write_changed
from trajtrack import Detections

DATASET = {
    "videos": [
        {"id": 1, "length": 2, "file_names": ["0043f083b5/00000.jpg", "0043f083b5/00005.jpg"]},
        {"id": 2, "length": 4, "name": "street"},
    ],
    "annotations": [
        {"id": 7, "video_id": 2, "category_id": 40, "iscrowd": 0, "bboxes": [None, [1, 2, 3.5, 4], None, [5, 6, 7, 8]]},
        {"id": 8, "video_id": 1, "category_id": 1, "bboxes": [[0, 0, 1, 1], None]},
        {"id": 9, "video_id": 2, "category_id": 1, "bboxes": [[9, 9, 1, 1], None, None, None], "score": 0.5},
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 40, "name": "dog"}],
}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    return partial(write_changed, tmp_path / "vis.json", DATASET)


def test_a_track_of_an_unknown_video_is_refused(changed) -> None:
    with pytest.raises(ValueError, match=r"annotations\[1\]\.video_id: found '1', expected the ID of a video"):
        trajtrack.read(changed("annotations", 1, "video_id", "1"), video="street")


def test_a_row_is_a_box_that_is_not_null(changed) -> None:
    expected = Detections(
        [[1, 2, 4.5, 6], [5, 6, 12, 14], [9, 9, 10, 10]],
        [1, 1, 0.5],
        [1, 3, 0],
        labels=[40, 40, 1],
        num_frames=4,
        track_ids=[6, 6, 8],
        label_names={1: "person", 40: "dog"},
    )
    assert trajtrack.read(changed("info", {}), video="street") == expected


def test_scores_of_boxes_take_precedence_over_the_score_of_the_track(changed) -> None:
    path = changed("annotations", 2, "scores", [0.25, None, None, None])
    assert trajtrack.read(path, video="street").scores.tolist() == [1, 1, 0.25]


def test_a_track_may_list_more_frames_than_the_length(changed) -> None:
    assert trajtrack.read(changed("videos", 1, "length", 2), video="street").num_frames == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("annotations", None), "annotations: found None, expected a list"),
        (("annotations", 0, "bboxes", ...), "annotations[0].bboxes: found no such key, expected one"),
        (
            ("annotations", 0, "bboxes", 1, [1, 2]),
            "annotations[0].bboxes[1]: found 2 numbers, expected left, top, width",
        ),
        (("annotations", 0, "bboxes", 3, 2, -1), "annotations[0].bboxes[3]: found x2 < x1 (w = -1), expected a width"),
        (("annotations", 0, "bboxes", 3, 2, "a"), "annotations[0].bboxes[3][2]: found 'a', expected a finite number"),
        (("annotations", 0, "id", 0.5), "annotations[0].id: found 0.5, expected an integer from 0"),
        (
            ("annotations", 2, "id", 7),
            "annotations[2].id: found 7, expected an ID that no other annotation of the video",
        ),
        (("annotations", 2, "scores", []), "annotations[2].scores[0]: found None, expected a finite number"),
        (("annotations", 2, "category_id", ...), "annotations[2].category_id: found no such key, expected one"),
    ],
)
def test_errors_name_file_and_place(changed, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"vis.json, {message}")):
        trajtrack.read(changed(*change), video="street")


def test_the_written_layout_is_that_of_the_dataset(tmp_path: Path) -> None:
    written = Detections(
        [[5, 6, 12, 14], [1, 2, 4.5, 6], [3, 4, 8.5, 10]],
        [0.5, 0.25, 0],
        [3, 1, 2],
        labels=[40] * 3,
        num_frames=5,
        track_ids=[0] * 3,
        label_names={40: "dog </script>"},
    )
    trajtrack.write(tmp_path / "street.json", written, "youtube-vis")
    assert json.loads((tmp_path / "street.json").read_text()) == {
        "info": {},
        "videos": [{"id": 1, "name": "street", "length": 5}],
        "annotations": [
            {
                "id": 1,
                "video_id": 1,
                "category_id": 40,
                "iscrowd": 0,
                "score": 0.375,
                "bboxes": [None, [1, 2, 3.5, 4], [3, 4, 5.5, 6], [5, 6, 7, 8], None],
                "areas": [None, 14.0, 33.0, 56.0, None],
                "scores": [None, 0.25, 0, 0.5, None],
            }
        ],
        "categories": [{"id": 40, "name": "dog </script>"}],
        "licenses": [],
    }


def test_the_score_of_a_track_is_that_of_the_trajectory(tmp_path: Path) -> None:
    frames = [0, 1, 2, 5]
    (track,) = tracks = trajtrack.link(Detections([[0, 0, 9, 9]] * 4, [0.9, 0.8, 0.7, 0.3], frames), method="seq-nms")
    assert track.interpolated.any()
    trajtrack.write(tmp_path / "a.json", tracks, "youtube-vis")
    (annotation,) = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert annotation["score"] == pytest.approx(track.score)


def test_more_frames_than_can_be_listed_are_refused(tmp_path: Path) -> None:
    written = Detections([[0, 0, 1, 1]] * 2, [1, 1], [0, 10**6 * 5], track_ids=[0, 1])
    message = (
        "a.json: num_frames: found 5000001 frames for each of 2 tracks, expected a product of at most 10000000: "
        "youtube-vis files list every frame of every track"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.write(tmp_path / "a.json", written, "youtube-vis")


def test_any_number_of_frames_is_written_without_tracks(tmp_path: Path) -> None:
    trajtrack.write(tmp_path / "a.json", Detections([], [], [], num_frames=10**12), "youtube-vis")
    assert trajtrack.read(tmp_path / "a.json").num_frames == 10**12
