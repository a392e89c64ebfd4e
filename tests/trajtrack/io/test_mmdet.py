from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest

import trajtrack
from helpers.changed_json import write_changed
from trajtrack import Detections

FIRST = {"labels": [3, 0], "scores": [0.5, 0.25], "bboxes": [[10, 20, 40, 60], [1, 2, 4.5, 6]]}
SECOND = {"labels": [3], "scores": [1], "bboxes": [[10, 20, 40, 60]], "masks": [{"size": [1, 1], "counts": "a"}]}
EMPTY = {"labels": [], "scores": [], "bboxes": []}
BOXES = [[10, 20, 40, 60], [1, 2, 4.5, 6], [10, 20, 40, 60]]


def test_a_list_has_an_entry_for_each_frame(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([FIRST, EMPTY, SECOND, EMPTY]))
    expected = Detections(BOXES, [0.5, 0.25, 1], [0, 0, 2], [3, 0, 3], num_frames=4)
    assert trajtrack.read(tmp_path / "a.json") == expected


def test_a_folder_has_a_file_for_each_frame(tmp_path: Path) -> None:
    for name, entry in (("frame_10", SECOND), ("frame_9", FIRST), ("frame_12", EMPTY)):
        (tmp_path / f"{name}.json").write_text(json.dumps(entry))
    expected = Detections(BOXES, [0.5, 0.25, 1], [8, 8, 9], [3, 0, 3], num_frames=12)
    assert trajtrack.read(tmp_path) == trajtrack.read(tmp_path, "mmdet") == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("scores", [0.5]), "scores: found 1 values, expected 2 as in bboxes"),
        (("labels", 0, "car"), "labels[0]: found 'car', expected an integer"),
        (("bboxes", 1, [1, 2, 3]), "bboxes[1]: found 3 numbers, expected x1, y1, x2, y2"),
        (("bboxes", 1, [1, 2, 0, 3]), "bboxes[1]: found x2 < x1 (x1 = 1, x2 = 0), expected x1 <= x2"),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, change: tuple, message: str) -> None:
    path = write_changed(tmp_path / "f_1.json", FIRST, *change)
    with pytest.raises(ValueError, match=re.escape(f"f_1.json, {message}")):
        trajtrack.read(tmp_path)
    path.write_text(f"[{path.read_text()}]")
    with pytest.raises(ValueError, match=re.escape(f"f_1.json, [0].{message}")):
        trajtrack.read(path)


@pytest.mark.parametrize("suffix", ["pkl", "pickle"])
def test_pickles_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"results.{suffix}"
    path.write_bytes(pickle.dumps([FIRST]))
    with pytest.raises(ValueError, match="found a pickle, which can run any program when it is read, expected JSON"):
        trajtrack.read(path)
