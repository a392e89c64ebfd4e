from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from trajtrack import Detections
from trajtrack.methods import METHODS
from trajtrack.tuning.grids import grid_of


def boxes(scores: list[float], labels: list[int] | None = None) -> Detections:
    count = len(scores)
    return Detections(np.tile([0, 0, 9, 9], (count, 1)), scores, range(count), labels)


@pytest.mark.parametrize("method", METHODS)
def test_the_default_of_each_option_is_among_its_values(method):
    defaults = asdict(METHODS[method]())
    for name, values in grid_of(method, [boxes([0.1, 0.5, 0.9], [0, 1, 0])]).items():
        assert defaults[name] in values, name


def test_values_of_min_score_are_quantiles_of_the_scores_of_all_videos():
    grid = grid_of("flow", [boxes(np.linspace(-5, 0, 51).tolist()), boxes(np.linspace(0.1, 5, 50).tolist())])
    assert grid["min_score"] == (-np.inf, -4, -2.5, 0, 2.5, 4)


def test_values_of_min_score_that_drop_no_box_or_every_box_are_left_out():
    assert grid_of("flow", [boxes([1, 1, 1])])["min_score"] == (-np.inf,)
    assert grid_of("flow", [boxes([0.9996, 0.9997, 0.9998])])["min_score"] == (-np.inf,)
    assert grid_of("flow", [boxes([])])["min_score"] == (-np.inf,)


def test_labels_are_ignored_only_if_there_are_several():
    assert "class_agnostic" not in grid_of("seq-nms", [boxes([1, 1], [3, 3])])
    assert grid_of("seq-nms", [boxes([1], [0]), boxes([1], [1])])["class_agnostic"] == (False, True)
