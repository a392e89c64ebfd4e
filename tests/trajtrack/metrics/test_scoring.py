from __future__ import annotations

import pytest

import trajtrack
from trajtrack.metrics.matching import Origin, Video
from trajtrack.metrics.scoring import METRICS, Scorer

pytest.importorskip("trackeval")


def pair_of(seed: int, num_classes: int = 2):
    scene = trajtrack.make_scene(num_frames=40, num_classes=num_classes, seed=seed)
    return scene.truth, trajtrack.link(scene.detections, method="seq-nms")


def video_of(truth, tracks) -> Video:
    return Video.of(truth, tracks, False, (Origin("truth"), Origin("tracks")))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("classes", [None, [1]])
def test_a_score_is_that_of_evaluate_many(metric, classes):
    pairs = [pair_of(0), pair_of(1, num_classes=3), pair_of(2, num_classes=1)]
    videos = [video_of(*pair) for pair in pairs]
    scorer = Scorer(metric, videos, classes)
    expected = getattr(trajtrack.evaluate_many(pairs, classes=classes), metric)
    assert scorer.score([scorer.measure(video) for video in videos]) == pytest.approx(expected, abs=1e-12)


def test_any_set_of_measured_videos_has_a_score():
    pairs = [pair_of(0), pair_of(1), pair_of(2)]
    videos = [video_of(*pair) for pair in pairs]
    scorer = Scorer("hota", videos)
    measured = [scorer.measure(video) for video in videos]
    assert scorer.score(measured[1:]) == pytest.approx(trajtrack.evaluate_many(pairs[1:]).hota, abs=1e-12)


def test_videos_without_boxes_score_nothing():
    empty = trajtrack.Detections([], [], [], track_ids=[])
    with pytest.warns(trajtrack.TrajtrackWarning, match="no box to evaluate"):
        scorer = Scorer("hota", [video_of(empty, empty)])
    assert scorer.score([scorer.measure(video_of(empty, empty))]) == 0
