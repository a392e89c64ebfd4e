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
    "videos": [{"id": 1, "name": "train/beach"}, {"id": 2, "name": "train/street", "neg_category_ids": [3]}],
    "images": [
        {"id": 10, "video_id": 2, "frame_index": 30, "file_name": "train/street/frame0031.jpg"},
        {"id": 11, "video_id": 1, "frame_index": 0},
        {"id": 12, "video_id": 2, "frame_index": 0},
    ],
    "tracks": [{"id": 4, "category_id": 7, "video_id": 2}, {"id": 5, "category_id": 1, "video_id": 2}],
    "annotations": [
        {"id": 1, "image_id": 10, "video_id": 2, "track_id": 4, "category_id": 7, "bbox": [1, 2, 3.5, 4]},
        {"id": 2, "image_id": 11, "video_id": 1, "track_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"id": 3, "image_id": 12, "track_id": 5, "category_id": 1, "bbox": [5, 6, 7, 8], "score": 0.5},
    ],
    "categories": [{"id": 1, "name": "person", "synset": "person.n.01"}, {"id": 7, "name": "dog"}],
}


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    return partial(write_changed, tmp_path / "tao.json", DATASET)


def test_frames_are_those_of_the_images_and_ids_count_from_1(changed) -> None:
    expected = Detections(
        [[1, 2, 4.5, 6], [5, 6, 12, 14]],
        [1, 0.5],
        [30, 0],
        labels=[7, 1],
        num_frames=31,
        track_ids=[3, 4],
        label_names={1: "person", 7: "dog"},
    )
    assert trajtrack.read(changed("info", {}), video="train/street") == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("images", 1, "video_id", 9), "images[1].video_id: found 9, expected the ID of a video"),
        (("images", 1, "video_id", "1"), "images[1].video_id: found '1', expected the ID of a video"),
        (("videos", 1, "id", 1), "videos[1].id: found 1, expected an ID that no other video has"),
        (("categories", 1, "id", 1), "categories[1].name: found 'dog', expected 'person', as category 1 has before"),
    ],
)
def test_records_that_do_not_belong_together_are_refused(changed, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"tao.json, {message}")):
        trajtrack.read(changed(*change), video="train/street")


def test_two_images_of_one_frame_are_refused(changed) -> None:
    path = changed("images", 2, "frame_index", 30)
    message = r"images\[2\]\.frame_index: found 30, expected a frame number that no other image of the video has"
    with pytest.raises(ValueError, match=message):
        trajtrack.read(path, video="train/street")
    assert len(trajtrack.read(path, video="train/beach")) == 1


def test_ids_are_kept_if_one_is_0(changed) -> None:
    path = changed("annotations", 0, "track_id", 0)
    assert trajtrack.read(path, video="train/street").track_ids.tolist() == [0, 5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("images", 0, "frame_index", ...), "images[0].frame_index: found no such key, expected one"),
        (("images", 0, "frame_index", 1.5), "images[0].frame_index: found 1.5, expected an integer from 0"),
        (("annotations", 0, "track_id", "a"), "annotations[0].track_id: found 'a', expected an integer from -1"),
        (("annotations", 2, "bbox", [1, 2, -3, 4]), "annotations[2]: found x2 < x1 (w = -3), expected a width of"),
        (("annotations", 2, "image_id", 13), "annotations[2].image_id: found 13, expected the ID of an image"),
        (("annotations", 0, "score", None), "annotations[0].score: found None, expected a finite number"),
    ],
)
def test_errors_name_file_and_place(changed, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"tao.json, {message}")):
        trajtrack.read(changed(*change), video="train/street")


def test_a_list_of_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(DATASET["annotations"]))
    message = (
        "results.json, top level: found a list, expected an object with videos, images, tracks, annotations and "
        "categories: a list of results does not say which frame an image is"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        trajtrack.read(tmp_path / "results.json", "tao")


def test_the_written_layout_is_that_of_the_dataset(tmp_path: Path) -> None:
    boxes, names = [[1, 2, 4.5, 6], [2, 2, 5.5, 6]], {1: 'a "b" <c> é'}
    written = Detections(boxes, [0.5, 0], [10**9, 3], labels=[1, 1], track_ids=[0, 0], label_names=names)
    trajtrack.write(tmp_path / "beach.json", written, "tao")
    assert json.loads((tmp_path / "beach.json").read_text()) == {
        "info": {},
        "videos": [
            {
                "id": 1,
                "name": "beach",
                "length": 10**9 + 1,
                "neg_category_ids": [],
                "not_exhaustive_category_ids": [],
                "metadata": {},
            }
        ],
        "images": [{"id": 1, "video_id": 1, "frame_index": 3}, {"id": 2, "video_id": 1, "frame_index": 10**9}],
        "tracks": [{"id": 1, "category_id": 1, "video_id": 1}],
        "annotations": [
            {
                "id": row + 1,
                "image_id": image,
                "video_id": 1,
                "track_id": 1,
                "category_id": 1,
                "bbox": box,
                "area": 14.0,
                "iscrowd": 0,
                "score": score,
            }
            for row, image, box, score in ((0, 2, [1, 2, 3.5, 4], 0.5), (1, 1, [2, 2, 3.5, 4], 0))
        ],
        "categories": [{"id": 1, "name": 'a "b" <c> é'}],
        "licenses": [],
    }


def test_an_id_that_is_too_large_is_refused(tmp_path: Path) -> None:
    written = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[2**63 - 1])
    with pytest.raises(ValueError, match=r"a\.json: track_ids, row 0: found 9223372036854775807, expected an id from"):
        trajtrack.write(tmp_path / "a.json", written, "tao")
