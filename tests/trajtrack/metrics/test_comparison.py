from __future__ import annotations

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections
from trajtrack.metrics import evaluate, mot_ground_truth
from trajtrack.metrics.comparison import Comparison, compare

pytest.importorskip("trackeval")


def still(track: int, frames: list[int], x: float = 0.0) -> tuple[list[list[float]], list[int], list[int]]:
    """Return boxes that stay at x, their frames and identities."""
    return [[x, 0, x + 10, 10]] * len(frames), frames, [track] * len(frames)


def boxes(*parts: tuple[list[list[float]], list[int], list[int]]) -> Detections:
    corners, frames, ids = ([each for part in column for each in part] for column in zip(*parts, strict=True))
    return Detections(corners, np.ones(len(frames)), frames, track_ids=ids)


def check_counts(comparison: Comparison) -> None:
    metrics = comparison.metrics
    assert int((comparison.found_by >= 0).sum()) == int(comparison.matched.sum()) == metrics.true_positives
    assert int((comparison.found_by < 0).sum()) == metrics.false_negatives
    assert int((comparison.counted & ~comparison.matched).sum()) == metrics.false_positives
    assert int((comparison.switched_from >= 0).sum()) == metrics.switches


def test_each_box_is_matched_missed_or_false():
    truth = boxes(still(7, [0, 1, 2]))
    comparison = compare(truth, boxes(still(3, [0, 1]), still(4, [1], x=50)))
    assert comparison.found_by.tolist() == [0, 1, -1]
    assert comparison.matched.tolist() == [True, True, False]
    check_counts(comparison)


def test_a_switch_names_the_track_before_even_after_a_miss():
    truth = boxes(still(7, [0, 1, 2]))
    comparison = compare(truth, boxes(still(3, [0]), still(4, [2])))
    assert comparison.switched_from.tolist() == [-1, -1, 3]
    check_counts(comparison)


def test_a_match_of_the_frame_before_is_kept_against_a_better_overlap():
    truth = boxes(still(7, [0, 1]))
    comparison = compare(truth, boxes(still(3, [0, 1], x=2), still(4, [1])))
    assert comparison.tracks.track_ids[comparison.found_by].tolist() == [3, 3]
    check_counts(comparison)


def test_tracks_on_distractors_do_not_count():
    annotated = boxes(still(7, [0]), still(8, [0], x=50))
    annotated = Detections(annotated.boxes, [1, 0], annotated.frames, [1, 8], track_ids=annotated.track_ids)
    comparison = compare(mot_ground_truth(annotated), boxes(still(3, [0]), still(4, [0], x=50)))
    assert comparison.counted.tolist() == [True, False]
    assert len(comparison.truth) == 1
    check_counts(comparison)


@pytest.mark.parametrize("classes_count", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_counts_are_those_of_the_metrics(seed, classes_count):
    scene = trajtrack.make_scene(num_frames=60, objects_per_frame=12, false_positives=2, seed=seed)
    tracks = trajtrack.link(scene.detections)
    comparison = compare(scene.truth, tracks, class_agnostic=not classes_count)
    check_counts(comparison)
    assert comparison.metrics == evaluate(scene.truth, tracks, class_agnostic=not classes_count)


@pytest.mark.real_data
@pytest.mark.parametrize("sequence", ["MOT17-09", "MOT17-10"])
def test_the_counts_of_real_tracks_are_those_of_the_metrics(data_dir, sequence):
    folder = data_dir / "mot17" / sequence
    tracks = trajtrack.link(trajtrack.read(folder / "det/det.txt"))
    check_counts(compare(mot_ground_truth(trajtrack.read(folder / "gt/gt.txt")), tracks))
