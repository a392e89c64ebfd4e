from __future__ import annotations

import numpy as np
import pytest

from trajvqa.datasets.questions import OpenEnded, Questions


def some_questions(**changes) -> Questions:
    columns = {
        "videos": ("v1", "v1", "v2"),
        "qids": ("0", "1", "0"),
        "types": ("CW", "TN", "DO"),
        "questions": ("why", "what then", "what"),
        "candidates": tuple(tuple(f"{row}{place}" for place in "abcde") for row in range(3)),
        "answers": np.array([4, 0, 2]),
        "frame_counts": np.array([10, 10, 20]),
        "widths": np.array([640, 640, 320]),
        "heights": np.array([480, 480, 240]),
        "source": "train.csv",
    }
    return Questions(**(columns | changes))


def test_the_length_is_the_number_of_questions():
    assert len(some_questions()) == 3


def test_keys_join_video_and_qid_as_result_files_do():
    assert some_questions().keys == ("v1_0", "v1_1", "v2_0")


def test_rows_are_selected_in_the_requested_order():
    selected = some_questions().select(np.array([2, 0]))
    assert selected.keys == ("v2_0", "v1_0")
    assert selected.types == ("DO", "CW")
    assert selected.questions == ("what", "why")
    assert selected.candidates[0] == ("2a", "2b", "2c", "2d", "2e")
    assert selected.answers.tolist() == [2, 4]
    assert selected.frame_counts.tolist() == [20, 10]
    assert selected.widths.tolist() == [320, 640]
    assert selected.heights.tolist() == [240, 480]
    assert selected.source == "train.csv"


def test_a_typed_question_has_neither_answer_nor_type_nor_facts_of_the_video():
    asked = Questions.asked("v1", "what is it", ["a dog", "a cat", "a cow"])
    assert asked.keys == ("v1_0",)
    assert asked.candidates == (("a dog", "a cat", "a cow"),)
    assert asked.num_candidates == 3
    assert len(asked.answered()) == 0
    assert asked.select(np.array([0])).candidates == asked.candidates
    with pytest.raises(ValueError, match=r"^frame_counts: found None, expected those of the videos of 1 questions$"):
        asked.video_facts()


def test_a_question_has_at_least_two_candidates():
    with pytest.raises(ValueError, match=r"^candidates, row 0: found 1 texts, expected at least 2$"):
        Questions.asked("v1", "what is it", ["a dog"])


def test_a_mask_selects_where_it_is_true():
    assert some_questions().select(np.array([True, False, True])).keys == ("v1_0", "v2_0")


def test_no_row_may_be_selected():
    assert len(some_questions().select(np.array([], np.int64))) == 0


@pytest.mark.parametrize("name", ["qids", "types", "questions", "candidates"])
def test_a_column_of_another_length_is_named(name):
    with pytest.raises(ValueError, match=f"^{name}: found 0 rows, expected 3, as many as videos$"):
        some_questions(**{name: ()})


@pytest.mark.parametrize("name", ["answers", "frame_counts", "widths", "heights"])
def test_an_array_of_another_length_is_named(name):
    with pytest.raises(ValueError, match=f"^{name}: found 1 rows, expected 3, as many as videos$"):
        some_questions(**{name: np.array([1])})


def test_another_number_of_candidates_is_refused():
    candidates = (tuple("abcde"), tuple("abcd"), tuple("abcde"))
    with pytest.raises(ValueError, match=r"^candidates, row 1: found 4 texts, expected 5, as in row 0$"):
        some_questions(candidates=candidates)


@pytest.mark.parametrize("answer", [-1, 5])
def test_an_answer_out_of_range_is_refused(answer):
    with pytest.raises(ValueError, match=f"^answers, row 2: found {answer}, expected 0 to 4$"):
        some_questions(answers=np.array([0, 4, answer]))


def test_open_ended_columns_must_have_one_length():
    one = np.array([1])
    with pytest.raises(ValueError, match=r"^answers: found 2 rows, expected 1, as many as videos$"):
        OpenEnded(("v",), ("0",), ("DB",), ("is it",), ("yes", "no"), one, one, one)
