from __future__ import annotations

import numpy as np
import pytest

from helpers.question_pages import ATTENTION, WEIGHTS, make_question, scored
from helpers.viewer_pages import read_page
from trajtrack import Detections, write_page

NOTHING = Detections([], [], [], track_ids=[], num_frames=3)


def test_the_page_holds_the_question_as_plain_values(tmp_path):
    write_page(NOTHING, tmp_path / "page.html", question=make_question(notes=["There are no boxes."]))
    found = read_page(tmp_path / "page.html").description["question"]
    assert (found["text"], found["candidates"], found["correct"]) == ("is it", ["a dog", "a cat"], 0)
    assert found["notes"] == ["There are no boxes."]
    assert found["trajectories"][1] == {"track": "1", "name": "cat", "span": [0.2, 1.0]}
    (answer,) = found["answers"]
    assert (answer["model"], answer["scores"]) == ("full", [0.25, 1.25])
    np.testing.assert_allclose(answer["weights"], WEIGHTS)
    np.testing.assert_allclose(answer["attention"][0], ATTENTION[0])


def test_a_page_without_a_question_has_none(tmp_path):
    write_page(NOTHING, tmp_path / "page.html")
    assert read_page(tmp_path / "page.html").description["question"] is None


def test_control_characters_of_texts_are_escaped():
    assert make_question(text="a\x1b[31mb").to_dict()["text"] == "a\\x1b[31mb"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": (1.0,)}, r"answers, row 1, scores: found shape \(1,\), expected \(2,\)"),
        ({"scores": (1.0, np.nan)}, "answers, row 1, scores: found other numbers, expected finite numbers"),
        ({"weights": WEIGHTS[:, :1]}, r"answers, row 1, weights: found shape \(2, 1\), expected \(2, 2\)"),
        ({"weights": -WEIGHTS}, "answers, row 1, weights: found other numbers, expected finite numbers of at least 0"),
        ({"words": None}, "answers, row 1, attention: found no words and numbers for each of 2 candidates"),
        ({"words": (("is",), ("is",))}, r"attention, candidate 0: found shape \(4, 2\), expected \(1, 2\)"),
    ],
)
def test_numbers_that_do_not_fit_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        make_question(scored(), scored(**changes))


def test_the_correct_candidate_is_one_of_them():
    with pytest.raises(ValueError, match="correct: found 2, expected an index of 2 candidates"):
        make_question(correct=2)
