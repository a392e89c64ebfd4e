from __future__ import annotations

import re

import numpy as np
import pytest

from trajtrack import Detections, link
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


@pytest.mark.parametrize("column", ["video", "video_id", "Video Name", "sequence", "camera_id"])
@pytest.mark.parametrize("values", [["a", "a", "b"], [3, 3, 4], ["a", "a", None]])
@pytest.mark.parametrize("boxes", ["sides", "xyxy"])
def test_the_rows_of_several_videos_are_refused(column: str, values: list[object], boxes: str) -> None:
    sides = {"x1": [0] * 3, "y1": [0] * 3, "x2": [1] * 3, "y2": [1] * 3}
    held = sides if boxes == "sides" else {"xyxy": [[0, 0, 1, 1]] * 3}
    table = {column: values, "frame": [0, 1, 0], **held, "score": [0.5] * 3}
    message = (
        f"column '{column}', row 2: found '{values[2]}', expected the rows of one video, as of '{values[0]}' before; "
        "link_table and 'trajtrack corpus' link the videos of a table"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        link(table)


@pytest.mark.parametrize("values", [["a", "a"], [3, 3], [None, None], [np.nan, np.nan]])
def test_the_rows_of_one_video_may_name_it(values: list[object]) -> None:
    table = {"video": values, "frame": [0, 1], "x1": [0] * 2, "y1": [0] * 2, "x2": [1] * 2, "y2": [1] * 2}
    assert len(Detections.from_table({**table, "score": [0.5] * 2})) == 2


def test_a_column_of_videos_may_be_chosen_for_something_else() -> None:
    table = {"camera": [7, 8], "frame": [0, 1], "x1": [0] * 2, "y1": [0] * 2, "x2": [1] * 2, "y2": [1] * 2}
    columns = {"label": "camera"}
    assert Detections.from_table({**table, "score": [0.5] * 2}, columns=columns).labels.tolist() == [7, 8]


@pytest.mark.parametrize("boxes", ["sides", "xyxy"])
@pytest.mark.parametrize("names", [["dog", "cat", "dog"], ["dog", "cat", None], np.array(["dog", "cat", ""])])
def test_the_names_of_classes_are_read_beside_their_numbers(names: object, boxes: str) -> None:
    sides = {"x1": [0] * 3, "y1": [0] * 3, "x2": [1] * 3, "y2": [1] * 3}
    held = sides if boxes == "sides" else {"xyxy": [[0, 0, 1, 1]] * 3}
    table = {"frame": [0, 1, 2], **held, "score": [0.5] * 3, "class_id": [17, 16, 17], "class_name": names}
    found = link(table).detections
    assert (found.labels.tolist(), found.label_names) == ([17, 16, 17], {16: "cat", 17: "dog"})


def test_given_names_of_classes_come_before_those_of_the_table() -> None:
    table = {"frame": [0], "x1": [0], "y1": [0], "x2": [1], "y2": [1], "score": [1], "cls": [3], "class_name": ["dog"]}
    assert Detections.from_table(table, label_names={3: "Hund"}).label_names == {3: "Hund"}
    assert Detections.from_table(table, columns={"label": "cls"}).label_names == {3: "dog"}


def test_two_names_of_one_class_are_refused() -> None:
    table = {"frame": [0, 1], "x1": [0] * 2, "y1": [0] * 2, "x2": [1] * 2, "y2": [1] * 2, "score": [1] * 2}
    names = {"class_id": [3, 3], "class_name": ["dog", "cat"]}
    with pytest.raises(ValueError, match="column 'class_name': label 3: found 'cat', expected 'dog' as before"):
        Detections.from_table({**table, **names})


def test_two_columns_for_the_same_are_refused_unless_one_is_chosen() -> None:
    table = {"frame": [1], "x1": [0], "y1": [0], "x2": [1], "y2": [1], "confidence": [0.5], "conf": [0.9]}
    message = "table: found the columns 'confidence' and 'conf', expected one of them for score, or columns="
    with pytest.raises(ValueError, match=message):
        Detections.from_table(table)
    assert Detections.from_table(table, columns={"score": "conf"}).scores.tolist() == [pytest.approx(0.9)]


def test_the_name_of_a_class_may_stand_beside_its_number() -> None:
    columns = name_columns(["class_id", "class_name"])
    assert (columns.names["label"], columns.class_name) == ("class_id", "class_name")
