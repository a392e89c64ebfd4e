from __future__ import annotations

import numpy as np

from trajtrack import Detections
from trajvqa.datasets.sampled_regions import sampled_regions

FRAMES = np.repeat(np.arange(16, dtype=np.int32), 8)
"""Eight detections in each of 16 frames."""


def detections_of(scores: np.ndarray, frames: np.ndarray = FRAMES) -> Detections:
    left = np.arange(len(frames), dtype=np.float32)
    boxes = np.stack([left, left, left + 10, left + 20], axis=1)
    return Detections(boxes, scores.astype(np.float32), frames, np.zeros(len(frames), np.int32), 16)


def test_regions_are_the_best_detections_of_the_sampled_frames():
    scores = np.tile([0.1, 0.8, 0.3, 0.7, 0.6, 0.5, 0.4, 0.9], 16)
    detections = detections_of(scores)
    features = np.arange(len(detections), dtype=np.float32)[:, None] + 1
    found, boxes = sampled_regions(detections, features, clips=4)
    assert found.shape == (4, 2, 6, 1)
    assert boxes.shape == (4, 2, 6, 4)
    best = np.array([7, 1, 3, 4, 5, 6])
    for place, frame in enumerate([1, 3, 5, 7, 9, 11, 13, 15]):
        rows = 8 * frame + best
        np.testing.assert_array_equal(found.reshape(8, 6)[place], rows + 1)
        np.testing.assert_array_equal(boxes.reshape(8, 6, 4)[place], detections.boxes[rows])


def test_a_frame_with_fewer_detections_ends_with_zeros():
    detections = detections_of(np.ones(2), np.array([1, 3], np.int32))
    found, boxes = sampled_regions(detections, np.ones((2, 3)), clips=4)
    assert (found != 0).any(axis=-1).reshape(8, 6).sum(axis=1).tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal((boxes != 0).any(axis=-1), (found != 0).any(axis=-1))


def test_clips_may_span_a_part_of_the_video():
    detections = detections_of(np.ones(len(FRAMES)))
    features = detections.frames[:, None].astype(np.float32)
    found, _ = sampled_regions(detections, features, clips=2, span=(8, 12))
    assert found[:, :, 0, 0].ravel().tolist() == [8, 9, 10, 11]


def test_a_frame_may_stand_for_several_if_the_video_is_shorter_than_its_samples():
    detections = detections_of(np.ones(len(FRAMES)))
    features = detections.frames[:, None].astype(np.float32)
    found, _ = sampled_regions(detections, features, clips=2, span=(3, 4))
    assert found[:, :, 0, 0].ravel().tolist() == [3, 3, 3, 3]
