from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from trajtrack.detect.detector import FrameBoxes
from trajtrack.detect.journal import Journal

RECIPE = {"video": "a", "detector": {"name": "b"}, "fps": 0.1, "min_score": None}


def boxes(frame, count, labels=None, names=None):
    rng = np.random.default_rng(frame)
    corners = np.sort(rng.uniform(0, 100, (count, 2, 2)), axis=1).reshape(count, 4).astype(np.float32)
    return FrameBoxes(frame, Fraction(frame, 3), corners, rng.random(count, np.float32), labels, names or {})


FRAMES = [boxes(0, 2, ["cat", "ant"]), boxes(3, 0), boxes(7, 1, ["bee"])]


def test_boxes_are_the_same_to_the_bit_after_a_stop(tmp_path):
    in_memory = Journal(None, None)
    in_memory.add(FRAMES)
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.add(FRAMES[:2])
    with Journal(tmp_path / "journal", RECIPE) as journal:
        assert list(journal.frames) == [0, 3]
        journal.add(FRAMES[2:])
    with Journal(tmp_path / "journal", RECIPE) as journal:
        found, expected = journal.finish(9), in_memory.finish(9)
    assert found.detections == expected.detections
    assert found.detections.label_names == {0: "ant", 1: "bee", 2: "cat"}
    assert (found.frames.tolist(), found.times.tolist()) == ([0, 3, 7], [0, 1, 7 / 3])


def test_class_names_of_the_detector_are_kept(tmp_path):
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.begin({4: "cat"})
        journal.add([boxes(0, 1, [4])])
    with Journal(tmp_path / "journal", RECIPE) as journal:
        assert journal.names == {4: "cat"}
        assert journal.finish(1).detections.label_names == {4: "cat"}


def test_class_names_in_the_output_are_kept(tmp_path):
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.add([boxes(0, 1, [4], {4: "cat", 5: "dog"})])
    with Journal(tmp_path / "journal", RECIPE) as journal:
        assert journal.finish(1).detections.label_names == {4: "cat", 5: "dog"}


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_line_without_an_end_is_dropped(tmp_path, cut):
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.add(FRAMES[:1])
        journal.add(FRAMES[1:])
    content = (tmp_path / "journal").read_bytes()
    (tmp_path / "journal").write_bytes(content[:-cut])
    with Journal(tmp_path / "journal", RECIPE) as journal:
        assert list(journal.frames) == [0]
        journal.add(FRAMES[1:])
    assert (tmp_path / "journal").read_bytes() == content


def test_a_recipe_that_was_not_written_to_its_end_is_written_again(tmp_path):
    (tmp_path / "journal").write_bytes(b'{"reci')
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.add(FRAMES)
    with Journal(tmp_path / "journal", RECIPE) as journal:
        assert len(journal.frames) == 3


@pytest.mark.parametrize("content", [b"my thesis", b"my thesis\n", b"[]\n", b'{"recipe": 3}\n', b"\x00\xff\n"])
def test_another_file_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(ValueError, match=r"journal, line 1: found other content, expected unfinished detections$"):
        Journal(tmp_path / "journal", RECIPE)
    assert (tmp_path / "journal").read_bytes() == content


def test_a_damaged_line_is_refused_by_its_number(tmp_path):
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.add(FRAMES)
    with open(tmp_path / "journal", "ab") as file:
        file.write(b'[{"frame": 8}]\n')
    with pytest.raises(ValueError, match=r"journal, line 3: found other content, expected unfinished detections$"):
        Journal(tmp_path / "journal", RECIPE)


def test_another_recipe_is_refused_with_what_differs(tmp_path):
    with Journal(tmp_path / "journal", RECIPE) as journal:
        journal.add(FRAMES)
    other = {**RECIPE, "detector": {"name": "c"}, "fps": 5, "min_score": 0.05}
    message = r"of another detector, fps 0\.1 instead of 5, min_score unset instead of 0\.05; give the same again"
    with pytest.raises(ValueError, match=message):
        Journal(tmp_path / "journal", other)
