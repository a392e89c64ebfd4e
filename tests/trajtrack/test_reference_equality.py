"""The compiled core gives what the reference gives, to the last bit.

The scenes are the same in every run. `TRAJ_SCENES=50000 pytest tests/trajtrack/test_reference_equality.py` explores that many others.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from strategies import Scene, grid_scenes, moving_scenes

import trajtrack
from trajtrack import Detections, LinkGraph, LinkOptions, Trajectories, reference
from trajtrack.scenes import make_scene

GRAPH_COLUMNS = ("offsets", "targets")
COLUMNS = ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores")

EXPLORED = int(os.environ.get("TRAJ_SCENES", "0"))

every_scene = settings(
    max_examples=EXPLORED or 1300,
    deadline=None,
    derandomize=not EXPLORED,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_same_graph(found: LinkGraph, expected: LinkGraph) -> None:
    for name in GRAPH_COLUMNS:
        assert_same_column(name, getattr(found, name), getattr(expected, name))


def assert_same_trajectories(found: Trajectories, expected: Trajectories) -> None:
    for name in COLUMNS:
        assert_same_column(name, getattr(found, name), getattr(expected, name))


def assert_same_column(name: str, found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == expected.dtype, name
    np.testing.assert_array_equal(found, expected, err_msg=name, strict=True)


def check(scene: Scene) -> None:
    detections, options = scene.detections, scene.options
    graph, trajectories = reference.link_graph(detections, options), reference.link(detections, options)
    for num_threads in (1, 2, 7):
        assert_same_graph(trajtrack.link_graph(detections, options, num_threads=num_threads), graph)
        assert_same_trajectories(trajtrack.link(detections, options, num_threads=num_threads), trajectories)


@every_scene
@given(scene=grid_scenes())
def test_boxes_on_a_grid_are_linked_as_by_the_reference(scene: Scene) -> None:
    check(scene)


@every_scene
@given(scene=moving_scenes())
def test_moving_objects_are_linked_as_by_the_reference(scene: Scene) -> None:
    check(scene)
