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
    "videos": [{"id": 1, "name": "beach"}, {"id": 2, "name": "street", "length": 9}],
    "images": [
        {"id": 10, "video_id": 2, "frame_id": 4},
        {"id": 11, "video_id": 1, "frame_id": 0},
        {"id": 12, "video_id": 2, "frame_id": 0},
        {"id": 13, "video_id": 1, "frame_id": 5},
    ],
    "annotations": [
        {"id": 1, "image_id": 10, "video_id": 2, "instance_id": 3, "category_id": 7, "bbox": [1, 2, 3.5, 4]},
        {"id": 2, "image_id": 11, "video_id": 1, "instance_id": 0, "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"id": 3, "image_id": 12, "category_id": 1, "bbox": [5, 6, 7, 8], "score": 0.5},
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 7, "name": "7"}],
}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    return partial(write_changed, tmp_path / "vid.json", DATASET)


@pytest.mark.parametrize("video", ["street", 2, "2"])
def test_the_video_is_chosen_by_name_or_id(changed, video: str | int) -> None:
    expected = Detections(
        [[1, 2, 4.5, 6], [5, 6, 12, 14]],
        [1, 0.5],
        [4, 0],
        labels=[7, 1],
        num_frames=9,
        track_ids=[3, -1],
        label_names={1: "person"},
    )
    assert trajtrack.read(changed("info", {}), video=video) == expected


def test_without_a_length_the_video_ends_with_its_last_image(changed) -> None:
    assert trajtrack.read(changed("info", {}), video="beach").num_frames == 6


def test_the_only_video_need_not_be_chosen(changed) -> None:
    annotations = [each for each in DATASET["annotations"] if each["id"] != 2]
    images = [each for each in DATASET["images"] if each["video_id"] == 2]
    document = DATASET | {"videos": [{"id": 2, "name": "street"}], "images": images, "annotations": annotations}
    path = changed("info", {})
    path.write_text(json.dumps(document))
    assert len(trajtrack.read(path)) == 2


def test_several_videos_are_listed_if_none_was_chosen(changed) -> None:
    message = "vid.json, videos: found 2, expected video= or --video-name to choose one of 'beach', 'street'"
    with pytest.raises(ValueError, match=message):
        trajtrack.read(changed("info", {}))


def test_an_unknown_video_is_refused_and_the_known_ones_listed(changed) -> None:
    with pytest.raises(ValueError, match="found 'sea', which matches 0 videos, expected one of 'beach', 'street'"):
        trajtrack.read(changed("info", {}), video="sea")


def test_a_file_without_videos_is_refused(changed) -> None:
    with pytest.raises(ValueError, match="videos: found none, expected at least one"):
        trajtrack.read(changed("videos", []))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("annotations", 0, "bbox", ...), "annotations[0].bbox: found no such key, expected one"),
        (
            ("annotations", 0, "bbox", [1, 2, 3]),
            "annotations[0].bbox: found 3 numbers, expected left, top, width, height",
        ),
        (("annotations", 0, "bbox", 2, None), "annotations[0].bbox[2]: found None, expected a finite number"),
        (
            ("annotations", 2, "bbox", 2, -3),
            "annotations[2]: found x2 < x1 (w = -3), expected a width of at least 0",
        ),
        (
            ("annotations", 0, "image_id", 99),
            "annotations[0].image_id: found 99, expected the ID of an image",
        ),
        (("annotations", 0, "image_id", None), "annotations[0].image_id: found None, expected an ID"),
        (
            ("annotations", 0, "category_id", "7"),
            "annotations[0].category_id: found '7', expected an integer",
        ),
        (
            ("annotations", 0, "instance_id", -2),
            "annotations[0].instance_id: found -2, expected an integer",
        ),
        (("annotations", 0, 5), "annotations[0]: found 5, expected an object"),
        (("images", 1, "id", 10), "images[1].id: found 10, expected an ID that no other image has"),
        (("images", 1, "frame_id", -1), "images[1].frame_id: found -1, expected an integer from 0"),
        (("categories", 0, "name", None), "categories[0].name: found None, expected a string"),
        (("videos", 1, "length", "long"), "videos[1].length: found 'long', expected an integer"),
    ],
)
def test_errors_name_file_and_place(changed, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"vid.json, {message}")):
        trajtrack.read(changed(*change), video="street")


CENTERTRACK = {
    "images": [
        {
            "file_name": "a/img1/000001.jpg",
            "id": 1,
            "frame_id": 1,
            "prev_image_id": -1,
            "next_image_id": 2,
            "video_id": 1,
        },
        {
            "file_name": "a/img1/000002.jpg",
            "id": 2,
            "frame_id": 2,
            "prev_image_id": 1,
            "next_image_id": -1,
            "video_id": 1,
        },
    ],
    "annotations": [
        {"id": 1, "category_id": 1, "image_id": 1, "track_id": 4, "bbox": [1, 2, 3, 4], "conf": 0.25, "iscrowd": 0},
        {"id": 2, "category_id": 1, "image_id": 2, "track_id": -1, "bbox": [5, 6, 7, 8], "conf": 1.0, "iscrowd": 0},
    ],
    "videos": [{"id": 1, "file_name": "MOT17-02-FRCNN"}],
    "categories": [{"id": 1, "name": "pedestrian"}],
}
FRAME_OF_ONE = Detections([[1, 2, 4, 6]], [1], [0], labels=[1], track_ids=[4], label_names={1: "pedestrian"})


def test_frames_ids_and_scores_of_centertrack_and_bytetrack_are_read(tmp_path: Path) -> None:
    path = write_changed(tmp_path / "train.json", CENTERTRACK, "info", {})
    expected = Detections(
        [[1, 2, 4, 6], [5, 6, 12, 14]],
        [0.25, 1],
        [0, 1],
        labels=[1, 1],
        track_ids=[4, -1],
        label_names={1: "pedestrian"},
    )
    assert trajtrack.read(path) == trajtrack.read(path, video="MOT17-02-FRCNN") == expected


def one_image(image: dict, video: dict, annotation: dict) -> dict:
    return {
        "videos": [{"id": 1, **video}],
        "images": [{"id": 9, "video_id": 1, **image}],
        "annotations": [{"id": 1, "image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4], **annotation}],
        "categories": [{"id": 1, "name": "pedestrian"}],
    }


@pytest.mark.parametrize(
    ("image", "video", "annotation"),
    [
        ({"frame_id": 1}, {"file_name": "a"}, {"instance_id": 4}),
        ({"frame_id": 1, "prev_image_id": -1}, {"name": "a"}, {"instance_id": 4}),
        ({"frame_id": 1}, {"name": "a"}, {"track_id": 4}),
        ({"frame_id": 1}, {"name": "a", "length": 1}, {"instance_id": 4}),
        ({"frame_id": 0}, {"file_name": "a"}, {"track_id": 4}),
        ({"frame_index": 0}, {"name": "a"}, {"tracker_id": 4}),
    ],
)
def test_frames_count_from_one_only_in_files_that_look_like_it(tmp_path: Path, image, video, annotation) -> None:
    path = write_changed(tmp_path / "a.json", one_image(image, video, annotation), "info", {})
    assert trajtrack.read(path) == FRAME_OF_ONE


def test_frame_one_of_mmtracking_is_the_second(tmp_path: Path) -> None:
    path = write_changed(tmp_path / "a.json", one_image({"frame_id": 1}, {"name": "a"}, {"instance_id": 4}), "info", {})
    assert trajtrack.read(path).frames.tolist() == [1]


@pytest.mark.parametrize("key", ["score", "conf", "confidence", "mot_conf"])
def test_the_score_is_read_under_the_names_that_tools_use(tmp_path: Path, key: str) -> None:
    path = write_changed(tmp_path / "a.json", one_image({"frame_id": 0}, {"name": "a"}, {key: 0.25}), "info", {})
    assert trajtrack.read(path).scores.tolist() == [0.25]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("cls_prob", "instance_id"), ("person_id", "score")],
)
def test_keys_that_look_like_scores_and_identities_are_named(tmp_path: Path, key: str, expected: str) -> None:
    document = one_image({"frame_id": 0}, {"name": "a"}, {key: 1, expected: 1})
    path = write_changed(tmp_path / "a.json", document, "info", {})
    with pytest.warns(
        trajtrack.TrajtrackWarning, match=rf"a.json, annotations\[0\]: found the key '{key}', which is not"
    ):
        trajtrack.read(path)


def test_a_key_is_named_once(tmp_path: Path) -> None:
    document = one_image({"frame_id": 0}, {"name": "a"}, {"person_id": 1})
    document["annotations"] *= 2
    path = write_changed(tmp_path / "a.json", document, "info", {})
    with pytest.warns(trajtrack.TrajtrackWarning) as warned:
        trajtrack.read(path)
    assert len(warned) == 1


def test_a_file_without_images_is_refused(changed) -> None:
    with pytest.raises(ValueError, match=r"vid\.json, images: found no such key, expected one"):
        trajtrack.read(changed("images", ...), "coco-vid", video="street")


def test_the_written_layout_is_that_of_mmtracking(tmp_path: Path) -> None:
    written = Detections(
        [[1, 2, 4.5, 6]], [0.5], [10**9], labels=[1], track_ids=[0], label_names={1: "person", 2: "dog"}
    )
    trajtrack.write(tmp_path / "beach.json", written, "coco-vid")
    assert json.loads((tmp_path / "beach.json").read_text()) == {
        "videos": [{"id": 1, "name": "beach", "length": 10**9 + 1}],
        "images": [{"id": 1, "video_id": 1, "frame_id": 10**9}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "video_id": 1,
                "category_id": 1,
                "bbox": [1, 2, 3.5, 4],
                "area": 14.0,
                "iscrowd": 0,
                "score": 0.5,
                "instance_id": 0,
            }
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
    }
