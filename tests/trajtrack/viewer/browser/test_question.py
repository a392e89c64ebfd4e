"""A question on the viewer's page in a real browser."""

from __future__ import annotations

import pytest

from helpers.browser_pages import texts, wait_until
from helpers.question_pages import make_question, scored
from trajtrack import Detections
from trajtrack.viewer import QuestionTrajectory

pytestmark = pytest.mark.browser

BOXES = [[10, 10, 60, 90], [200, 50, 260, 140]]
TRACKS = Detections(
    [BOXES[number] for number in (0, 1) for _ in range(10)],
    [0.9] * 20,
    [frame + 2 * number for number in (0, 1) for frame in range(10)],
    track_ids=[number for number in (0, 1) for _ in range(10)],
)


def rows(page, selector):
    return [text.split() for text in page.locator(selector).all_inner_texts()]


def test_candidates_have_scores_and_marks(open_page):
    page = open_page(TRACKS, question=make_question())
    assert texts(page, ".asked") == "is it"
    assert rows(page, ".candidates tbody tr") == [
        ["a", "dog✓", "27", "%", "0.250"],
        ["a", "cat", "73", "%", "1.250"],
    ]
    assert page.locator(".candidates .wrong").count() == 1


def test_trajectories_of_the_chosen_candidate_are_listed_by_weight_and_select(open_page):
    page = open_page(TRACKS, question=make_question())
    assert rows(page, ".attended li") == [
        ["cat", "1", "20", "%", "to", "100", "%", "80.0", "%"],
        ["dog", "0", "0", "%", "to", "80", "%", "20.0", "%"],
    ]
    page.locator(".attended button").first.click()
    assert page.evaluate("[viewer.selected, viewer.frame]") == ["1", 2]
    assert page.locator(".attended .selected").count() == 1


def test_another_candidate_shows_its_own_words_and_weights(open_page):
    page = open_page(TRACKS, question=make_question())
    page.get_by_role("button", name="a dog").click()
    assert [row[-2] for row in rows(page, ".attended li")] == ["50.0", "50.0"]
    assert rows(page, ".map tbody tr") == [
        ["is", "90", "10"],
        ["it", "50", "50"],
        ["a", "50", "50"],
        ["dog", "10", "90"],
    ]


def test_boxes_are_drawn_by_their_weight(open_page):
    page = open_page(TRACKS, question=make_question())
    page.evaluate("viewer.seek(5)")
    assert page.evaluate("Array.from(viewer.question.state.emphasis)") == [0.25, 1]


def test_models_are_side_by_side_and_show_their_own_weights(open_page):
    base = scored("base", (2.0, 1.0), weights=None, words=None, attention=None)
    page = open_page(TRACKS, question=make_question(base, scored("full")))
    assert texts(page, ".candidates thead").split() == ["base", "right", "full", "wrong"]
    page.get_by_role("button", name="base").click()
    assert "base has no weights of trajectories." in texts(page, "#question")
    assert page.evaluate("viewer.question.state.emphasis") is None


def test_without_boxes_the_question_is_shown_and_a_trajectory_leads_to_its_start(open_page):
    trajectories = (QuestionTrajectory(None, "dog", (0.0, 0.8)), QuestionTrajectory(None, "cat", (0.2, 1.0)))
    nothing = Detections([], [], [], track_ids=[], num_frames=10)
    page = open_page(nothing, question=make_question(trajectories=trajectories, notes=["No boxes."]), dark=True)
    assert "No boxes." in texts(page, "#question")
    page.locator(".attended button").first.click()
    wait_until(page, "viewer.frame === 2")


def test_texts_are_never_html(open_page):
    page = open_page(TRACKS, question=make_question(text="<img src=x>", candidates=("<b>x</b>", "</script>")))
    assert texts(page, ".asked") == "<img src=x>"
    assert page.locator("#question img, #question table b b").count() == 0
