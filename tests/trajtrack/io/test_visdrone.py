from __future__ import annotations

from pathlib import Path

import pytest

import trajtrack
from trajtrack.io import input_format

ANNOTATIONS = """\
1,0,593,43,174,190,0,0,0,0
1,0,10,10,20,20,0,11,0,0
1,1,453,449,46,98,1,4,0,0
2,1,455,449,46,98,1,4,1,2
2,2,100,100,10,20,1,1,0,1
"""


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    path = tmp_path / "uav0000013.txt"
    path.write_text(ANNOTATIONS)
    return path


def test_annotations_are_recognised_and_their_classes_read(annotations: Path) -> None:
    assert input_format(annotations).name == "visdrone"
    found = trajtrack.read(annotations)
    assert found.labels.tolist() == [0, 11, 4, 4, 1]
    assert found.scores.tolist() == [0, 0, 1, 1, 1]
    assert found.frames.tolist() == [0, 0, 0, 1, 1]
    assert found.boxes[2].tolist() == [453, 449, 499, 547]


@pytest.mark.parametrize(
    "row",
    ["2,1,0,0,9,9,1,12,0,0", "2,1,0,0,9,9,1,4,2,0", "2,1,0,0,9,9,1,4,0,3", "2,1,0,0,9,9,1,5,0,0", "2,1,0,0,9,9,1,4,0"],
    ids=["class", "truncation", "occlusion", "another class of an identity", "nine columns"],
)
def test_a_file_with_another_row_is_not_recognised(annotations: Path, row: str) -> None:
    annotations.write_text(ANNOTATIONS + row + "\n")
    assert input_format(annotations).name == "mot"


def test_by_name_any_class_is_read(annotations: Path) -> None:
    annotations.write_text("1,1,0,0,9,9,1,70,8,9\n")
    assert trajtrack.read(annotations, "visdrone").labels.tolist() == [70]


@pytest.mark.parametrize(
    ("row", "message"),
    [("1,1,0,0,9,9,1,4.5,0,0", "found class 4.5, expected an integer"), ("1,1,0,0,9,9,1,4,0", "found 9 columns")],
)
def test_errors_name_the_line(annotations: Path, row: str, message: str) -> None:
    annotations.write_text(row + "\n")
    with pytest.raises(ValueError, match=f"uav0000013.txt, line 1: {message}"):
        trajtrack.read(annotations, "visdrone")


def test_results_are_written_as_visdrone_expects_them_and_read_without_naming_the_format(tmp_path: Path) -> None:
    tracks = trajtrack.Detections([[10, 20, 30, 50]], [0.75], [3], labels=[4], track_ids=[7])
    trajtrack.write(tmp_path / "results.txt", tracks, "visdrone")
    assert (tmp_path / "results.txt").read_text() == "4,8,10,20,20,30,0.75,4,-1,-1\n"
    assert trajtrack.read(tmp_path / "results.txt") == tracks
