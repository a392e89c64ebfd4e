from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.question_examples import make_questions, partly_right
from helpers.vector_images import texts_of
from trajvqa.evaluation.confusion_chart import draw_confusions

pytest.importorskip("matplotlib")

QUESTIONS = make_questions(videos=40, each=6)
SOME = partly_right(QUESTIONS, 0.5)


def test_each_type_with_few_answers_has_a_matrix_of_chosen_and_correct_answers(tmp_path):
    assert draw_confusions(SOME, QUESTIONS, tmp_path / "a.svg", "run/a.json") == ["CW", "CH", "TN", "TC", "DC", "DO"]
    texts = texts_of(tmp_path / "a.svg")
    assert {"run/a.json", "count (DC): 40 questions", "chosen", "correct", "eat grass", "fall down"} <= texts
    assert "number: questions; framed: correct; hatched: never offered" in texts
    assert "other" not in texts


def test_texts_that_are_never_correct_are_one_column(tmp_path):
    candidates = (("run", "jump", "nap", "sing", "fly"), *QUESTIONS.candidates[1:])
    questions = replace(QUESTIONS, candidates=candidates, types=("CW",) * len(QUESTIONS))
    draw_confusions(SOME, questions, tmp_path / "a.svg")
    assert "other" in texts_of(tmp_path / "a.svg")


def test_a_long_answer_is_shortened_and_a_dollar_sign_is_no_formula(tmp_path):
    candidates = tuple(
        tuple({"sing": "$5 and $6", "sleep": "sleep on the green sofa"}.get(text, text) for text in texts)
        for texts in QUESTIONS.candidates
    )
    draw_confusions(SOME, replace(QUESTIONS, candidates=candidates), tmp_path / "a.svg")
    assert {"$5 and $6", "sleep on the gree…"} <= texts_of(tmp_path / "a.svg")


def test_images_are_reproduced_byte_for_byte(tmp_path):
    for name in ("once.svg", "twice.svg"):
        draw_confusions(SOME, QUESTIONS, tmp_path / name)
    assert (tmp_path / "once.svg").read_bytes() == (tmp_path / "twice.svg").read_bytes()


def test_without_a_type_of_few_answers_nothing_is_written(tmp_path):
    candidates = tuple(tuple(f"{text} {row}" for text in texts) for row, texts in enumerate(QUESTIONS.candidates))
    message = (
        "found no question type whose candidates are nearly all among a few correct answers, expected one with at "
        "most 12 that make up 90 % of its candidates"
    )
    with pytest.raises(ValueError, match=message):
        draw_confusions(SOME, replace(QUESTIONS, candidates=candidates), tmp_path / "a.svg")
    assert list(tmp_path.iterdir()) == []


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path: found '.*a\.gif', expected one of the suffixes \.png, "):
        draw_confusions(SOME, QUESTIONS, tmp_path / "a.gif")
