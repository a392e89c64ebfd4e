from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.changed_json import write_changed
from trajtrack import Detections
from trajtrack.io.vidor import CATEGORIES

ANNOTATION = {
    "video_id": "2793806282",
    "frame_count": 5,
    "fps": 29.97,
    "width": 320,
    "height": 240,
    "subject/objects": [{"tid": 0, "category": "dog"}, {"tid": 4, "category": "adult"}],
    "trajectories": [
        [],
        [
            {
                "tid": 4,
                "bbox": {"xmin": 65, "ymin": 62.5, "xmax": 122, "ymax": 121},
                "generated": 0,
                "tracker": "none",
            },
            {"tid": 0, "bbox": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}, "generated": 1},
        ],
        [{"tid": 0, "bbox": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}, "generated": 1}],
    ],
    "relation_instances": [],
}
BOX = ("trajectories", 2, 0)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    return partial(write_changed, tmp_path / "video.json", ANNOTATION)


def test_an_annotation_is_read_in_the_order_of_the_file(changed) -> None:
    expected = Detections(
        [[65, 62.5, 122, 121], [1, 2, 3, 4], [1, 2, 3, 4]],
        [1, 1, 1],
        [1, 1, 2],
        labels=[CATEGORIES.index("adult"), CATEGORIES.index("dog"), CATEGORIES.index("dog")],
        num_frames=5,
        track_ids=[4, 0, 0],
        label_names=dict(enumerate(CATEGORIES)),
    )
    assert trajtrack.read(changed("fps", 30)) == expected


def test_the_video_is_as_long_as_its_trajectories_if_frame_count_is_less(changed) -> None:
    assert trajtrack.read(changed("frame_count", 1)).num_frames == 3


def test_a_box_may_have_a_score(changed) -> None:
    assert trajtrack.read(changed(*BOX, "score", 0.25)).scores.tolist() == [1, 1, 0.25]


def test_two_names_of_one_category_are_refused(changed) -> None:
    path = changed("categories", [{"id": 1, "name": "dog"}, {"id": 1, "name": "cat"}])
    with pytest.raises(
        ValueError, match=r"categories\[1\]\.name: found 'cat', expected 'dog', as category 1 has before"
    ):
        trajtrack.read(path)


def test_other_categories_get_the_next_free_labels(changed) -> None:
    read = trajtrack.read(changed("subject/objects", 1, "category", "unicorn"))
    assert read.labels.tolist() == [len(CATEGORIES), CATEGORIES.index("dog"), CATEGORIES.index("dog")]
    assert read.label_names[len(CATEGORIES)] == "unicorn"


def test_the_video_may_be_named(changed) -> None:
    path = changed("fps", 30)
    assert trajtrack.read(path, video="2793806282") == trajtrack.read(path)
    with pytest.raises(ValueError, match="found 'other', which matches 0 videos, expected one of '2793806282'"):
        trajtrack.read(path, video="other")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("subject/objects", ...), "subject/objects: found no such key, expected one"),
        ((*BOX, "bbox", ...), "trajectories[2][0].bbox: found no such key, expected one"),
        ((*BOX, "bbox", "ymax", ...), "trajectories[2][0].bbox.ymax: found no such key, expected one"),
        ((*BOX, "bbox", "ymax", "4"), "trajectories[2][0].bbox.ymax: found '4', expected a finite number"),
        (
            (*BOX, "bbox", "ymax", float("nan")),
            "trajectories[2][0].bbox.ymax: found nan, expected a finite number",
        ),
        ((*BOX, "bbox", "ymax", 10**400), "trajectories[2][0].bbox.ymax: found 1000"),
        (
            (*BOX, "bbox", "ymax", 1),
            "trajectories[2][0].bbox: found y2 < y1 (y1 = 2, y2 = 1), expected y1 <= y2",
        ),
        (
            (*BOX, "bbox", "xmax", 1e10),
            "trajectories[2][0].bbox: found the box 1, 2, 10000000000, 4, expected coord",
        ),
        (
            (*BOX, "bbox", [1, 2, 3, 4]),
            "trajectories[2][0].bbox: found a list, expected an object with the key 'xmin'",
        ),
        ((*BOX, "tid", 3), "trajectories[2][0].tid: found 3, expected a tid of subject/objects"),
        ((*BOX, "tid", 0.5), "trajectories[2][0].tid: found 0.5, expected an integer"),
        ((*BOX, "tid", ...), "trajectories[2][0].tid: found no such key, expected a tid, or a category"),
        ((*BOX, "score", None), "trajectories[2][0].score: found None, expected a finite number"),
        ((*BOX, "score", 1e39), "trajectories[2][0]: found score 1e+39, expected a score within the range"),
        ((*BOX, 7), "trajectories[2][0]: found 7, expected an object"),
        (("trajectories", 1, {}), "trajectories[1]: found an object, expected a list"),
        (("trajectories", None), "trajectories: found None, expected a list"),
        (
            ("subject/objects", 1, "tid", 0),
            "subject/objects[1].tid: found 0, expected a tid that no other entry has",
        ),
        (
            ("subject/objects", 1, "category", None),
            "subject/objects[1].category: found None, expected the name",
        ),
        (("frame_count", "5"), "frame_count: found '5', expected an integer"),
    ],
)
def test_errors_name_file_and_place(changed, change: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"video.json, {message}")):
        trajtrack.read(changed(*change))


def test_the_written_layout_is_that_of_the_datasets(tmp_path: Path) -> None:
    names = dict(enumerate(CATEGORIES))
    written = Detections([[1, 2.5, 3, 4]], [1], [1], labels=[30], num_frames=3, track_ids=[2], label_names=names)
    trajtrack.write(tmp_path / "beach.json", written)
    assert json.loads((tmp_path / "beach.json").read_text()) == {
        "version": "VERSION 1.0",
        "video_id": "beach",
        "frame_count": 3,
        "subject/objects": [{"tid": 2, "category": "dog"}],
        "trajectories": [
            [],
            [{"tid": 2, "bbox": {"xmin": 1, "ymin": 2.5, "xmax": 3, "ymax": 4}, "generated": 1}],
            [],
        ],
        "relation_instances": [],
    }


def test_the_written_video_may_be_named(tmp_path: Path) -> None:
    trajtrack.write(tmp_path / "a.json", Detections(np.empty((0, 4)), [], []), "vidor", video="beach")
    assert json.loads((tmp_path / "a.json").read_text())["video_id"] == "beach"


def test_rows_without_identity_and_of_another_label_keep_their_category(tmp_path: Path) -> None:
    written = Detections(
        [[0, 0, 1, 1]] * 4,
        [1] * 4,
        [0] * 4,
        labels=[3, 5, 3, 9],
        track_ids=[0, 0, -1, -1],
        label_names={3: "a", 5: "a"},
    )
    trajtrack.write(tmp_path / "a.json", written)
    assert trajtrack.read(tmp_path / "a.json") == written


def test_more_frames_than_a_file_can_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="num_frames: found 1000000001, expected at most 10000000"):
        trajtrack.write(tmp_path / "a.json", Detections([[0, 0, 1, 1]], [1], [10**9]))


@pytest.mark.real_data
@pytest.mark.parametrize("video", ["11566930393", "2793806282"])
def test_real_vidor_annotations_survive_writing(data_dir: Path, tmp_path: Path, video: str) -> None:
    path = data_dir / "vidor" / f"{video}.json"
    document = json.loads(path.read_text())
    read = trajtrack.read(path)
    assert len(read) == sum(map(len, document["trajectories"]))
    assert read.num_frames == document["frame_count"]
    trajtrack.write(tmp_path / "again.json", read)
    assert trajtrack.read(tmp_path / "again.json") == read


@pytest.mark.real_data
def test_every_category_of_vidvrd_is_in_the_table(data_dir: Path) -> None:
    categories = set()
    with zipfile.ZipFile(data_dir / "vidvrd" / "VidVRD-dataset.zip") as archive:
        for name in archive.namelist():
            categories |= {entry["category"] for entry in json.loads(archive.read(name))["subject/objects"]}
    assert len(categories) == 35
    assert categories <= set(CATEGORIES)
    assert len(set(CATEGORIES)) == len(CATEGORIES) == 95


@pytest.mark.real_data
def test_a_real_video_is_read_out_of_the_archive(data_dir: Path) -> None:
    archive = data_dir / "vidvrd" / "VidVRD-dataset.zip"
    read = trajtrack.read(archive / "VidVRD-dataset" / "test" / "ILSVRC2015_train_00010001.json")
    assert len(read) > 0
    assert {read.label_names[label] for label in read.labels.tolist()} <= set(CATEGORIES)
