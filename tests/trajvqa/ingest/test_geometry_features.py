from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trajvqa.ingest.geometry_features import GEOMETRY_COLUMNS, geometry_features


def features_of(frames, boxes, image_size=(100, 50)) -> dict[str, float]:
    found = geometry_features([np.array(frames, np.int32)], [np.array(boxes, np.float32)], image_size)
    return dict(zip(GEOMETRY_COLUMNS, found[0].tolist(), strict=True))


def test_centre_and_size_are_shares_of_the_image():
    found = features_of([3, 4], [[0, 0, 20, 10], [20, 0, 40, 30]])
    assert found["centre_x"] == np.float32(0.2)
    assert found["centre_y"] == np.float32(0.2)
    assert found["width"] == np.float32(0.2)
    assert found["height"] == np.float32(0.4)


def test_the_aspect_is_in_pixels():
    assert features_of([0], [[0, 0, 20, 20]])["log_aspect"] == 0
    assert features_of([0], [[0, 0, 20, 10]])["log_aspect"] == np.float32(np.log(2))


def test_boxes_without_area_have_a_finite_aspect():
    assert features_of([0], [[5, 5, 5, 5]])["log_aspect"] == 0


def test_velocity_is_in_images_per_30_frames():
    found = features_of([10, 12, 20], [[0, 0, 10, 10], [90, 0, 100, 10], [20, 10, 30, 20]])
    assert found["velocity_x"] == np.float32(0.2 / 10 * 30)
    assert found["velocity_y"] == np.float32(0.2 / 10 * 30)


def test_a_single_box_stands_still():
    found = features_of([5], [[0, 0, 10, 10]])
    assert (found["velocity_x"], found["velocity_y"]) == (0, 0)


def test_no_trajectories_give_no_rows():
    assert geometry_features([], [], (100, 50)).shape == (0, 7)


@given(scale=st.integers(2, 64))
def test_a_larger_image_of_the_same_scene_gives_the_same_features(scale):
    frames, boxes = [0, 1, 5], np.array([[0, 0, 20, 10], [3, 4, 25, 14], [9, 9, 30, 20]])
    small, large = features_of(frames, boxes), features_of(frames, boxes * scale, (100 * scale, 50 * scale))
    np.testing.assert_allclose(list(large.values()), list(small.values()), rtol=1e-5)
