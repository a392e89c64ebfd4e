"""Folders that hold one video."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trajtrack
from trajtrack.io.folders import frame_numbers


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    for name, row in (("det", "1,-1,0,0,1,1,0.5\n"), ("gt", "1,3,0,0,1,1,1,1,1\n")):
        (tmp_path / "MOT17-02" / name).mkdir(parents=True)
        (tmp_path / "MOT17-02" / name / f"{name}.txt").write_text(row)
    return tmp_path / "MOT17-02"


def test_of_a_sequence_the_detections_are_read(sequence: Path) -> None:
    assert trajtrack.read(sequence) == trajtrack.read(sequence / "det" / "det.txt")


def test_of_a_sequence_without_detections_the_ground_truth_is_read(sequence: Path) -> None:
    (sequence / "det" / "det.txt").unlink()
    assert trajtrack.read(sequence) == trajtrack.read(sequence / "gt" / "gt.txt")


def test_errors_name_the_file_in_the_folder(sequence: Path) -> None:
    (sequence / "det" / "det.txt").write_text("0,-1,0,0,1,1,0.5\n")
    with pytest.raises(ValueError, match=r"MOT17-02/det/det\.txt, line 1: found frame 0"):
        trajtrack.read(sequence)


def test_frames_are_in_natural_order() -> None:
    assert list(frame_numbers(["v_10.txt", "v_9.txt", "v_000011.txt"])) == [9, 10, 11]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["v_1.txt", "w.txt"], "found the file 'w.txt', expected a name with the number of the frame"),
        (
            ["v_1.txt", "w_2.txt"],
            "found the file 'w_2.txt', expected a name that differs from 'v_1' only in the number",
        ),
        (["v_1.txt", "v_01.txt"], "'v_01.txt': found frame 1, as in 'v_1.txt', expected the files of one video"),
    ],
)
def test_names_without_a_number_of_their_own_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        frame_numbers(names)
