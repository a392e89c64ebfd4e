from __future__ import annotations

import re

import numpy as np
import pytest

from trajtrack import Detections, link
from trajvqa.ingest.tracks import ClassNames, TrackedVideo, from_linking


def make_video(scores=(1.0, 3.0, 2.0), **changes) -> TrackedVideo:
    count = len(scores)
    columns = {
        "video": "v",
        "num_frames": 10,
        "frames": tuple(np.array([row, row + 1], np.int32) for row in range(count)),
        "boxes": tuple(np.full((2, 4), row, np.float32) for row in range(count)),
        "labels": np.arange(count),
        "scores": np.array(scores, np.float32),
        "features": np.arange(count, dtype=np.float32)[:, None],
    }
    return TrackedVideo(**(columns | changes))


def test_the_best_are_those_with_the_highest_scores_in_unchanged_order():
    best = make_video().best(2)
    assert best.scores.tolist() == [3, 2]
    assert best.labels.tolist() == [1, 2]
    assert [frames[0] for frames in best.frames] == [1, 2]
    assert best.features.tolist() == [[1], [2]]


@pytest.mark.parametrize("limit", [None, 3, 5])
def test_nothing_is_dropped_within_the_limit(limit):
    assert make_video().best(limit).scores.tolist() == [1, 3, 2]


def test_equal_scores_keep_the_earlier():
    assert make_video(scores=(1, 1, 1)).best(2).labels.tolist() == [0, 1]


def test_spans_are_shares_of_the_video_with_the_end_exclusive():
    np.testing.assert_array_equal(
        make_video().as_video(ClassNames()).spans, np.array([[0, 0.2], [0.1, 0.3], [0.2, 0.4]], np.float32)
    )


def test_boxes_are_kept_on_request():
    assert make_video().as_video(ClassNames()).boxes is None
    assert len(make_video().as_video(ClassNames(), keep_boxes=True).boxes) == 3


def test_geometry_takes_the_place_of_features():
    found = make_video(features=None, image_size=(100, 100))
    assert found.as_video(ClassNames()).features.shape == (3, 7)


def test_geometry_needs_the_size_of_the_image():
    with pytest.raises(ValueError, match="width and height: found none, expected the image size"):
        make_video(features=None).as_video(ClassNames())


def detections() -> Detections:
    """Return two objects, one with a gap of one frame."""
    left, right = [0, 0, 10, 10], [50, 0, 60, 10]
    return Detections(
        boxes=[left, right, left, right, left],
        scores=[0.5, 0.9, 0.5, 0.9, 0.5],
        frames=[0, 0, 1, 2, 2],
        labels=[4, 7, 4, 7, 4],
        num_frames=5,
        label_names={4: "dog", 7: "cat"},
    )


def test_linked_features_are_averaged_over_the_detections():
    tracks = link(detections(), method="seq-nms", rescore="sum")
    found = from_linking("v", tracks, np.array([[1.0], [10], [2], [20], [6]]))
    assert found.labels.tolist() == [7, 4]
    assert found.features.tolist() == [[15], [3]]
    assert found.scores.tolist() == [np.float32(1.8), 1.5]
    assert found.num_frames == 5


def test_gaps_of_linked_boxes_are_filled():
    found = from_linking("v", link(detections(), method="seq-nms"))
    assert [frames.tolist() for frames in found.frames] == [[0, 1, 2], [0, 1, 2]]
    assert found.boxes[0].tolist() == [[50, 0, 60, 10]] * 3


def test_class_names_are_collected_in_order_of_appearance():
    classes = ClassNames()
    assert classes.to_indices(np.array([7, 4]), {4: "dog", 7: "cat", 9: "cow"}).tolist() == [1, 0]
    assert classes.to_indices(np.array([1, 5]), {1: "cow", 5: "ape"}).tolist() == [2, 3]
    assert classes.names == ["dog", "cat", "cow", "ape"]


def test_labels_without_names_are_named_after_their_number():
    classes = ClassNames()
    assert classes.to_indices(np.array([3, 0, 3]), {}).tolist() == [1, 0, 1]
    assert classes.names == ["0", "3"]


def test_other_names_than_given_are_refused():
    classes = ClassNames(["cat", "dog"])
    assert classes.to_indices(np.array([4, 7]), {4: "dog", 7: "cat"}).tolist() == [1, 0]
    with pytest.raises(ValueError, match="labels: found 'cow', expected one of the 2 classes"):
        classes.to_indices(np.array([4]), {4: "cow"})


def test_labels_without_names_are_indices_of_given_names():
    classes = ClassNames(["cat", "dog"])
    assert classes.to_indices(np.array([1, 0]), {}).tolist() == [1, 0]
    with pytest.raises(ValueError, match=re.escape("labels: found 2, expected a label below 2, the number of classes")):
        classes.to_indices(np.array([2]), {})


def test_a_repeated_name_is_refused():
    with pytest.raises(ValueError, match="classes: found 'cat' twice"):
        ClassNames(["cat", "dog", "cat"])
