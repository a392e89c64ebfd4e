from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest

from helpers.question_examples import make_questions, partly_right
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import is_right
from trajvqa.evaluation.by_type import LEAST_VIDEOS, TypeResult, results_by_type
from trajvqa.evaluation.statistics import bootstrap_interval, difference_interval

QUESTIONS = make_questions(videos=20, each=6)


def right(share: float, seed: int = 0) -> np.ndarray:
    return is_right(QUESTIONS, partly_right(QUESTIONS, share, seed))


def of_one_type(videos: int, each: int = 1) -> Questions:
    questions = make_questions(videos=videos, each=each)
    return replace(questions, types=("CW",) * len(questions))


def only(questions: Questions, *models: np.ndarray) -> TypeResult:
    return results_by_type(questions, models)[-1]


def test_all_questions_come_first_then_each_group_with_its_types():
    results = results_by_type(QUESTIONS, [right(0.5)])
    assert [(each.title, each.is_total, each.questions) for each in results] == [
        ("all", True, 120),
        ("causal", True, 40),
        ("why (CW)", False, 20),
        ("how (CH)", False, 20),
        ("temporal", True, 40),
        ("before or after (TN, TP)", False, 20),
        ("at the same time (TC)", False, 20),
        ("descriptive", True, 40),
        ("count (DC)", False, 20),
        ("other (DO)", False, 20),
    ]


def test_a_group_without_questions_has_no_row():
    titles = [each.title for each in results_by_type(of_one_type(3), [np.ones(3, bool)])]
    assert titles == ["all", "causal", "why (CW)"]


def test_questions_about_what_came_before_count_as_those_about_what_comes_next():
    questions = replace(of_one_type(3), types=("TP", "TN", "TP"))
    result = only(questions, np.ones(3, bool))
    assert (result.title, result.questions) == ("before or after (TN, TP)", 3)


def test_questions_of_an_unknown_type_count_among_all_only():
    questions = replace(of_one_type(3), types=("", "CW", ""))
    assert [each.questions for each in results_by_type(questions, [np.ones(3, bool)])] == [3, 1, 1]


def test_an_interval_is_of_the_questions_of_the_type_alone():
    mask = np.array(QUESTIONS.types) == "TC"
    videos = [video for video, own in zip(QUESTIONS.videos, mask, strict=True) if own]
    (result,) = (each for each in results_by_type(QUESTIONS, [right(0.5)]) if "(TC)" in each.title)
    own = right(0.5)[mask]
    assert astuple(result.accuracies[0]) == (own.mean(), *bootstrap_interval(own, videos))


def test_a_difference_has_an_interval_on_the_same_draws():
    result = results_by_type(QUESTIONS, [right(0.8), right(0.3)])[0]
    low, high = difference_interval(right(0.8), right(0.3), QUESTIONS.videos)
    assert astuple(result.differences[0]) == pytest.approx((right(0.8).mean() - right(0.3).mean(), low, high))


def test_models_differ_where_the_interval_excludes_0():
    result = results_by_type(QUESTIONS, [right(0.8), right(0.2, seed=1), right(0.8, seed=1)])[0]
    assert result.differences[0].low > 0
    assert result.differences[1].low < 0 < result.differences[1].high
    assert result.differs == (True, False)


@pytest.mark.parametrize(("videos", "differ"), [(LEAST_VIDEOS - 1, False), (LEAST_VIDEOS, True)])
def test_models_never_differ_on_so_few_videos_that_nothing_is_significant(videos, differ):
    questions = of_one_type(videos, each=4)
    result = only(questions, np.ones(len(questions), bool), np.zeros(len(questions), bool))
    assert result.differences[0].low == 1
    assert result.differs == (differ,)


def test_agreement_says_who_answers_which_share_correctly():
    questions = of_one_type(10)
    first, second = np.array([True] * 6 + [False] * 4), np.array([True] * 3 + [False] * 6 + [True])
    assert astuple(only(questions, first, second).agreements[0]) == pytest.approx((0.3, 0.3, 0.1, 0.3))
