from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from helpers.question_examples import make_questions, partly_right
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.confusion import MAX_TEXTS, confusions


def counting(candidates: Sequence[Sequence[str]], answers: Sequence[int]) -> Questions:
    """Return questions of the type of counts."""
    questions = make_questions(videos=len(candidates), each=1)
    texts = tuple(map(tuple, candidates))
    return replace(questions, types=("DC",) * len(texts), candidates=texts, answers=np.array(answers))


def chosen(questions: Questions, *candidates: int) -> dict[str, int]:
    return dict(zip(questions.keys, candidates, strict=True))


def test_rows_are_correct_answers_and_columns_chosen_ones():
    questions = counting([("one", "two"), ("two", "one"), ("one", "two"), ("two", "one")], [0, 0, 0, 1])
    (found,) = confusions(questions, chosen(questions, 0, 1, 1, 1))
    assert (found.kind, found.texts) == ("DC", ("one", "two"))
    assert found.chosen.tolist() == [[2, 1, 0], [1, 0, 0]]


def test_a_text_that_is_not_offered_is_told_from_one_that_is_not_chosen():
    questions = counting([("one", "two"), ("two", "three"), ("three", "one")], [0, 0, 0])
    (found,) = confusions(questions, chosen(questions, 0, 0, 0))
    assert found.offered.tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]]


def test_numbers_are_in_their_order_and_other_texts_by_frequency():
    numbers = counting([("ten", "two"), ("two", "ten"), ("two", "ten")], [0, 0, 0])
    assert confusions(numbers, chosen(numbers, 0, 0, 0))[0].texts == ("two", "ten")
    places = counting([("beach", "zoo"), ("zoo", "beach"), ("zoo", "beach")], [0, 0, 0])
    assert confusions(places, chosen(places, 0, 0, 0))[0].texts == ("zoo", "beach")


def test_case_and_surrounding_spaces_make_no_other_answer():
    questions = counting([("One ", "two"), ("two", "one"), (" two", "ONE")], [0, 0, 1])
    assert confusions(questions, chosen(questions, 0, 0, 0))[0].texts == ("one", "two")


def test_a_text_that_is_never_correct_is_one_of_the_others():
    common = [("one", "two", "three", "four")] * 4
    questions = counting([*common, ("one", "two", "three", "nine")], [0, 1, 2, 3, 0])
    (found,) = confusions(questions, chosen(questions, 0, 1, 2, 3, 3))
    assert found.chosen[0].tolist() == [1, 0, 0, 0, 1]
    assert found.offered[0].tolist() == [2, 2, 2, 1, 1]


def test_a_type_whose_candidates_are_mostly_other_texts_has_no_matrix():
    questions = counting([("one", "x", "y"), ("two", "z", "w")], [0, 0])
    assert confusions(questions, chosen(questions, 0, 0)) == []


@pytest.mark.parametrize(("texts", "matrices"), [(1, 0), (MAX_TEXTS, 1), (MAX_TEXTS + 1, 0)])
def test_a_type_with_one_or_with_many_answers_has_no_matrix(texts, matrices):
    words = [f"word{number}" for number in range(texts)]
    # One wrong candidate of another text is within the tolerated share.
    questions = counting([(word, words[0]) for word in words for _ in range(10)], [0] * (10 * texts))
    assert len(confusions(questions, chosen(questions, *[0] * (10 * texts)))) == matrices


def test_each_type_is_considered_alone_in_the_order_of_the_table():
    questions = make_questions(videos=40, each=6)
    # Six words for all questions: all types qualify.
    assert [each.kind for each in confusions(questions, partly_right(questions, 0.5))] == [
        *("CW", "CH", "TN", "TC", "DC", "DO")
    ]
