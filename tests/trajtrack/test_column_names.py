from __future__ import annotations

import pytest

from trajtrack import Detections
from trajtrack.column_names import name_columns


@pytest.mark.parametrize("score", ["confidence", "conf", "Confidence", "confidence_score"])
@pytest.mark.parametrize("label", ["class_id", "class", "cls", "category_id"])
@pytest.mark.parametrize("frame", ["frame_id", "frame_number", "Frame Index"])
def test_common_names_of_columns_are_found(frame: str, score: str, label: str) -> None:
    table = {frame: [2], "x1": [0], "y1": [0], "x2": [1], "y2": [1], score: [0.5], label: [3], "tracker_id": [7]}
    assert Detections.from_table(table) == Detections([[0, 0, 1, 1]], [0.5], [2], [3], track_ids=[7])


@pytest.mark.parametrize(
    ("sides", "box"),
    [
        ("x_min y_min x_max y_max", [10, 20, 40, 60]),
        ("left top right bottom", [10, 20, 40, 60]),
        ("bb_left bb_top bb_width bb_height", [10, 20, 30, 40]),
        ("x y width height", [10, 20, 30, 40]),
        ("cx cy w h", [25, 40, 30, 40]),
    ],
)
def test_common_names_of_sides_are_found(sides: str, box: list[int]) -> None:
    table = {"frame": [0], "score": [1], **{name: [value] for name, value in zip(sides.split(), box, strict=True)}}
    assert Detections.from_table(table).boxes.tolist() == [[10, 20, 40, 60]]


def test_our_own_names_come_first() -> None:
    table = {"frame": [1], "frame_id": [9], "x1": [0], "y1": [0], "x2": [1], "y2": [1], "score": [0.5], "conf": [0.9]}
    assert Detections.from_table(table) == Detections([[0, 0, 1, 1]], [0.5], [1])


def test_two_columns_for_the_same_are_refused_unless_one_is_chosen() -> None:
    table = {"frame": [1], "x1": [0], "y1": [0], "x2": [1], "y2": [1], "confidence": [0.5], "conf": [0.9]}
    message = "table: found the columns 'confidence' and 'conf', expected one of them for score, or columns="
    with pytest.raises(ValueError, match=message):
        Detections.from_table(table)
    assert Detections.from_table(table, columns={"score": "conf"}).scores.tolist() == [pytest.approx(0.9)]


def test_the_name_of_a_class_may_stand_beside_its_number() -> None:
    columns = name_columns(["class_id", "class_name"])
    assert (columns.names["label"], columns.class_name) == ("class_id", "class_name")
