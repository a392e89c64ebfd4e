from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.question_examples import make_questions
from trajvqa.config import NegativesConfig
from trajvqa.data.negatives import draw_negatives

QUESTIONS = make_questions(videos=6, each=5)


def right_texts(rows: np.ndarray) -> np.ndarray:
    texts = [QUESTIONS.candidates[row][QUESTIONS.answers[row]] for row in range(len(QUESTIONS))]
    return np.array(texts)[rows]


@given(
    strategy=st.sampled_from(["a", "qa", "both"]),
    count=st.integers(1, 8),
    seed=st.integers(0, 99),
    epoch=st.integers(1, 99),
)
def test_no_negative_is_of_the_questions_own_video(strategy, count, seed, epoch):
    drawn = draw_negatives(QUESTIONS, NegativesConfig(strategy, count), seed, epoch)
    assert drawn.answer_rows.shape == (30, count * (1 + (strategy == "both")))
    videos = np.array(QUESTIONS.videos)
    assert (videos[drawn.answer_rows] != videos[:, None]).all()


def test_a_keeps_the_question_and_takes_another_answer():
    drawn = draw_negatives(QUESTIONS, NegativesConfig("a", 5), 0, 1)
    assert (drawn.question_rows == np.arange(30)[:, None]).all()
    assert (right_texts(drawn.answer_rows) != right_texts(np.arange(30))[:, None]).all()


def test_qa_takes_question_and_answer_of_one_row():
    drawn = draw_negatives(QUESTIONS, NegativesConfig("qa", 5), 0, 1)
    assert (drawn.question_rows == drawn.answer_rows).all()


def test_qa_never_repeats_the_correct_text():
    drawn = draw_negatives(QUESTIONS, NegativesConfig("qa", 5), 0, 1)
    asked = np.array(QUESTIONS.questions)
    same = (asked[drawn.question_rows] == asked[:, None]) & (
        right_texts(drawn.answer_rows) == right_texts(np.arange(30))[:, None]
    )
    assert not same.any()


def test_both_are_a_and_then_qa():
    drawn = draw_negatives(QUESTIONS, NegativesConfig("both", 3), 0, 1)
    own = drawn.question_rows == np.arange(30)[:, None]
    assert own[:, :3].all()
    assert not own[:, 3:].any()


def test_none_draws_nothing():
    assert draw_negatives(QUESTIONS, NegativesConfig("none"), 0, 1) is None


def test_each_epoch_has_its_own_and_a_seed_repeats_them():
    draws = [draw_negatives(QUESTIONS, NegativesConfig("a"), seed, epoch) for seed, epoch in ((0, 1), (0, 1), (0, 2))]
    assert np.array_equal(draws[0].answer_rows, draws[1].answer_rows)
    assert not np.array_equal(draws[0].answer_rows, draws[2].answer_rows)


def test_a_file_of_one_video_has_no_negatives():
    with pytest.raises(ValueError, match=r"made.csv: question video0_0: found no negatives .* the file has 1 videos"):
        draw_negatives(make_questions(videos=1), NegativesConfig("a"), 0, 1)


def test_answers_that_read_the_same_are_the_same():
    texts = ("outdoor", "Outdoor", "outdoor ", "indoor")
    questions = replace(
        make_questions(videos=4, each=1),
        candidates=tuple((text, "a", "b", "c", "d") for text in texts),
        answers=np.zeros(4, np.int64),
    )
    drawn = draw_negatives(questions, NegativesConfig("a", 6), 0, 1)
    assert (drawn.answer_rows[:3] == 3).all()
