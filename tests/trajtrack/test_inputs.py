from __future__ import annotations

import re

import numpy as np
import pytest

from trajtrack import Detections, link
from trajtrack.inputs import as_detections

BOXES = np.array([[10, 20, 50, 80.5], [14, 20, 54, 80.5]], np.float32)
SCORES = np.array([0.75, 0.5], np.float32)
ROWS = np.column_stack([BOXES, SCORES])
LABELS = np.array([3, 3])
SIZED = np.column_stack([BOXES[:, :2], BOXES[:, 2:] - BOXES[:, :2]])


@pytest.mark.parametrize(
    ("given", "box_format"),
    [
        ([ROWS[:1], ROWS[1:]], None),
        ((row[None] for row in ROWS), None),
        (ROWS[:, None], None),
        ({0: ROWS[:1], 1: ROWS[1:]}, None),
        (np.column_stack([[0, 1], ROWS]), None),
        (np.column_stack([[0, 1], ROWS]).tolist(), None),
        (np.column_stack([[0, 1], SIZED, SCORES]), "xywh"),
        ({"xyxy": BOXES, "conf": SCORES, "frame": [0, 1]}, None),
        ({"boxes": SIZED, "confidence": SCORES, "frames": [0, 1]}, "xywh"),
        ([(BOXES[:1], SCORES[:1]), (BOXES[1:], SCORES[1:])], None),
        ([(BOXES[:1], SCORES[:1], [0]), (BOXES[1:], SCORES[1:], [0])], None),
    ],
)
def test_what_people_have_becomes_the_same_detections(given, box_format):
    found = as_detections(given, box_format=box_format)
    np.testing.assert_array_equal(found.boxes, BOXES)
    np.testing.assert_array_equal(found.scores, SCORES)
    np.testing.assert_array_equal(found.frames, [0, 1])


def test_rows_of_frames_out_of_order_keep_their_numbers():
    found = as_detections({4: ROWS[:1], 2: ROWS[1:]})
    assert (found.frames.tolist(), found.num_frames) == ([4, 2], 5)
    np.testing.assert_array_equal(found.scores, SCORES)


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        (ROWS, "link([boxes_of_frame_0, ...])"),
        (np.column_stack([ROWS, LABELS]), "link(Detections(a[:, 1:5], a[:, 5], a[:, 0]))"),
        (np.column_stack([[0, 1], [1, 1], SIZED, [1, 1]]), "link(Detections(a[:, 1:5], a[:, 5], a[:, 0], a[:, 6]))"),
        (np.zeros((2, 9)), "link(Detections(boxes, scores, frames))"),
        ((BOXES, SCORES), "link(Detections(boxes, scores, frames))"),
        ({"boxes": BOXES, "scores": SCORES}, "link({'xyxy': boxes, 'conf': scores, 'frame': frames})"),
        ({}, "link({0: boxes_of_frame_0, ...})"),
    ],
)
def test_what_may_mean_several_things_is_refused_with_the_three_nearest_calls(given, nearest):
    with pytest.raises(ValueError, match=r"^detections: found ") as refused:
        as_detections(given)
    calls = re.findall(r"link\(.*?\)+(?=;|$)", str(refused.value))
    assert len(calls) == 3
    assert calls[0] == nearest


def test_the_container_of_one_frame_is_refused_with_calls_for_several():
    boxes = Detections.from_frames([ROWS])
    one = type("Boxes", (), {"xyxy": boxes.boxes, "conf": boxes.scores, "cls": boxes.labels, "__iter__": None})()
    with pytest.raises((ValueError, TypeError), match=r"link\(\[boxes_of_frame_0, \.\.\.\]\)"):
        as_detections(one)


def test_a_box_format_beside_detections_is_refused():
    with pytest.raises(ValueError, match="box_format: found 'xywh' with Detections"):
        link(Detections(BOXES, SCORES, [0, 1]), box_format="xywh")


def test_classes_of_columns_may_be_names():
    found = as_detections({"xyxy": BOXES, "conf": SCORES, "cls": ["dog", "cat"], "frame": [0, 1]})
    assert [found.label_names[label] for label in found.labels.tolist()] == ["dog", "cat"]


def test_a_faulty_entry_of_a_mapping_is_named_by_its_frame():
    with pytest.raises(ValueError, match=r"^detections, frame 7: .*expected"):
        as_detections({3: ROWS[:1], 7: ROWS[:, :3]})


def test_a_tuple_of_frames_is_no_tuple_of_boxes_and_scores():
    entry = {"boxes": BOXES[:1], "scores": SCORES[:1]}
    assert as_detections((entry, entry)).frames.tolist() == [0, 1]
    assert as_detections((ROWS[:1], ROWS)).frames.tolist() == [0, 1, 1]


def test_an_empty_mapping_is_refused():
    with pytest.raises(ValueError, match="found an empty mapping, expected entries by the number of their frame"):
        as_detections({})


@pytest.mark.parametrize(
    ("columns", "meant"),
    [
        ({"bboxes": BOXES, "scores": SCORES, "frames": [0, 1]}, "boxes"),
        ({"boxes": BOXES, "scoers": SCORES, "frames": [0, 1]}, "scores"),
        ({"xyxy": BOXES, "conf": SCORES, "farme": [0, 1]}, "frame"),
    ],
)
def test_a_misspelt_column_is_answered_with_the_nearest_name(columns, meant):
    with pytest.raises(ValueError, match=rf"did you mean '{meant}'\?"):
        as_detections(columns)


def test_names_of_files_in_a_list_are_answered_with_the_calls_for_one_and_for_many():
    with pytest.raises(TypeError, match=r"^detections: found the name 'a.txt' in a list, .*link_many\("):
        link(["a.txt", "b.txt"])


def test_a_misspelt_box_format_is_refused_before_any_frame():
    with pytest.raises(ValueError, match=r"^box_format: found 'xyhw', expected one of .*did you mean 'xywh'"):
        link([ROWS], box_format="xyhw")
