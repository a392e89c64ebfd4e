from __future__ import annotations

import json
import re

import numpy as np
import pytest

from trajvqa.ingest.tracklets import MEGA_CLASSES, read_mega_tracklets, read_seq_nms_tracklets, video_of_file


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("0001_2793806282.npy", "2793806282"),
        ("2793806282.json", "2793806282"),
        ("ILSVRC2015_train_00005003.json", "ILSVRC2015_train_00005003"),
    ],
)
def test_the_group_prefix_of_a_video_is_ignored(name, video):
    assert video_of_file(f"some/folder/{name}") == video


def test_classes_are_vidors_by_number():
    assert len(MEGA_CLASSES) == 80
    assert [MEGA_CLASSES[number - 1] for number in (1, 13, 45, 65, 80)] == [
        "bread",
        "ball/sports_ball",
        "bus/truck",
        "dog",
        "child",
    ]


def write_mega(path, *rows):
    array = np.empty(len(rows), object)
    array[:] = [list(row) for row in rows]
    np.save(path, array, allow_pickle=True)
    return path


def detected(frame: int, track: int, confidence: float = 0.5, category: int = 65, feature=()) -> list[float]:
    """Return an entry whose tracker box is 10 wide and 20 high at (frame, 2 frame)."""
    return [frame, track, frame, 2 * frame, 10, 20, confidence, category, 90, 90, 1, 1, *feature]


def tracked(frame: int, track: int) -> list[float]:
    return [frame, track, 0, 0, 5, 5]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "0001_2793806282.npy"


def test_mega_tracklets_are_read_by_id_in_the_order_of_their_first_box(path):
    found = read_mega_tracklets(write_mega(path, detected(3, 7), detected(3, 2), detected(4, 7)))
    assert found.video == "2793806282"
    assert found.num_frames == 5
    assert [frames.tolist() for frames in found.frames] == [[3, 4], [3]]
    assert found.labels.tolist() == [65, 65]
    assert found.label_names[65] == "dog"
    assert found.scores.tolist() == [1.0, 0.5]
    assert found.features is None


def test_the_box_is_the_trackers_as_corners(path):
    found = read_mega_tracklets(write_mega(path, detected(3, 7), detected(4, 7)))
    assert found.boxes[0].tolist() == [[3, 6, 13, 26], [4, 8, 14, 28]]


def test_boxes_are_sorted_by_frame(path):
    found = read_mega_tracklets(write_mega(path, detected(4, 7, 0.25), detected(3, 7), detected(9, 7)))
    assert found.frames[0].tolist() == [3, 4, 9]
    assert found.boxes[0][:, 0].tolist() == [3, 4, 9]


def test_boxes_without_a_detection_are_ignored(path):
    found = read_mega_tracklets(write_mega(path, tracked(0, 1), detected(1, 1), tracked(2, 1), tracked(5, 9)))
    assert [frames.tolist() for frames in found.frames] == [[1]]


def test_the_label_is_the_most_frequent_category(path):
    entries = [detected(0, 1, category=3), detected(1, 1, category=5), detected(2, 1, category=5)]
    assert read_mega_tracklets(write_mega(path, *entries)).labels.tolist() == [5]


def test_background_is_omitted(path):
    found = read_mega_tracklets(
        write_mega(path, detected(0, 1, category=0), detected(0, 2), detected(8, 1, category=0))
    )
    assert found.labels.tolist() == [65]
    assert found.num_frames == 1


def test_roi_features_are_averaged(path):
    entries = [
        detected(0, 1, feature=(1, 2)),
        detected(1, 1, feature=(3, 6)),
        tracked(2, 1),
        detected(1, 2, feature=(5, 5)),
    ]
    found = read_mega_tracklets(write_mega(path, *entries))
    np.testing.assert_array_equal(found.features, np.array([[2, 4], [5, 5]], np.float32))


def test_a_video_may_have_no_boxes(path):
    found = read_mega_tracklets(write_mega(path))
    assert found.frames == ()
    assert found.num_frames == 0


def test_a_plain_table_is_read_too(path):
    np.save(path, np.array([detected(0, 1), detected(1, 1)]))
    assert read_mega_tracklets(path).frames[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([detected(0, 1), [1, 2, 3]], "entry 1: found 3 numbers, expected 6 or 12"),
        ([[1, 2, 3]], "entry 0: found 3 numbers, expected 6, 12 or more"),
        ([detected(0, 1), detected(0, 2, feature=(1,))], "entry 1: found 13 numbers, expected 6 or 12"),
        ([detected(0, 1, confidence=np.nan)], "entry 0: found list, expected a list of finite numbers"),
        ([["a"] * 12], "entry 0: found list, expected a list of finite numbers"),
        ([detected(-1, 1)], "entry 0: found frame -1 and category 65, expected at least 0"),
        (
            [[*detected(0, 1)[:7], 1e12, *detected(0, 1)[8:]]],
            "entry 0: found frame 0, ID 1 and category 1e+12, expected at most 2147483647",
        ),
        (
            [[0, 1, 3e38, 3e38, 3e38, *detected(0, 1)[5:]]],
            "entry 0: found 3e+38 in a box or score, expected at most 1e+09",
        ),
        ([[[1.0], *[0.0] * 11]], "entry 0: found list, expected a list of finite numbers"),
    ],
)
def test_entries_that_do_not_fit_are_named(path, entries, message):
    write_mega(path, *entries)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_mega_tracklets(path)


def test_an_entry_that_contains_itself_is_refused_at_once(path):
    entry = [0.0] * 10
    entry += [entry, entry]
    write_mega(path, entry)
    with pytest.raises(ValueError, match="entry 0: found list, expected a list of finite numbers"):
        read_mega_tracklets(path)


BOXES = [[0, 0, 10, 10], [1, 0, 11, 10]]
SEGMENTS = {
    "0001_27-0000-0030": [
        {"fstart": 2, "score": 0.5, "bboxes": BOXES, "label": 7},
        {"fstart": 0, "score": 0.25, "bboxes": BOXES[:1], "label": 3},
    ],
    "0001_27-0015-0045": [],
    "0001_27-0030-0060": [{"fstarts": 1, "score": -1, "bboxes": BOXES, "label": 7}],
    "n_trajs": [2, 0, 1],
}


def write_seq_nms(folder, **changes):
    path = folder / "0001_27.json"
    path.write_text(json.dumps(SEGMENTS | changes))
    return path


def test_seq_nms_tracklets_are_placed_in_the_video(tmp_path):
    found = read_seq_nms_tracklets(write_seq_nms(tmp_path))
    assert found.video == "27"
    assert [frames.tolist() for frames in found.frames] == [[2, 3], [0], [31, 32]]
    assert found.num_frames == 33
    assert found.boxes[0].tolist() == BOXES
    assert found.labels.tolist() == [7, 3, 7]
    assert found.scores.tolist() == [0.5, 0.25, -1]
    assert found.features is None


def test_names_of_classes_become_labels(tmp_path):
    entries = [{"fstart": 0, "score": 1, "bboxes": BOXES, "class": name} for name in ("dog", "cat", "dog")]
    found = read_seq_nms_tracklets(write_seq_nms(tmp_path, **{"0001_27-0000-0030": entries, "n_trajs": [3, 0, 1]}))
    assert [found.label_names.get(label) for label in found.labels.tolist()[:3]] == ["dog", "cat", "dog"]


def test_features_come_in_the_order_of_the_segments(tmp_path):
    features = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.save(tmp_path / "0001_27_traj_features.npy", features)
    found = read_seq_nms_tracklets(write_seq_nms(tmp_path), tmp_path / "0001_27_traj_features.npy")
    np.testing.assert_array_equal(found.features, features)


@pytest.mark.parametrize("features", [np.zeros((2, 4)), np.zeros(3), np.zeros((3, 4), np.int64)])
def test_features_that_do_not_fit_are_named(tmp_path, features):
    path = tmp_path / "features.npy"
    np.save(path, features)
    message = f"{path}: found {features.dtype} of shape {features.shape}, expected float numbers of shape (3, D)"
    with pytest.raises(ValueError, match=re.escape(message)):
        read_seq_nms_tracklets(write_seq_nms(tmp_path), path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_trajs": [2, 0]}, "n_trajs: found 2 counts, expected 3, one per segment"),
        ({"n_trajs": [2, 1, 1]}, "n_trajs: found 1 for 0001_27-0015-0045, expected 0, the number of its tracklets"),
        ({"n_trajs": 3}, "n_trajs: found 3, expected a list"),
        ({"other": [], "n_trajs": [2, 0, 1, 0]}, "other: found this segment name, expected VIDEO-FIRST-END"),
        (
            {"v-3000000000-3": [], "n_trajs": [2, 0, 1, 0]},
            "'v-3000000000-3': found this first frame, expected one below",
        ),
        ({"0001_27-0015-0045": [{}], "n_trajs": [2, 1, 1]}, "0001_27-0015-0045[0].bboxes: found no such key"),
        (
            {"0001_27-0015-0045": [{"bboxes": [[1, 2, 3]]}], "n_trajs": [2, 1, 1]},
            "0001_27-0015-0045[0].bboxes[0]: found 3 numbers, expected x1, y1, x2, y2",
        ),
        (
            {
                "0001_27-0015-0045": [{"bboxes": [[9, 0, 3, 4]], "fstart": 0, "score": 0, "label": 1}],
                "n_trajs": [2, 1, 1],
            },
            "0001_27-0015-0045[0].bboxes: boxes, row 0: found [9.0, 0.0, 3.0, 4.0], expected x1 <= x2 and y1 <= y2",
        ),
        (
            {"0001_27-0015-0045": [{"bboxes": []}], "n_trajs": [2, 1, 1]},
            "0001_27-0015-0045[0].bboxes: found no box, expected one per frame",
        ),
        (
            {"0001_27-0015-0045": [{"bboxes": BOXES, "fstart": -1, "score": 0}], "n_trajs": [2, 1, 1]},
            "0001_27-0015-0045[0].fstart: found -1, expected an integer",
        ),
        (
            {"0001_27-0015-0045": [{"bboxes": BOXES, "fstart": 2**31 - 1, "score": 0}], "n_trajs": [2, 1, 1]},
            "0001_27-0015-0045[0].fstart: found 2147483647, expected an integer",
        ),
        (
            {"0001_27-0015-0045": [{"bboxes": BOXES, "fstart": 0, "score": 1e39}], "n_trajs": [2, 1, 1]},
            "0001_27-0015-0045[0].score: found 1e+39, expected a score within the range of float32",
        ),
    ],
)
def test_what_does_not_fit_the_layout_is_named(tmp_path, changes, message):
    path = write_seq_nms(tmp_path, **changes)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")):
        read_seq_nms_tracklets(path)


def test_a_file_without_counts_is_named(tmp_path):
    path = tmp_path / "27.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match=re.escape(f"{path}: n_trajs: found no such key, expected one")):
        read_seq_nms_tracklets(path)
