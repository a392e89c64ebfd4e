from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helpers.question_examples import make_questions, partly_right
from helpers.vector_images import texts_of
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation import accuracy_chart
from trajvqa.evaluation.accuracy_chart import draw_accuracy
from trajvqa.evaluation.statistics import bootstrap_interval

pytest.importorskip("matplotlib")

QUESTIONS = make_questions(videos=20, each=6)
GOOD, BAD = partly_right(QUESTIONS, 0.8), partly_right(QUESTIONS, 0.2, seed=1)


@pytest.fixture
def figure(monkeypatch):
    """Return a function that draws and returns the figure instead of writing it."""

    def drawn(predictions: dict[str, dict[str, int]], questions: Questions = QUESTIONS) -> Any:
        figures: list[Any] = []
        with monkeypatch.context() as patch:
            patch.setattr(accuracy_chart, "save_figure", lambda figure, target: figures.append(figure))
            draw_accuracy(predictions, questions, "a.svg")
        return figures[0]

    return drawn


def dots(axes: Any) -> list[Any]:
    """Return the dots of the rows, from the top."""
    return [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]


def bars(axes: Any) -> list[list[float]]:
    """Return the ends of the intervals of the rows, from the top."""
    lines = [line for line in axes.lines if line.get_linestyle() == "-" and line.get_linewidth() == 1.6]
    return [list(line.get_xdata()) for line in lines if len(line.get_xdata())]


def test_each_type_with_questions_is_a_row_with_their_number(tmp_path):
    draw_accuracy({"a": GOOD}, QUESTIONS, tmp_path / "a.svg")
    texts = texts_of(tmp_path / "a.svg")
    assert {"all: 120 questions", "causal: 40 questions", "count (DC): 20 questions"} <= texts
    assert [text for text in texts if "(DL)" in text] == []
    assert "a: accuracy by question type, 20 videos" in texts
    assert "dot: accuracy; bar: 95 % interval (bootstrap over videos); dashed: chance" in texts


def test_a_type_with_few_questions_shows_how_little_they_say(figure):
    types = ("DC",) * 2 + ("CW",) * 118
    questions = replace(QUESTIONS, types=types, videos=("x", "y", *QUESTIONS.videos[2:]))
    chosen = dict(zip(questions.keys, questions.answers.tolist(), strict=True))
    chosen["y_1"] = (chosen["y_1"] + 1) % 5
    (axes,) = figure({"a": chosen}, questions).axes
    assert bars(axes)[-1] == [0, 100]
    low, high = bootstrap_interval(np.array([True, False, *[True] * 118]), questions.videos)
    assert bars(axes)[0] == pytest.approx([100 * low, 100 * high])


def test_accuracies_without_an_interval_are_hollow_since_a_dot_alone_looks_certain(figure, tmp_path):
    few = make_questions(videos=3, each=1)
    clause = "; hollow: no interval, since all draws are alike"
    for predictions, questions, hollow in ((partly_right(few, 1.0), few, True), (GOOD, QUESTIONS, False)):
        (axes,) = figure({"a": predictions}, questions).axes
        assert (dots(axes)[0].get_markerfacecolor() == "white") is hollow
        draw_accuracy({"a": predictions}, questions, tmp_path / "a.svg")
        assert any(text.endswith(clause) for text in texts_of(tmp_path / "a.svg")) is hollow


@pytest.mark.parametrize(("candidates", "chance"), [(5, 20.0), (4, 25.0)])
def test_chance_is_a_line_at_one_over_the_number_of_candidates(figure, candidates, chance):
    fewer = tuple(texts[:candidates] for texts in QUESTIONS.candidates)
    questions = replace(QUESTIONS, candidates=fewer, answers=QUESTIONS.answers % candidates)
    (axes,) = figure({"a": partly_right(questions, 0.5)}, questions).axes
    (line,) = (line for line in axes.lines if line.get_linestyle() == "--")
    assert list(line.get_xdata()) == [chance, chance]


def test_other_models_are_named_beside_the_first(tmp_path):
    draw_accuracy({"a $x$": GOOD, "compare: b": BAD}, QUESTIONS, tmp_path / "a.svg")
    texts = texts_of(tmp_path / "a.svg")
    assert {"a $x$", "compare: b", "both correct", "neither correct", "Difference, points"} <= texts
    assert "Accuracy by question type, 20 videos" in texts
    assert "difference: the first minus the other; filled where its 95 % interval excludes 0" in texts


def test_differences_are_filled_where_their_interval_excludes_0(figure):
    similar = partly_right(QUESTIONS, 0.8, seed=1)
    filled = {}
    for name, other in (("bad", BAD), ("similar", similar)):
        differences = dots(figure({"a": GOOD, name: other}).axes[1])
        filled[name] = differences[0].get_markerfacecolor() == differences[0].get_color()
        assert differences[0].get_markerfacecolor() in (differences[0].get_color(), "white")
    assert filled == {"bad": True, "similar": False}


def test_the_caption_says_that_differences_on_few_videos_are_not_filled(tmp_path):
    few = make_questions(videos=3, each=6)
    draw_accuracy({"a": partly_right(few, 1.0), "b": partly_right(few, 0.0)}, few, tmp_path / "a.svg")
    caption = (
        "difference: the first minus the other; filled where its 95 % interval excludes 0 and there are at least 6"
    )
    assert f"{caption} videos" in texts_of(tmp_path / "a.svg")


def test_each_other_model_has_a_panel_with_the_shares_of_both_one_alone_and_neither(figure):
    panels = figure({"a": GOOD, "b": BAD, "c": GOOD}).axes
    assert len(panels) == 4
    _, _, beside_b, beside_c = ([patch.get_width() for patch in axes.patches] for axes in panels)
    assert sum(beside_b[:4]) == pytest.approx(100)
    right = 100 * np.mean([GOOD[key] == answer for key, answer in zip(QUESTIONS.keys, QUESTIONS.answers, strict=True)])
    assert beside_c[:4] == pytest.approx([right, 0, 0, 100 - right])


def test_a_long_name_lacks_its_middle(tmp_path):
    draw_accuracy({f"compare: {'folder/' * 30}last.json": GOOD, "b": BAD}, QUESTIONS, tmp_path / "a.svg")
    (name,) = (text for text in texts_of(tmp_path / "a.svg") if text.endswith("last.json"))
    assert name.startswith("compare: folder/…")
    assert len(name) == 70


def test_images_are_reproduced_byte_for_byte(tmp_path):
    for name in ("once.svg", "twice.svg"):
        draw_accuracy({"a": GOOD, "b": BAD}, QUESTIONS, tmp_path / name)
    assert (tmp_path / "once.svg").read_bytes() == (tmp_path / "twice.svg").read_bytes()


def test_no_model_or_another_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match="predictions: found none, expected those of at least one model"):
        draw_accuracy({}, QUESTIONS, tmp_path / "a.svg")
    with pytest.raises(ValueError, match=r"path: found '.*a\.gif', expected one of the suffixes \.png, "):
        draw_accuracy({"a": GOOD}, QUESTIONS, tmp_path / "a.gif")
