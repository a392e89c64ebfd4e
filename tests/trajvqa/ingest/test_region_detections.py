from __future__ import annotations

import numpy as np
import pytest

from trajvqa.ingest.region_detections import REGION_CLASS, detections_of_regions
from trajvqa.stores import RegionBatch


def batch_of(*frames: list[tuple[float, float]]) -> RegionBatch:
    """Return a video of two clips, with regions given as (feature, left edge); (0, 0) stands for no region."""
    count = max(map(len, frames))
    features, boxes = np.zeros((len(frames), count, 1), np.float32), np.zeros((len(frames), count, 4), np.float32)
    for frame, regions in enumerate(frames):
        for place, (feature, left) in enumerate(regions):
            features[frame, place] = feature
            boxes[frame, place] = [left, 1, left + 5, 9] if (feature, left) != (0, 0) else 0
    shape = (1, 2, len(frames) // 2, count)
    return RegionBatch(features.reshape(*shape, 1), boxes.reshape(*shape, 4))


def test_sampled_frames_are_numbered_one_after_the_other():
    detections, features = detections_of_regions(batch_of([(1, 10)], [(2, 20)], [(3, 30)], [(4, 40)]))
    assert detections.frames.tolist() == [0, 1, 2, 3]
    assert detections.num_frames == 4
    assert detections.boxes[:, 0].tolist() == [10, 20, 30, 40]
    assert features[:, 0].tolist() == [1, 2, 3, 4]


def test_all_are_of_one_class_and_equally_certain():
    detections, _ = detections_of_regions(batch_of([(1, 10), (2, 20)], [(3, 30)]))
    assert set(detections.labels.tolist()) == {0}
    assert detections.label_names == {0: REGION_CLASS}
    assert set(detections.scores.tolist()) == {1}


def test_rows_of_zeros_are_no_regions():
    detections, features = detections_of_regions(batch_of([(0, 0), (2, 20)], [(0, 0)]))
    assert detections.frames.tolist() == [0]
    assert features.tolist() == [[2]]


def test_a_region_that_repeats_another_of_its_frame_is_left_out():
    detections, features = detections_of_regions(batch_of([(1, 10), (2, 20), (2, 20), (1, 10)], [(1, 10)]))
    assert detections.frames.tolist() == [0, 0, 1]
    assert features[:, 0].tolist() == [1, 2, 1]


@pytest.mark.parametrize("other", [(1, 11), (3, 10)], ids=["box", "features"])
def test_regions_that_differ_in_box_or_features_are_kept(other):
    detections, _ = detections_of_regions(batch_of([(1, 10), other], [(1, 10)]))
    assert detections.frames.tolist() == [0, 0, 1]


def test_a_video_without_regions_has_no_detections():
    detections, features = detections_of_regions(batch_of([(0, 0)], [(0, 0)]))
    assert (len(detections), detections.num_frames, features.shape) == (0, 2, (0, 1))
