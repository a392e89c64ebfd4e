from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from helpers.vidvrd_examples import document, still, two_dogs
from trajvqa.datasets.vidvrd.annotations import read_annotations


def read_one(tmp_path, content):
    (tmp_path / "one.json").write_text(json.dumps(content))
    return next(iter(read_annotations(tmp_path)))


def test_boxes_are_in_the_frames_that_have_them(tmp_path):
    video = read_one(tmp_path, document({3: ("dog", {1: (1, 2, 3, 4)})}, [], num_frames=3))
    assert video.categories == {3: "dog"}
    assert video.num_frames == 3
    np.testing.assert_array_equal(video.annotated, [False, True, False])
    np.testing.assert_array_equal(video.boxes[3][1], [1, 2, 3, 4])
    assert np.isnan(video.boxes[3][[0, 2]]).all()


def test_relations_are_read_in_their_order(tmp_path):
    video = read_one(tmp_path, two_dogs())
    first = video.relations[0]
    assert (first.subject, first.predicate, first.object, first.begin, first.end) == (0, "stand_left", 1, 0, 90)
    assert len(video.relations) == 8


def test_a_zip_archive_and_its_folder_hold_the_same_videos(tmp_path):
    folder = tmp_path / "annotations" / "train"
    folder.mkdir(parents=True)
    for name in ("b", "a"):
        (folder / f"{name}.json").write_text(json.dumps(two_dogs(name)))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"VidVRD-dataset/train/{path.name}")
    names = [[video.name for video in read_annotations(tmp_path / source)] for source in ("annotations", "all.zip")]
    assert names == [["a", "b"], ["a", "b"]]


def test_a_video_without_boxes_is_omitted(tmp_path):
    (tmp_path / "empty.json").write_text(json.dumps(document({0: ("dog", {})}, [])))
    assert list(read_annotations(tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("width"), r"one\.json: width: found no such key, expected one"),
        (
            lambda d: d["trajectories"][2][0].update(tid=9),
            r"one\.json: trajectories\[2\]\[0\]\.tid: found 9, expected a tid of subject/objects",
        ),
        (
            lambda d: d["relation_instances"][1].update(end_fid=91),
            r"one\.json: relation_instances\[1\]\.end_fid: found 91, expected an integer from 0 to 90",
        ),
        (
            lambda d: d["trajectories"][0][0]["bbox"].update(xmin="left"),
            r"one\.json: trajectories\[0\]\[0\]\.bbox\.xmin: found 'left', expected a finite number",
        ),
        (
            lambda d: d["trajectories"][0][0]["bbox"].update(xmin=1e39),
            r"one\.json: trajectories\[0\]\[0\]\.bbox\.xmin: found 1e\+39, expected a coordinate of at most 1e9",
        ),
    ],
)
def test_an_error_names_the_file_and_the_position(tmp_path, change, message):
    content = two_dogs()
    change(content)
    with pytest.raises(ValueError, match=message):
        read_one(tmp_path, content)


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.zip: found no such file, expected VidVRD-dataset\.zip"):
        list(read_annotations(tmp_path / "none.zip"))


def test_a_folder_without_annotations_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="found no JSON file"):
        list(read_annotations(tmp_path))


def test_a_file_that_is_no_archive_is_named(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(ValueError, match=r"x\.zip: found no readable zip archive"):
        list(read_annotations(tmp_path / "x.zip"))


@pytest.mark.real_data
def test_imagenet_vidvrd_has_900_videos(data_dir):
    videos = list(read_annotations(data_dir / "vidvrd" / "VidVRD-dataset.zip"))
    assert len(videos) == 900
    assert len({category for video in videos for category in video.categories.values()}) == 35
    assert len({relation.predicate for video in videos for relation in video.relations}) == 132


@pytest.mark.real_data
def test_vidor_is_also_read(data_dir):
    videos = {video.name: video for video in read_annotations(data_dir / "vidor")}
    assert videos["2793806282"].categories[1] == "dog"
    assert len(videos["2793806282"].relations) == 40


def test_still_objects_are_annotated_throughout(tmp_path):
    assert read_one(tmp_path, document({0: ("dog", still((0, 0, 9, 9)))}, [])).annotated.all()


def test_the_name_of_a_file_is_escaped_in_errors(tmp_path):
    (tmp_path / "a\x1b[0m.json").write_text("{}")
    with pytest.raises(ValueError, match=r"a\\x1b\[0m\.json: trajectories: found no such key"):
        next(iter(read_annotations(tmp_path)))


def test_more_boxes_than_memory_holds_are_refused(tmp_path):
    content = document({track: ("dog", {track: (1, 2, 3, 4)}) for track in range(4)}, [], num_frames=3_000_000)
    with pytest.raises(
        ValueError, match="trajectories: found 4 tracks of 3000000 frames, expected a product of at most"
    ):
        read_one(tmp_path, content)
