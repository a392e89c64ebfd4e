from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from helpers.viewer_pages import read_page
from trajvqa.answering import write_answers_page
from trajvqa.answering.explained import Answer, Attended, SeenTrajectory
from trajvqa.answering.pages import shown_video
from trajvqa.stores import TrajectoriesInMemory, VideoTrajectories

BOXES = VideoTrajectories(
    video="v",
    features=np.zeros((3, 2), np.float32),
    spans=np.array([[0, 0.5], [0.2, 0.8], [0.5, 1]], np.float32),
    labels=np.array([0, 1, 0], np.int32),
    scores=np.array([0.5, 0.6, 0.7], np.float32),
    frames=tuple(np.array([first, first + 1], np.int32) for first in (0, 2, 5)),
    boxes=tuple(np.array([[0, 0, 5, 5], [1, 1, 6, 6]], np.float32) + 10 * k for k in range(3)),
)
ANSWER = Answer(
    video="v",
    qid="0",
    kind="DO",
    question="what is it",
    candidates=("a dog", "a cat"),
    scores=(0.5, 0.25),
    correct=1,
    attended=Attended(
        trajectories=(SeenTrajectory(0, "dog", (0.0, 0.5)), SeenTrajectory(2, "dog", (0.5, 1.0))),
        weights=np.array([[0.25, 0.75], [0.5, 0.5]]),
        words=(("a",), ("a", "b")),
        attention=(np.array([[0.25, 0.75]]), np.full((2, 2), 0.5)),
    ),
    unknown_words=("zebra",),
)


def store(**changes):
    return TrajectoriesInMemory([replace(BOXES, **changes)], ("dog", "cat"))


def page_of(path, *answers, video=None, **options):
    write_answers_page(path, answers or [("full", ANSWER)], video or shown_video("v", store(), 10), **options)
    return read_page(path)


def test_a_page_has_the_boxes_of_the_store_and_all_of_its_trajectories(tmp_path):
    page = page_of(tmp_path / "page.html")
    assert page.title == "Video v"
    assert page.description["trackIds"] == ["0", "1", "2"]
    assert page.description["numFrames"] == 10
    assert [each["name"] for each in page.description["question"]["trajectories"]] == ["dog", "cat", "dog"]


def test_trajectories_that_the_model_does_not_read_have_no_weight(tmp_path):
    (answer,) = page_of(tmp_path / "page.html").description["question"]["answers"]
    assert answer["weights"] == [[0.25, 0, 0.75], [0.5, 0, 0.5]]
    assert answer["attention"][0] == [[0.25, 0, 0.75]]


def test_models_are_side_by_side(tmp_path):
    base = replace(ANSWER, attended=None, unknown_words=())
    page = page_of(tmp_path / "page.html", ("base", base), ("full", ANSWER))
    assert [each["model"] for each in page.description["question"]["answers"]] == ["base", "full"]
    assert page.description["question"]["answers"][0]["weights"] is None
    assert "Outside the vocabulary of full: “zebra”." in page.description["question"]["notes"]


@pytest.mark.parametrize(
    ("given", "note"),
    [
        (store(frames=None, boxes=None), "The file of trajectories has no boxes, so that the scene is empty."),
        (None, "There is no file of trajectories."),
    ],
)
def test_what_is_missing_is_said(tmp_path, given, note):
    answer = ANSWER if given is not None else replace(ANSWER, attended=None)
    page = page_of(tmp_path / "page.html", ("full", answer), video=shown_video("v", given, 10, (64, 48)))
    assert page.description["question"]["notes"] == [
        note,
        "There are no images; --video and --frames name them.",
        "Outside the vocabulary: “zebra”.",
    ]
    assert page.description["trackIds"] == []
    assert page.description["size"] == [64, 48]


def test_boxes_beyond_the_stated_number_of_frames_are_shown():
    assert shown_video("v", store(), 3).tracks.num_frames == 7
