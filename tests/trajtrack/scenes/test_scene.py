from __future__ import annotations

import hashlib

import numpy as np
import pytest

from trajtrack.scenes import Scene, SceneOptions, make_scene


def boxes_of_a_track(scene: Scene, number: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.flatnonzero(scene.truth.track_ids == number)
    return scene.truth.frames[rows], scene.truth.boxes[rows].astype(np.float64)


def test_the_same_options_give_the_same_scene():
    one, other = make_scene(seed=3), make_scene(SceneOptions(seed=3))
    assert one.truth == other.truth
    assert one.detections == other.detections
    np.testing.assert_array_equal(one.sources, other.sources)


def test_another_seed_gives_another_scene():
    assert make_scene(seed=1).detections != make_scene(seed=2).detections


def test_a_scene_is_the_same_on_every_platform():
    scene = make_scene(num_frames=50, label_noise=0.1, proposals_per_object=2)
    columns = (scene.truth.boxes, scene.detections.boxes, scene.detections.scores, scene.sources)
    digest = hashlib.sha256(b"".join(column.astype(column.dtype.newbyteorder("<")).tobytes() for column in columns))
    assert digest.hexdigest()[:16] == "18e9d2e599ebd4ec"


def test_rows_are_in_the_order_of_frames():
    scene = make_scene()
    assert (np.diff(scene.truth.frames) >= 0).all()
    assert (np.diff(scene.detections.frames) >= 0).all()


def test_the_image_holds_as_many_objects_as_requested():
    scene = make_scene(num_frames=1000, objects_per_frame=20, camera_shake=0)
    assert len(scene.truth) / 1000 == pytest.approx(20, rel=0.1)


def test_an_object_is_in_the_image_without_a_break_and_moves_smoothly():
    scene = make_scene(camera_shake=0)
    for number in np.unique(scene.truth.track_ids):
        frames, boxes = boxes_of_a_track(scene, number)
        assert (np.diff(frames) == 1).all()
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        acceleration = np.abs(np.diff(centres, n=2, axis=0))
        assert acceleration.max(initial=0) < 2.0


def test_objects_enter_and_leave_at_a_border():
    scene = make_scene(camera_shake=0, speed=10, num_frames=600)
    for number in np.unique(scene.truth.track_ids):
        frames, boxes = boxes_of_a_track(scene, number)
        for end, limit in ((0, 0), (-1, 599)):
            if frames[end] == limit:
                continue
            x, y = (boxes[end, :2] + boxes[end, 2:]) / 2
            assert min(x, y, 1280 - x, 720 - y) < 5


@pytest.mark.parametrize("speed", [1, 4, 10])
def test_objects_have_about_the_requested_speed(speed):
    scene = make_scene(speed=speed, objects_per_frame=50, camera_shake=0)
    steps = []
    for number in np.unique(scene.truth.track_ids):
        _, boxes = boxes_of_a_track(scene, number)
        steps.append(np.linalg.norm(np.diff((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0), axis=1))
    assert np.concatenate(steps).mean() == pytest.approx(speed, rel=0.25)


def test_an_object_keeps_its_class():
    scene = make_scene(num_classes=5)
    for number in np.unique(scene.truth.track_ids):
        assert len(np.unique(scene.truth.labels[scene.truth.track_ids == number])) == 1
    assert len(np.unique(scene.truth.labels)) == 5


def test_a_perfect_detector_gives_the_truth():
    scene = make_scene(occlusion=1, dropout=0, jitter=0, false_positives=0)
    np.testing.assert_array_equal(scene.sources, np.arange(len(scene.truth)))
    np.testing.assert_allclose(scene.detections.boxes, scene.truth.boxes, atol=1e-3)
    np.testing.assert_array_equal(scene.detections.labels, scene.truth.labels)


def test_an_object_behind_a_nearer_one_is_not_detected_but_stays_in_the_truth():
    scene = make_scene(occlusion=0.5, dropout=0, false_positives=0)
    hidden = np.flatnonzero(scene.visibility < 0.5)
    assert len(hidden) > 0
    assert not np.isin(hidden, scene.sources).any()
    assert np.isin(np.flatnonzero(scene.visibility > 0.5), scene.sources).all()


def test_visibility_is_the_fraction_not_covered_by_the_nearer_box():
    scene = make_scene(num_frames=30)
    boxes = scene.truth.boxes.astype(np.float64)
    for frame in range(30):
        rows = np.flatnonzero(scene.truth.frames == frame)
        for row in rows:
            x1, y1, x2, y2 = boxes[row]
            covered = 0.0
            for other in rows:
                a1, b1, a2, b2 = boxes[other]
                if b2 > y2:
                    width, height = min(x2, a2) - max(x1, a1), min(y2, b2) - max(y1, b1)
                    covered = max(covered, max(width, 0) * max(height, 0) / ((x2 - x1) * (y2 - y1)))
            assert scene.visibility[row] == pytest.approx(1 - covered, abs=1e-4)


def test_dropout_is_about_the_fraction_of_missed_boxes_and_comes_in_runs():
    scene = make_scene(occlusion=1, dropout=0.2, dropout_run=5, objects_per_frame=50, false_positives=0)
    missed = np.ones(len(scene.truth), bool)
    missed[scene.sources] = False
    assert missed.mean() == pytest.approx(0.18, abs=0.03)
    order = np.lexsort((scene.truth.frames, scene.truth.track_ids))
    begins = np.count_nonzero(np.diff(missed[order].astype(int)) == 1)
    assert missed.sum() / begins > 4


def test_jitter_is_relative_to_the_size_of_a_box():
    scene = make_scene(jitter=0.05, objects_per_frame=100, false_positives=0)
    true, found = scene.truth.boxes[scene.sources], scene.detections.boxes
    shift = ((found[:, 0] + found[:, 2]) - (true[:, 0] + true[:, 2])) / 2 / (true[:, 2] - true[:, 0])
    assert shift.std() == pytest.approx(0.05, rel=0.05)


def test_each_detected_object_has_as_many_proposals_as_requested():
    scene = make_scene(proposals_per_object=4, false_positives=0)
    _, counts = np.unique(scene.sources, return_counts=True)
    assert (counts == 4).all()


def test_false_detections_have_no_source_and_lower_scores_that_overlap_with_the_others():
    scene = make_scene(false_positives=3)
    false = scene.sources == -1
    assert false.sum() == pytest.approx(900, abs=1)
    scores = scene.detections.scores
    assert scores[false].mean() < scores[~false].mean() - 0.2
    assert scores[false].max() > scores[~false].min()


def test_label_noise_changes_classes():
    scene = make_scene(label_noise=0.3, num_classes=10, false_positives=0)
    changed = scene.detections.labels != scene.truth.labels[scene.sources]
    assert changed.mean() == pytest.approx(0.27, abs=0.03)


def test_camera_shake_moves_all_objects_together():
    still, shaken = make_scene(camera_shake=0, num_frames=20), make_scene(camera_shake=3, num_frames=20)
    assert still.truth != shaken.truth


@pytest.mark.parametrize("option", ["num_frames", "objects_per_frame"])
def test_a_scene_without_frames_or_objects_is_empty(option):
    scene = make_scene(**{option: 0}, false_positives=0)
    assert len(scene.truth) == len(scene.detections) == len(scene.sources) == 0


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("num_frames", -1, "from 0"),
        ("dropout", 1.5, "from 0 to 1"),
        ("num_classes", 0, "from 1"),
        ("max_size", 3, "at least min_size=40"),
        ("jitter", float("nan"), "from 0"),
    ],
)
def test_an_option_out_of_range_is_named_with_what_was_expected(option, value, expected):
    with pytest.raises(ValueError, match=rf"^{option}: found {value}, expected .*{expected}"):
        make_scene(**{option: value})


def test_an_option_of_the_wrong_type_is_named():
    with pytest.raises(TypeError, match=r"^speed: found 'fast', expected a number"):
        make_scene(speed="fast")


def test_an_unknown_option_is_named_with_the_known_ones():
    with pytest.raises(TypeError, match="unknown option 'colour', expected one of camera_shake"):
        make_scene(colour="red")
