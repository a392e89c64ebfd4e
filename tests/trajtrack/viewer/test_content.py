from __future__ import annotations

import colorsys

import numpy as np
import pytest

from trajtrack import Detections, Reason, link, make_scene
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.content import NOT_DETECTED, UNKNOWN, content_of


def boxes_at(lefts, frames, ids=None, scores=None, **options) -> Detections:
    boxes = [[left, 0, left + 10, 20] for left in lefts]
    return Detections(boxes, np.ones(len(boxes)) if scores is None else scores, frames, track_ids=ids, **options)


def test_every_detection_appears_once_with_its_reason():
    detections = make_scene(num_frames=60, proposals_per_object=3).detections
    tracks = link(detections, method="seq-nms", min_length=4, min_score=0.2)
    content = content_of(tracks)
    given = tracks.detections
    order = np.lexsort((*given.boxes.T, given.scores, given.frames))
    found = np.lexsort((*content.boxes.T, content.scores, content.frames))
    assert {*Reason} - {Reason.NOT_POSITIVE, Reason.LOW_CONFIDENCE} <= {*content.reasons.tolist()}
    for name in ("boxes", "scores", "frames", "labels"):
        np.testing.assert_array_equal(getattr(content, name)[found], getattr(given, name)[order])
    np.testing.assert_array_equal(content.reasons[found], tracks.reasons[order])


def test_smoothed_trajectories_are_shown_with_their_own_boxes():
    tracks = link(make_scene(num_frames=60).detections)
    content = content_of(tracks)
    for index, number in enumerate(content.track_ids.tolist()):
        own = slice(content.offsets[index], content.offsets[index + 1])
        expected = tracks.boxes[tracks.offsets[number] : tracks.offsets[number + 1]]
        np.testing.assert_array_equal(content.boxes[own], expected)
    assert Reason.LOW_CONFIDENCE in content.reasons


def test_rows_of_trajectories_come_first_sorted_by_trajectory_and_frame():
    tracks = link(make_scene(num_frames=60).detections, method="seq-nms", min_length=4)
    content = content_of(tracks)
    assert content.offsets[0] == 0
    assert content.offsets[-1] == len(tracks.rows)
    for index, number in enumerate(content.track_ids.tolist()):
        own = slice(content.offsets[index], content.offsets[index + 1])
        detected = tracks[number].rows[tracks[number].rows >= 0]
        np.testing.assert_array_equal(content.boxes[own], tracks.detections.boxes[detected])
        np.testing.assert_array_equal(content.frames[own], tracks.detections.frames[detected])
        assert content.track_scores[index] == tracks.scores[number]
        assert content.track_labels[index] == tracks.labels[number]
    others = content.frames[content.offsets[-1] :]
    assert len(others) > 0
    assert (np.diff(others) >= 0).all()


def test_trajectories_are_ordered_by_first_frame_then_identity():
    content = content_of(boxes_at([0, 50, 100, 150], [3, 0, 3, 0], ids=[9, 8, 4, 7]))
    assert content.track_ids.tolist() == [7, 8, 4, 9]


def test_a_suppressed_box_points_to_the_box_that_suppressed_it():
    tracks = link(boxes_at([100, 0, 101, 100], [0, 0, 1, 1], scores=[0.9, 0.8, 0.5, 0.9]), method="seq-nms")
    content = content_of(tracks)
    (suppressed,) = np.flatnonzero(content.reasons == Reason.SUPPRESSED)
    suppressing = content.suppressed_by[suppressed]
    assert content.frames[suppressing] == 1
    assert content.boxes[suppressing].tolist() == [100, 0, 110, 20]
    assert (np.delete(content.suppressed_by, suppressed) == -1).all()


def test_boxes_with_identity_form_trajectories_and_others_have_an_unknown_reason():
    content = content_of(boxes_at([0, 5, 90], [0, 1, 1], ids=[3, 3, -1]))
    assert content.reasons.tolist() == [Reason.LINKED, Reason.LINKED, UNKNOWN]
    assert content.offsets.tolist() == [0, 2]
    assert content.summary(None).num_unknown == 1


def test_interpolated_boxes_of_a_file_are_left_out():
    content = content_of(boxes_at([0, 2, 4, 6], [0, 1, 2, 3], ids=[0] * 4, scores=[0.5, 0, 0, 0.5]))
    assert content.frames.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("lefts", "scores"),
    [
        ([0, 5, 4, 6], [0.5, 0, 0.5, 0.5]),  # off the line
        ([0, 2, 4, 6], [0, 0, 0, 0]),  # no nonzero score around them
        ([0, 2, 4, 6], [0, 0.5, 0.5, 0]),  # at the ends of the trajectory
    ],
)
def test_boxes_of_score_0_that_are_not_interpolated_are_kept(lefts, scores):
    content = content_of(boxes_at(lefts, [0, 1, 2, 3], ids=[0] * 4, scores=scores))
    assert content.frames.tolist() == [0, 1, 2, 3]


def test_interpolated_boxes_of_alternating_trajectories_are_left_out():
    frames = [0, 0, 1, 1, 2, 2]
    content = content_of(boxes_at([0, 90, 2, 95, 4, 100], frames, ids=[0, 1] * 3, scores=[1, 1, 0, 0, 1, 1]))
    assert content.frames.tolist() == [0, 2, 0, 2]


def test_boxes_are_matched_with_detections_to_within_half_a_pixel():
    tracks = boxes_at([0.4, 10.6, 20], [0, 1, 2], ids=[0, 0, 0])
    content = content_of(tracks, boxes_at([0, 10, 20, 60], [0, 1, 2, 2]))
    assert content.reasons.tolist() == [Reason.LINKED, NOT_DETECTED, Reason.LINKED, UNKNOWN, UNKNOWN]
    assert content.boxes[:, 0].tolist() == pytest.approx([0.4, 10.6, 20, 10, 60])


def test_each_detection_is_matched_once_with_the_nearest_box():
    content = content_of(boxes_at([0.3, 0.1], [0, 0], ids=[0, 1]), boxes_at([0], [0]))
    assert dict(zip(content.track_ids.tolist(), content.reasons.tolist(), strict=True)) == {
        0: NOT_DETECTED,
        1: Reason.LINKED,
    }


def test_score_and_class_of_a_trajectory_from_a_file_are_those_of_its_boxes():
    content = content_of(boxes_at([0, 1, 2], [0, 1, 2], ids=[0] * 3, scores=[0.2, 0.4, 0.6], labels=[7, 5, 5]))
    assert content.track_scores.tolist() == pytest.approx([0.4])
    assert content.track_labels.tolist() == [5]


def test_no_boxes_form_no_trajectories():
    content = content_of(Detections([], [], [], num_frames=7))
    assert (len(content.track_ids), len(content.frames), content.num_frames) == (0, 0, 7)
    assert content.extent == (0, 0, 0, 0)


def test_the_extent_includes_the_origin_and_all_boxes():
    assert content_of(boxes_at([-30, 70], [0, 0], ids=[0, 1])).extent == (-30, 0, 80, 20)


def test_boxes_without_identities_are_refused():
    with pytest.raises(ValueError, match=r"^tracks: found boxes without track_ids, expected the identity of each"):
        content_of(boxes_at([0], [0]))


def test_detections_other_than_those_of_the_trajectories_are_refused():
    tracks = link(boxes_at([0], [0]))
    assert len(content_of(tracks, boxes_at([0], [0])).frames) == 1
    with pytest.raises(ValueError, match=r"^detections: found others than those of the trajectories"):
        content_of(tracks, boxes_at([1], [0]))


def test_colours_differ_and_depend_only_on_the_identity():
    colours = track_colours(np.arange(24))
    assert len({tuple(colour) for colour in colours.tolist()}) == 24
    assert np.abs(np.diff(colours.astype(int), axis=0)).max(axis=1).min() > 60
    np.testing.assert_array_equal(track_colours([17]), colours[17:18])


def luminance_of(colours: np.ndarray) -> np.ndarray:
    return (colours / 255.0) ** 2.2 @ [0.2126, 0.7152, 0.0722]


def test_colours_contrast_with_white_and_with_black():
    luminance = luminance_of(track_colours(np.arange(500)))
    assert (1.05 / (luminance + 0.05)).min() > 2
    assert ((luminance + 0.05) / 0.05).min() > 4


def test_white_text_is_legible_on_colours_for_white_paper():
    luminance = luminance_of(track_colours(np.arange(500), on_white=True))
    assert (1.05 / (luminance + 0.05)).min() > 4.5


def test_colours_for_white_paper_have_the_hues_of_the_others():
    for light, dark in zip(track_colours(np.arange(50)), track_colours(np.arange(50), on_white=True), strict=True):
        turn = colorsys.rgb_to_hsv(*light / 255)[0] - colorsys.rgb_to_hsv(*dark / 255)[0]
        assert abs((turn + 0.5) % 1 - 0.5) < 0.06
