from __future__ import annotations

import numpy as np
import pytest

from trajtrack import Detections, link
from trajvqa.datasets.vidvrd.features import clip_features, clip_span, region_features, trajectory_features

SIZE = (400, 200)
FRAMES = 40


def tracks_of(*objects):
    """Link objects given as (label, box, step along x)."""
    frames = np.repeat(np.arange(FRAMES), len(objects))
    boxes = [np.add(box, [step * f, 0, step * f, 0]) for f in range(FRAMES) for _, box, step in objects]
    labels = [label for _ in range(FRAMES) for label, _, _ in objects]
    return link(Detections(np.array(boxes, np.float32), np.ones(len(boxes)), frames, labels, FRAMES), num_threads=1)


LARGE, SMALL = (20, 80, 120, 180), (260, 60, 320, 100)
PLACE_BESIDE = 10
"""Column of a trajectory's mean position along x relative to the others of its class."""
SPEED = 6


def test_clips_describe_classes_and_their_numbers():
    features = clip_features(tracks_of((1, LARGE, 0), (1, SMALL, 0)), SIZE, num_classes=3, clips=4)
    assert features.shape == (4, 19)
    classes = features[:, :15].reshape(4, 3, 5)
    np.testing.assert_array_equal(classes[:, :, 0], [[0, 1, 0]] * 4)
    np.testing.assert_allclose(classes[:, 1, 1], 2)
    np.testing.assert_allclose(classes[:, 1, 2], (70 + 290) / 2 / 400, rtol=1e-5)


def test_clips_do_not_distinguish_objects_of_a_class():
    first, second = (
        clip_features(tracks_of((0, box, 0), (0, other, 0)), SIZE, 1, 2)
        for box, other in ((LARGE, SMALL), (SMALL, LARGE))
    )
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_trajectories_show_which_object_of_a_class_is_left():
    tracks = tracks_of((0, LARGE, 0), (0, SMALL, 0))
    features = trajectory_features(tracks, SIZE)
    assert features.shape == (2, 52)
    left = [track.boxes[0, 0] < 200 for track in tracks]
    np.testing.assert_array_equal(features[:, PLACE_BESIDE] < 0, left)


def test_trajectories_show_which_object_moves():
    tracks = tracks_of((0, LARGE, 3), (0, SMALL, 0))
    speeds = trajectory_features(tracks, SIZE)[:, SPEED]
    moving = [track.boxes[-1, 0] != track.boxes[0, 0] for track in tracks]
    assert speeds[moving].min() > 0.5
    assert speeds[np.logical_not(moving)].max() < 0.01


def test_the_change_over_a_life_is_described():
    features = trajectory_features(tracks_of((0, LARGE, 3)), SIZE)
    np.testing.assert_allclose(features[0, 26], 3 * 27 / 400, atol=0.01)


@pytest.mark.parametrize("objects", [(), ((0, LARGE, 0),)])
def test_few_objects_are_described_by_finite_numbers(objects):
    tracks = tracks_of(*objects) if objects else link(Detections(np.zeros((0, 4)), [], [], num_frames=3))
    assert np.isfinite(trajectory_features(tracks, SIZE)).all()
    assert np.isfinite(clip_features(tracks, SIZE, 2, 8)).all()
    assert len(trajectory_features(tracks, SIZE)) == len(objects)


def test_regions_show_class_place_and_relations_in_their_frame():
    detections = tracks_of((1, LARGE, 2), (1, SMALL, 0), (2, SMALL, 0)).detections
    features = region_features(detections, SIZE, num_classes=3)
    assert features.shape == (len(detections), 3 + 22)
    np.testing.assert_array_equal(features[:, :3].argmax(axis=1), detections.labels)
    assert (features[:, :3].sum(axis=1) == 1).all()
    left, right = detections.boxes[:, [0, 2]].T
    np.testing.assert_allclose(features[:, 3], (left + right) / 2 / SIZE[0], rtol=1e-5)
    first = detections.frames == 0
    # The large box is left of the other of its class; nothing else has the class of the last.
    assert np.sign(features[first, 9]).tolist() == [-1, 1, 0]
    assert features[first, 16].tolist() == [1, 1, 0]


def test_regions_do_not_depend_on_other_frames():
    moving, resting = (tracks_of((0, LARGE, step), (0, SMALL, 0)).detections for step in (3, 0))
    first = [region_features(each, SIZE, 1)[each.frames == 0] for each in (moving, resting)]
    np.testing.assert_array_equal(*first)


def test_clips_begin_with_the_first_linked_detection_and_end_with_the_last():
    assert clip_span(tracks_of((0, LARGE, 0))) == (0, FRAMES)
