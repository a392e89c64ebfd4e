from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

from trajtrack.decoding import Frame
from trajtrack.detect.detector import detect_in, names_of

FRAMES = [Frame(index, Fraction(index, 5), lambda: np.zeros((4, 6, 3), np.uint8)) for index in (5, 10)]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, "detector, frames 5 to 10: found NoneType, expected a list with an entry per frame"),
        ({"boxes": [], "scores": []}, "detector, frames 5 to 10: found dict, expected a list with an entry per frame"),
        ([None], "detector, frames 5 to 10: found 1 entries, expected one for each of 2"),
        ([None, "cat"], "detector, frame 10: found str"),
        ([None, {"boxes": [[0, 0, 1, 1]]}], "detector, frame 10: found a mapping without scores"),
        (
            [None, {"boxes": [[0, 0, 1, 1], [3, 0, 1, 1]], "scores": [1, 1]}],
            "detector, frame 10: boxes, row 1: found [3, 0, 1, 1], expected x1 <= x2 and y1 <= y2",
        ),
        (
            [{"boxes": [[0, 0, 1, 1]], "scores": [float("nan")]}, None],
            "detector, frame 5: scores, row 0: found nan, expected a finite number",
        ),
        ([np.zeros((1, 4)), None], "detector, frame 5: found an array of shape (1, 4), expected 5 or 6 columns"),
    ],
)
def test_invalid_output_names_the_frame(output, message):
    with pytest.raises((ValueError, TypeError), match=f"^{re.escape(message)}"):
        detect_in(FRAMES, lambda frames: output, None, None)


def test_an_error_of_the_detector_names_frames_and_line():
    def divide(frames):
        return 1 / 0

    message = r"^detector, frames 5 to 10: found ZeroDivisionError: division by zero \(test_detector\.py, line \d+\)$"
    with pytest.raises(RuntimeError, match=message) as caught:
        detect_in(FRAMES, divide, None, None)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_interrupt_is_not_an_error_of_the_detector():
    def interrupt(frames):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detect_in(FRAMES, interrupt, None, None)


def test_a_name_that_the_detector_does_not_have_is_refused():
    def find(frames):
        return [{"boxes": [[0, 0, 1, 1]], "scores": [1], "labels": ["owl"]}] * len(frames)

    with pytest.raises(ValueError, match=r"^detector, frame 5: labels: found the name 'owl', expected one of"):
        detect_in(FRAMES, find, {0: "cat"}, None)


def test_names_are_a_mapping_or_a_list():
    def find(frames):
        return []

    assert names_of(find) is None
    find.names = "cat"
    with pytest.raises(TypeError, match=r"^detector\.names: found 'cat', expected names by label or a list of names$"):
        names_of(find)
