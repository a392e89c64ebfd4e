from __future__ import annotations

import json

import numpy as np
import pytest

from helpers.vidvrd_examples import document, still, two_dogs
from trajvqa.datasets.vidvrd.annotations import read_annotations
from trajvqa.datasets.vidvrd.detections import DetectorOptions, detect, fill_holes, link_video

LABELS = {"ball": 0, "dog": 1}


def rng():
    return np.random.Generator(np.random.PCG64(3))


@pytest.fixture
def video(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(two_dogs()))
    return next(iter(read_annotations(tmp_path)))


def test_short_holes_are_filled_along_a_line_and_long_ones_stay():
    track = np.full((10, 4), np.nan, np.float32)
    track[0], track[4], track[9] = 0, 8, 8
    filled = fill_holes(track, 3)
    np.testing.assert_array_equal(filled[:5, 0], [0, 2, 4, 6, 8])
    assert np.isnan(filled[5:9]).all()


def test_nothing_is_filled_before_the_first_and_after_the_last_box():
    track = np.full((6, 4), np.nan, np.float32)
    track[2], track[3] = 1, 1
    np.testing.assert_array_equal(np.isnan(fill_holes(track, 90)[:, 0]), [True, True, False, False, True, True])


def test_a_perfect_detector_sees_the_annotated_boxes(video):
    found = detect(video, LABELS, DetectorOptions(dropout=0, jitter=0), rng())
    assert len(found) == 3 * 90
    assert sorted(set(found.labels.tolist())) == [0, 1]
    np.testing.assert_allclose(found.boxes[found.labels == 0][0], [190, 5, 210, 25])


def test_about_the_requested_share_of_boxes_is_missed(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(document({0: ("dog", still((0, 0, 50, 50), 4000))}, [], 4000)))
    video = next(iter(read_annotations(tmp_path)))
    luck = rng()
    found = [len(detect(video, LABELS, DetectorOptions(dropout=0.2), luck)) for _ in range(10)]
    assert 0.18 < 1 - np.mean(found) / 4000 < 0.22


def test_each_object_becomes_a_trajectory_of_its_class(video):
    tracks = link_video(video, LABELS, DetectorOptions(), rng())
    assert sorted(tracks.labels.tolist()) == [0, 1, 1]


def test_the_same_seed_gives_the_same_detections(video):
    first, second = (detect(video, LABELS, DetectorOptions(), rng()) for _ in range(2))
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_a_bad_option_is_named():
    with pytest.raises(ValueError, match=r"dropout: found 1, expected a number from 0 to 0\.9"):
        DetectorOptions(dropout=1)
