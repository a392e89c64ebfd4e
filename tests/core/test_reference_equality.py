"""The compiled core gives the same results as the reference, to the last bit.

The scenes are the same in every run; with `TRAJ_SCENES=50000` in the environment each test explores that many others.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import trajtrack
from helpers.strategies import Scene, crowd_scenes, gap_scenes, grid_scenes, moving_scenes, scene_settings
from trajtrack import Detections, LinkGraph, LinkOptions, Trajectories, reference
from trajtrack.scenes import make_scene

# Many of these scenes are meant to leave nothing to link.
pytestmark = pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")

GRAPH_COLUMNS = ("offsets", "targets")
COLUMNS = ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores")

every_scene = scene_settings(1000)


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


@every_scene
@given(scene=gap_scenes())
def test_gaps_are_bridged_as_by_the_reference(scene: Scene) -> None:
    check(scene)


@scene_settings(100)
@given(scene=crowd_scenes())
def test_crowds_are_linked_as_by_the_reference(scene: Scene) -> None:
    check(scene)


# --- scenes that are large enough for several threads ----------------------------------------------------------------

THREADED = 20_000
"""Minimum number of rows for which the core starts threads."""


def crowd() -> Detections:
    return make_scene(num_frames=250, objects_per_frame=60, proposals_per_object=2, num_classes=3).detections


def ties_everywhere() -> Detections:
    """Return boxes on a coarse grid, with few scores and many equal paths, in unordered frames with gaps."""
    rng = np.random.default_rng(0)
    rows = THREADED + 4000
    corner = rng.integers(0, 120, (rows, 2))
    size = rng.integers(0, 5, (rows, 2))
    frames = rng.choice(np.delete(np.arange(700), slice(50, 700, 7)), rows)
    scores = rng.choice([-0.5, 0.0, 0.25, 0.5, 1.0], rows)
    return Detections(np.concatenate([corner, corner + size], axis=1), scores, frames, labels=rng.integers(-1, 2, rows))


def one_crowded_frame() -> Detections:
    rows = THREADED + 1000
    corner = np.random.default_rng(1).integers(0, 3000, (rows, 2))
    return Detections(np.concatenate([corner, corner + 20], axis=1), np.linspace(0, 1, rows), np.full(rows, 5))


@pytest.mark.parametrize("make", [crowd, ties_everywhere, one_crowded_frame])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(LinkOptions(), id="defaults"),
        pytest.param(LinkOptions(max_gap=0), id="no gaps"),
        pytest.param(LinkOptions(min_score=0.2, rescore="sum"), id="high scores"),
        pytest.param(LinkOptions(class_agnostic=True, buffer=0.3, iou_threshold=0.2, min_length=2), id="loose"),
    ],
)
def test_the_number_of_threads_changes_nothing(make, options: LinkOptions) -> None:
    detections = make()
    assert len(detections) > THREADED
    graph = trajtrack.link_graph(detections, options, num_threads=1)
    trajectories = trajtrack.link(detections, options, num_threads=1)
    for num_threads in (2, 7):
        assert_same_graph(trajtrack.link_graph(detections, options, num_threads=num_threads), graph)
        assert_same_trajectories(trajtrack.link(detections, options, num_threads=num_threads), trajectories)


@pytest.mark.slow
@pytest.mark.parametrize("max_gap", [0, 10])
def test_a_large_scene_is_linked_on_several_threads_as_by_the_reference(max_gap: int) -> None:
    detections = make_scene(num_frames=500, objects_per_frame=60, dropout=0.05).detections
    options = LinkOptions(max_gap=max_gap)
    assert len(detections) > THREADED
    assert_same_graph(
        trajtrack.link_graph(detections, options, num_threads=7), reference.link_graph(detections, options)
    )
    assert_same_trajectories(trajtrack.link(detections, options, num_threads=7), reference.link(detections, options))
