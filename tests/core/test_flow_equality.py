"""Linking by minimum-cost flow gives the same results in the compiled core and in the reference, to the last bit.

The scenes are the same in every run; with `TRAJ_SCENES=50000` in the environment each test explores that many others.
"""

from __future__ import annotations

import warnings
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.comparisons import assert_same_trajectories
from helpers.strategies import Scene, grid_scenes, moving_scenes, scene_settings
from trajtrack import Detections, FlowOptions, TrajtrackWarning, flow_reference, make_scene
from trajtrack.flow_options import FlowConstants
from trajtrack.linking import link_flow

THREADED = 20_000
"""Minimum number of rows for which the core starts threads."""

every_scene = scene_settings(500)

flow_options = st.builds(
    FlowOptions,
    min_score=st.sampled_from((-np.inf, -np.inf, 0.0, 0.25)),
    calibrate=st.booleans(),
    class_agnostic=st.booleans(),
    smooth=st.booleans(),
    min_length=st.sampled_from((1, 1, 3)),
    rescore=st.sampled_from(("mean", "max", "sum")),
)


def check(detections: Detections, options: FlowOptions, constants: FlowConstants | None = None) -> None:
    constants = constants or FlowConstants()
    expected = flow_reference.link(detections, options, constants)
    for num_threads in (1, 2, 7):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrajtrackWarning)
            found = link_flow(detections, options, constants, num_threads)
        assert_same_trajectories(found, expected)
        np.testing.assert_array_equal(found.boxes, expected.boxes, strict=True)


@every_scene
@given(scene=grid_scenes(), options=flow_options)
def test_boxes_on_a_grid_are_linked_as_by_the_reference(scene: Scene, options: FlowOptions) -> None:
    check(scene.detections, options)


@every_scene
@given(scene=moving_scenes(), options=flow_options)
def test_moving_objects_are_linked_as_by_the_reference(scene: Scene, options: FlowOptions) -> None:
    check(scene.detections, options)


def noisy(seed: int, **options: object) -> Detections:
    defaults = {
        "num_frames": 40,
        "objects_per_frame": 12,
        "num_classes": 3,
        "label_noise": 0.1,
        "false_positives": 4,
        "dropout": 0.1,
        "image_width": 640,
        "image_height": 480,
        "seed": seed,
    }
    return make_scene(**(defaults | options)).detections


@scene_settings(25)
@given(seed=st.integers(0, 10**6), options=flow_options)
def test_crowded_scenes_are_linked_as_by_the_reference(seed: int, options: FlowOptions) -> None:
    detections = noisy(seed)
    check(detections, options)
    scores = 8 * detections.scores - 4  # logits, or the like
    check(Detections(detections.boxes, scores, detections.frames, labels=detections.labels), options)


@scene_settings(20)
@given(seed=st.integers(0, 10**6))
def test_the_constants_of_the_core_are_those_of_python(seed: int) -> None:
    rng = np.random.default_rng(seed)
    changed = {
        field.name: type(field.default)(round(field.default * rng.uniform(0.75, 1.25), 6))
        for field in fields(FlowConstants)
    }
    check(noisy(seed), FlowOptions(), replace(FlowConstants(), **changed))


def test_scenes_that_are_large_enough_for_threads_are_linked_as_by_the_reference() -> None:
    detections = noisy(1, num_frames=900, objects_per_frame=25, image_width=1280, image_height=960)
    assert len(detections) >= THREADED
    check(detections, FlowOptions())


def test_a_moving_camera_is_followed_as_by_the_reference() -> None:
    detections = noisy(3, objects_per_frame=20)
    path = np.cumsum(np.random.default_rng(0).normal(0, 6, (detections.num_frames, 2)), axis=0)[detections.frames]
    moved = detections.boxes + np.concatenate([path, path], axis=1).astype(np.float32)
    check(Detections(moved, detections.scores, detections.frames), FlowOptions())


@pytest.mark.parametrize("step", [1, 2, 7])
def test_sparse_frames_are_linked_as_by_the_reference(step: int) -> None:
    detections = noisy(4)
    check(replace_frames(detections, detections.frames * step + 2**30), FlowOptions())


@pytest.mark.parametrize("step", [4, 12])
def test_objects_that_move_far_between_frames_are_linked_as_by_the_reference(step: int) -> None:
    detections = noisy(6, num_frames=40 * step, objects_per_frame=8, mean_life=20 * step)
    seen = detections[detections.frames % step == 0]
    check(replace_frames(seen, seen.frames // step), FlowOptions())


def replace_frames(detections: Detections, frames: np.ndarray) -> Detections:
    return Detections(detections.boxes, detections.scores, frames, labels=detections.labels)


def test_identical_boxes_are_linked_as_by_the_reference() -> None:
    frames = np.repeat(np.arange(6), 10)
    check(Detections(np.tile([[10, 10, 50, 90]], (60, 1)), np.ones(60), frames), FlowOptions())


def test_boxes_without_area_are_linked_as_by_the_reference() -> None:
    frames = np.repeat(np.arange(12), 3)
    boxes = np.tile([[10, 10, 10, 90], [5, 5, 5, 5], [7, 7, 30, 7]], (12, 1))
    check(Detections(boxes, np.ones(36), frames), FlowOptions())


@pytest.mark.slow
def test_a_hundred_thousand_frames_are_linked_as_by_the_reference() -> None:
    frames = np.arange(100_000)
    frames = frames[frames % 170 < 100]  # many short trajectories, for the sake of the reference
    x = 500 + 400 * np.sin(frames / 300)
    boxes = np.stack([x, x, x + 40, x + 80], axis=1)
    check(Detections(boxes, np.linspace(0.7, 0.9, len(frames)), frames), FlowOptions())
