from __future__ import annotations

import warnings

import numpy as np
import pytest

from trajtrack import Detections, TrajtrackWarning, link, link_many, make_scene

SCENE = make_scene(num_frames=60).detections
METHODS = pytest.mark.parametrize("method", ["seq-nms", "flow"])


def every(step: int, count: int = 34) -> Detections:
    """Return a box that stays, in every frame that is a multiple of `step`."""
    return Detections(np.tile([0, 0, 50, 50], (count, 1)), np.full(count, 0.9), np.arange(count) * step)


def message_of(detections: Detections, **options: object) -> str:
    """Return the only warning of linking."""
    with pytest.warns(TrajtrackWarning) as caught:
        link(detections, **options)
    (warning,) = caught
    assert warning.filename == __file__
    return str(warning.message)


@METHODS
def test_a_minimum_score_above_all_scores_is_named(method) -> None:
    message = message_of(SCENE, method=method, min_score=200)
    assert message.startswith("min_score: found 200, expected at most 0.9")


@pytest.mark.parametrize("highest", [0, -2])
def test_scores_that_are_not_positive_are_named(highest) -> None:
    scores = SCENE.scores - SCENE.scores.max() + highest
    message = message_of(Detections(SCENE.boxes, scores, SCENE.frames), method="seq-nms")
    assert message.startswith(f"scores: found none above 0 (the highest is {highest}), expected positive ones")


def test_scores_that_are_not_probabilities_are_named_where_they_should_be() -> None:
    given = Detections(SCENE.boxes, SCENE.scores - 2, SCENE.frames)
    message = message_of(given, method="flow", calibrate=False)
    assert message.startswith(f"scores: found no trajectory of {len(SCENE)} boxes, expected some of higher confidence")


@METHODS
def test_a_minimum_length_above_all_lengths_is_named(method) -> None:
    assert message_of(SCENE, method=method, min_length=1000).startswith("min_length: found 1000, expected at most")


def test_boxes_too_many_frames_apart_are_named() -> None:
    message = message_of(every(12), method="seq-nms")
    assert "34" in message
    assert "frames with boxes are 12 or more apart" in message


def test_frames_a_fixed_distance_apart_are_linked_by_flow() -> None:
    assert len(link(every(12))) == 1


def test_the_span_of_links_is_named() -> None:
    assert message_of(every(12), method="seq-nms").endswith("links with max_gap=10 span at most 11")
    assert message_of(every(2, count=3), method="seq-nms", max_gap=0).endswith(
        "are 2 or more apart, and links do not skip any"
    )


def test_boxes_that_do_not_overlap_are_named() -> None:
    corners = np.arange(30)[:, None] * [100.0, 0.0]
    given = Detections(np.hstack([corners, corners + 10]), np.full(30, 0.9), np.arange(30))
    assert message_of(given, method="seq-nms").endswith("no two boxes of neighbouring frames overlap enough")


@pytest.mark.parametrize(
    "given", [SCENE, SCENE[:0], SCENE[:1], every(12, count=2), every(11)], ids=["scene", "none", "one", "two", "span"]
)
def test_other_results_are_no_warning(given) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        link(given, method="seq-nms")


def test_a_warning_about_one_of_many_videos_names_it(tmp_path) -> None:
    with pytest.warns(TrajtrackWarning, match=r"^videos, entry 1: frames: found 34 of 34 boxes alone") as caught:
        list(link_many([SCENE, every(12)], method="seq-nms"))
    assert len(caught) == 1
