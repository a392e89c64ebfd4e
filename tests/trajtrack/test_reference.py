"""The rules of Seq-NMS, each with an example worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helpers.seq_nms import link
from trajtrack import Detections, Reason, Trajectories, link_graph, reference
from trajtrack.scenes import make_scene

# Many of these scenes are meant to leave nothing to link.
pytestmark = pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")

Box = tuple[float, float, float, float]

LEFT, MIDDLE, RIGHT = (0, 0, 10, 10), (100, 0, 110, 10), (200, 0, 210, 10)
JUST_ABOVE_HALF = float(np.nextafter(np.float32(0.5), np.float32(1)))


def at(left: float, width: float = 10, top: float = 0, height: float = 10) -> Box:
    return (left, top, left + width, top + height)


def video(*rows: tuple[int, Box, float] | tuple[int, Box, float, int]) -> Detections:
    """Return detections from rows (frame, box, score, label); default label: 0."""
    frames, boxes, scores, labels = zip(*((*row, 0)[:4] for row in rows), strict=True)
    return Detections(boxes, scores, frames, labels=labels)


def links(detections: Detections, **options: object) -> list[list[int]]:
    graph = link_graph(detections, **options)
    return [part.tolist() for part in np.split(graph.targets, graph.offsets[1:-1])]


def paths(found: Trajectories) -> list[list[int]]:
    return [part.tolist() for part in np.split(found.rows, found.offsets[1:-1])] if len(found) else []


# --- which boxes overlap ---------------------------------------------------------------------------------------------


def test_boxes_of_successive_frames_are_linked() -> None:
    assert links(video((0, LEFT, 1), (1, LEFT, 1), (2, RIGHT, 1)), max_gap=0) == [[1], [], []]


def test_an_overlap_of_exactly_the_threshold_links() -> None:
    pair = video((0, (0, 0, 3, 3), 1), (1, (1, 0, 4, 3), 1))
    assert links(pair, iou_threshold=0.5, max_gap=0) == [[1], []]
    assert links(pair, iou_threshold=JUST_ABOVE_HALF, max_gap=0) == [[], []]


@pytest.mark.parametrize("threshold", [0.7, 0.7 - 1e-9, 0.7 + 1e-9])
def test_a_threshold_is_rounded_to_float32(threshold: float) -> None:
    pair = video((0, (0, 0, 10, 1), 1), (1, (0, 0, 7, 1), 1))
    assert links(pair, iou_threshold=threshold, max_gap=0) == [[1], []]


def test_threshold_0_means_any_positive_intersection() -> None:
    pair = video((0, LEFT, 1), (1, (9.999, 9.999, 90, 90), 1))
    assert links(pair, iou_threshold=0, max_gap=0) == [[1], []]


def test_boxes_that_share_an_edge_do_not_overlap() -> None:
    pair = video((0, LEFT, 1), (1, (10, 0, 20, 10), 1))
    assert links(pair, iou_threshold=0, max_gap=0) == [[], []]


@pytest.mark.parametrize("empty", [(5, 0, 5, 10), (0, 5, 10, 5), (5, 5, 5, 5)])
def test_a_box_without_area_overlaps_nothing_not_even_itself(empty: Box) -> None:
    found = link(video((0, empty, 1), (0, empty, 0.5), (1, empty, 1), (1, LEFT, 1)), iou_threshold=0, nms_threshold=0)
    assert paths(found) == [[0], [2], [3], [1]]


def test_threshold_1_links_equal_boxes() -> None:
    assert links(video((0, LEFT, 1), (1, LEFT, 1), (1, at(0.001), 1)), iou_threshold=1, max_gap=0) == [[1], [], []]


def test_a_buffer_grows_boxes_on_each_side_before_they_are_linked() -> None:
    pair = video((0, at(0), 1), (1, at(15), 1))
    assert links(pair, iou_threshold=0, buffer=0.25, max_gap=0) == [[], []]
    assert links(pair, iou_threshold=0, buffer=0.2501, max_gap=0) == [[1], []]


def test_a_buffer_does_not_grow_boxes_for_suppression() -> None:
    assert paths(link(video((0, at(0), 1), (0, at(11), 0.5)), buffer=1, nms_threshold=0)) == [[0], [1]]


def test_a_buffer_does_not_change_shapes() -> None:
    pair = video((0, at(0, width=10), 1), (2, at(0, width=20), 1))
    options = {"max_gap": 1, "gap_iou_threshold": 0, "max_shape_change": 2}
    assert links(pair, **options, buffer=0.3) == [[1], []]
    assert links(pair, **options | {"max_shape_change": 1.999}, buffer=0.3) == [[], []]


def test_a_row_links_to_all_that_it_overlaps_in_ascending_order() -> None:
    rows = video((1, at(2), 1), (0, at(1), 1), (1, at(0), 1), (1, MIDDLE, 1), (1, at(1), 1))
    assert links(rows, max_gap=0) == [[], [0, 2, 4], [], [], []]


# --- minimum score ---------------------------------------------------------------------------------------------------


def test_a_score_of_exactly_min_score_is_kept() -> None:
    found = link(video((0, LEFT, 0.25), (0, RIGHT, 0.2)), min_score=0.25)
    assert found.reasons.tolist() == [Reason.LINKED, Reason.BELOW_MIN_SCORE]


@pytest.mark.parametrize("min_score", [0.7, 0.7 + 1e-9])
def test_min_score_is_rounded_to_float32(min_score: float) -> None:
    assert link(video((0, LEFT, 0.7)), min_score=min_score).reasons.tolist() == [Reason.LINKED]


def test_a_row_below_min_score_neither_links_nor_is_suppressed() -> None:
    found = link(video((0, LEFT, 1), (0, LEFT, 0.1), (1, LEFT, 0.1), (2, LEFT, 1)), min_score=0.5, max_gap=0)
    assert paths(found) == [[0], [3]]
    assert found.reasons.tolist() == [0, Reason.BELOW_MIN_SCORE, Reason.BELOW_MIN_SCORE, 0]
    assert found.suppressed_by.tolist() == [-1] * 4


def test_no_row_is_dropped_by_default() -> None:
    assert link(video((0, LEFT, -5), (1, LEFT, 6))).reasons.tolist() == [Reason.NOT_POSITIVE, Reason.LINKED]


# --- gap links -------------------------------------------------------------------------------------------------------


def test_no_gap_is_bridged_if_max_gap_is_0() -> None:
    assert links(video((0, LEFT, 1), (2, LEFT, 1)), max_gap=0) == [[], []]


def test_frames_without_boxes_count_in_a_gap() -> None:
    pair = video((0, LEFT, 1), (3, LEFT, 1))
    assert links(pair, max_gap=1) == [[], []]
    assert links(pair, max_gap=2) == [[1], []]


def test_a_row_with_a_link_to_the_next_frame_makes_no_gap_link() -> None:
    fork = video((0, at(0), 1), (1, at(-3), 1), (2, at(3.5), 1))
    assert links(fork, max_gap=2, gap_iou_threshold=0.4) == [[1], [], []]


def test_a_row_with_a_link_from_the_frame_before_receives_no_gap_link() -> None:
    merge = video((0, at(0), 1), (1, at(6), 1), (2, at(3), 1))
    assert links(merge, max_gap=2, gap_iou_threshold=0.4) == [[], [2], []]


def test_a_gap_link_does_not_prevent_another_to_the_same_row() -> None:
    rows = video((0, at(0), 1), (1, at(4), 1), (3, at(2), 1))
    assert links(rows, max_gap=2, gap_iou_threshold=0.5) == [[2], [2], []]


def test_a_gap_is_bridged_to_the_first_frame_with_a_compatible_row() -> None:
    rows = video((0, LEFT, 1), (2, RIGHT, 1), (4, LEFT, 1), (8, LEFT, 1))
    assert links(rows, max_gap=10) == [[2], [], [3], []]


def test_a_gap_is_bridged_to_every_compatible_row_of_that_frame() -> None:
    rows = video((2, at(1), 1), (0, at(0), 1), (2, at(-1), 1), (2, RIGHT, 1), (2, at(0), 1))
    assert links(rows, max_gap=1) == [[], [0, 2, 4], [], [], []]


def test_the_gap_overlap_may_be_exactly_its_threshold() -> None:
    pair = video((0, (0, 0, 3, 3), 1), (2, (1, 0, 4, 3), 1))
    assert links(pair, max_gap=1, iou_threshold=1, gap_iou_threshold=0.5) == [[1], []]
    assert links(pair, max_gap=1, iou_threshold=0, gap_iou_threshold=JUST_ABOVE_HALF) == [[], []]


@pytest.mark.parametrize(
    ("later", "change"),
    [
        pytest.param(at(0, width=20, height=20), 4, id="area"),
        pytest.param(at(0, width=20, height=5), 4, id="aspect"),
        pytest.param(at(0, width=5, height=20), 4, id="aspect turned"),
        pytest.param(at(0, width=5, height=5), 4, id="smaller area"),
    ],
)
def test_a_change_of_shape_may_be_exactly_the_largest(later: Box, change: float) -> None:
    pair = video((0, at(0), 1), (2, later, 1))
    assert links(pair, max_gap=1, gap_iou_threshold=0, max_shape_change=change) == [[1], []]
    assert links(pair, max_gap=1, gap_iou_threshold=0, max_shape_change=change - 1e-6) == [[], []]


def test_shape_does_not_matter_for_links_to_the_next_frame() -> None:
    pair = video((0, at(0), 1), (1, at(0, width=90), 1))
    assert links(pair, iou_threshold=0.1, max_shape_change=1) == [[1], []]


def moving(speed: float, frames: list[int]) -> Detections:
    return video(*((frame, at(speed * frame), 1) for frame in frames))


def test_a_box_is_searched_for_along_its_motion() -> None:
    rows = moving(3, [0, 1, 2, 6])
    assert links(rows, max_gap=3, gap_iou_threshold=1, motion_frames=2) == [[1], [2], [3], []]
    assert links(rows, max_gap=3, gap_iou_threshold=0.5, motion_frames=0) == [[1], [2], [], []]


def test_a_moving_box_is_not_linked_to_where_it_was() -> None:
    rows = video(*((frame, at(3 * frame), 1) for frame in range(3)), (6, at(6), 1))
    assert links(rows, max_gap=3, gap_iou_threshold=0.1, motion_frames=2)[2] == []
    assert links(rows, max_gap=3, gap_iou_threshold=0.1, motion_frames=0)[2] == [3]


@pytest.mark.parametrize(("motion_frames", "speed"), [(1, 2), (2, 1.5), (4, 0.75), (99, 0.75)])
def test_motion_is_measured_over_at_most_motion_frames(motion_frames: int, speed: float) -> None:
    past = [(frame, at(left), 1) for frame, left in enumerate((0, 0, 0, 1, 3))]
    for found_at, expected in ((speed, [5]), (speed + 0.25, []), (speed - 0.25, [])):
        rows = video(*past, (7, at(3 + 3 * found_at), 1))
        assert links(rows, max_gap=2, gap_iou_threshold=0.99, motion_frames=motion_frames)[4] == expected


def test_motion_is_that_of_the_centre() -> None:
    # The right edge moves by 4 per frame, the centre by 2.
    rows = video((0, at(0, width=20), 1), (1, at(0, width=24), 1), (3, at(4, width=24), 1))
    assert links(rows, max_gap=1, gap_iou_threshold=1, motion_frames=1)[1] == [2]


def test_motion_is_not_measured_past_a_fork() -> None:
    rows = video((0, at(0), 1), (1, at(3), 1), (1, at(-3), 0.5), (3, at(3), 1))
    assert links(rows, max_gap=1, gap_iou_threshold=1)[1] == [3]


def test_motion_is_not_measured_past_a_merge() -> None:
    rows = video((0, at(1), 1), (0, at(6), 0.5), (1, at(3), 1), (2, at(6), 1), (4, at(12), 1))
    assert links(rows, max_gap=1, gap_iou_threshold=1, motion_frames=9)[3] == [4]
    rows = video((0, at(-3), 1), (0, at(5), 0.5), (1, at(1), 1), (3, at(1), 1))
    assert links(rows, max_gap=1, gap_iou_threshold=1, motion_frames=9)[2] == [3]


def test_motion_is_not_measured_across_a_gap() -> None:
    rows = video((0, at(0), 1), (2, at(2), 1), (4, at(0), 1))
    assert links(rows, max_gap=1, gap_iou_threshold=0.6) == [[1], [2], []]


def test_a_removed_neighbour_opens_no_gap_search() -> None:
    # The path of row 2 takes row 1; row 0 had a link to it, so it does not search further, up to row 4.
    rows = video((0, at(0), 0.1), (1, at(0), 1), (0, at(2), 1), (2, MIDDLE, 0.1), (3, at(0), 0.3))
    found = link(rows, max_gap=5, nms_threshold=0.7)
    assert paths(found) == [[2, 1, 4], [0], [3]]


# --- best paths ------------------------------------------------------------------------------------------------------


def test_the_path_with_the_greatest_sum_is_taken_not_the_best_next_box() -> None:
    rows = video((0, at(0), 1), (1, at(-2), 0.5), (1, at(2), 0.4), (2, at(5), 0.3))
    assert paths(link(rows, max_gap=0, nms_threshold=1)) == [[0, 2, 3], [1]]


def test_equal_sums_go_to_the_earlier_frame() -> None:
    assert paths(link(video((5, LEFT, 0.5), (3, RIGHT, 0.5)))) == [[1], [0]]


def test_equal_sums_within_a_frame_go_to_the_lower_row() -> None:
    assert paths(link(video((3, RIGHT, 0.5), (3, LEFT, 0.5)))) == [[0], [1]]


def test_equal_links_go_to_the_lower_row() -> None:
    rows = video((1, at(1), 0.5), (1, at(-1), 0.5), (0, at(0), 0.5))
    assert paths(link(rows, nms_threshold=1)) == [[2, 0], [1]]


def test_a_longer_sum_beats_an_earlier_start() -> None:
    assert paths(link(video((0, LEFT, 0.5), (9, RIGHT, 0.25), (10, RIGHT, 0.375)))) == [[1, 2], [0]]


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_box_of_score_0_in_front_of_a_path_is_kept(zero: float) -> None:
    assert paths(link(video((0, LEFT, zero), (1, LEFT, 0.5)))) == [[0, 1]]


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_path_does_not_continue_to_a_box_of_score_0(zero: float) -> None:
    found = link(video((0, LEFT, 0.5), (1, LEFT, zero)))
    assert paths(found) == [[0]]
    assert found.reasons.tolist() == [Reason.LINKED, Reason.NOT_POSITIVE]


def test_a_path_passes_through_a_negative_box_where_that_pays() -> None:
    rows = ((0, LEFT, 0.5), (1, LEFT, -0.25), (2, LEFT, 0.5))
    assert paths(link(video(*rows), max_gap=0)) == [[0, 1, 2]]
    assert paths(link(video(rows[0], (1, LEFT, -0.5), rows[2]), max_gap=0)) == [[0], [2]]


def test_a_path_does_not_begin_with_a_negative_box() -> None:
    assert paths(link(video((0, LEFT, -0.25), (1, LEFT, 0.5)))) == [[1]]


def test_rows_that_no_positive_path_reaches_are_in_no_trajectory() -> None:
    found = link(video((0, LEFT, 0.0), (1, LEFT, -1.0), (2, LEFT, -0.0)))
    assert len(found) == 0
    assert found.track_ids.tolist() == [-1, -1, -1]
    assert found.reasons.tolist() == [Reason.NOT_POSITIVE] * 3


def test_sums_are_float64_and_added_from_the_end_of_the_path() -> None:
    rows = video((0, LEFT, 2.0**53), (1, LEFT, 1), (2, LEFT, 1))
    assert link(rows, rescore="sum").scores.tolist() == [2.0**53 + 2]


def test_a_path_of_one_box_does_not_end_the_rest() -> None:
    chain = [(frame, LEFT, score) for frame, score in enumerate((0.1, 0.2, 0.3))]
    found = link(video((0, RIGHT, 0.95), *chain))
    assert paths(found) == [[0], [1, 2, 3]]


# --- suppression -----------------------------------------------------------------------------------------------------


def test_a_path_suppresses_the_boxes_that_it_overlaps_in_their_frames() -> None:
    rows = video((0, at(0), 1), (0, at(1), 0.9), (1, at(0), 1), (1, at(-1), 0.9), (1, at(2), 0.8))
    found = link(rows, nms_threshold=0.75)
    assert paths(found) == [[0, 2], [4]]
    assert found.reasons.tolist() == [0, Reason.SUPPRESSED, 0, Reason.SUPPRESSED, 0]
    assert found.suppressed_by.tolist() == [-1, 0, -1, 2, -1]


def test_an_overlap_of_exactly_the_threshold_suppresses() -> None:
    pair = video((0, (0, 0, 3, 3), 1), (0, (1, 0, 4, 3), 0.5))
    assert link(pair, nms_threshold=0.5).suppressed_by.tolist() == [-1, 0]
    assert link(pair, nms_threshold=JUST_ABOVE_HALF).suppressed_by.tolist() == [-1, -1]


def test_suppression_with_threshold_0_needs_any_positive_intersection() -> None:
    found = link(video((0, at(0), 1), (0, at(9.99), 0.5), (0, at(10), 0.25)), nms_threshold=0)
    assert paths(found) == [[0], [2]]


def test_a_suppressed_box_suppresses_nothing() -> None:
    assert paths(link(video((0, at(0), 1), (0, at(4), 0.9), (0, at(8), 0.8)), nms_threshold=0.4)) == [[0], [2]]


def test_the_first_path_that_overlaps_a_row_suppresses_it() -> None:
    found = link(video((0, at(2), 0.5), (0, at(0), 1), (0, at(1), 0.25)), nms_threshold=0.75)
    assert found.suppressed_by.tolist() == [-1, -1, 1]


def test_paths_are_chosen_again_without_suppressed_boxes() -> None:
    # Row 3 loses its successor, row 1, to the first path and continues to row 4.
    rows = video((0, at(0), 1), (1, at(1), 0.9), (1, at(0), 1), (0, at(4), 0.5), (1, at(6), 0.1))
    assert paths(link(rows, iou_threshold=0.5, nms_threshold=0.75, max_gap=0)) == [[0, 2], [3, 4]]


def test_an_interpolated_box_suppresses_nothing() -> None:
    rows = video((0, LEFT, 1), (2, LEFT, 1), (1, (2, 2, 8, 8), 0.1))
    found = link(rows, max_gap=1, nms_threshold=0)
    assert paths(found) == [[0, 1], [2]]


# --- classes ---------------------------------------------------------------------------------------------------------


def test_boxes_of_different_labels_are_not_linked() -> None:
    assert links(video((0, LEFT, 1, 1), (1, LEFT, 1, 2), (1, LEFT, 1, 1)), max_gap=0) == [[2], [], []]


def test_boxes_of_different_labels_are_not_linked_across_a_gap() -> None:
    assert links(video((0, LEFT, 1, 1), (2, LEFT, 1, 2), (3, LEFT, 1, 1)), max_gap=5) == [[2], [], []]


def test_suppression_crosses_no_class() -> None:
    assert paths(link(video((0, LEFT, 1, 1), (0, LEFT, 0.5, -1)))) == [[0], [1]]


def test_class_agnostic_links_and_suppresses_across_classes() -> None:
    rows = video((0, LEFT, 1, 1), (0, LEFT, 0.5, -1), (1, LEFT, 1, 2), (3, LEFT, 1, 3))
    found = link(rows, class_agnostic=True, max_gap=1)
    assert paths(found) == [[0, 2, 3]]
    assert found.suppressed_by.tolist() == [-1, 0, -1, -1]


@pytest.mark.parametrize(
    ("labelled", "expected"),
    [
        pytest.param([(0.25, 1), (0.25, 1), (1, 7)], 7, id="by score, not by number"),
        pytest.param([(0.5, 7), (0.5, 3)], 3, id="the smaller of equals"),
        pytest.param([(0.5, -2), (0.5, 3)], -2, id="a negative one is smaller"),
        pytest.param([(0.5, 7), (-0.25, 7), (0.375, 3)], 3, id="negative scores count against"),
    ],
)
def test_the_label_of_a_trajectory_is_the_score_weighted_majority(labelled, expected) -> None:
    rows = video(*((frame, LEFT, score, label) for frame, (score, label) in enumerate(labelled)))
    found = link(rows, class_agnostic=True, max_gap=0)
    assert paths(found) == [list(range(len(labelled)))]
    assert found.labels.tolist() == [expected]


# --- results ---------------------------------------------------------------------------------------------------------


def test_trajectories_are_numbered_by_sum_then_start_frame_then_start_row() -> None:
    rows = video((4, LEFT, 0.5), (2, RIGHT, 0.5), (2, MIDDLE, 0.5), (9, LEFT, 0.25), (9, RIGHT, 0.75))
    found = link(rows, max_gap=0)
    assert paths(found) == [[4], [1], [2], [0], [3]]
    assert found.track_ids.tolist() == [3, 1, 2, 4, 0]


def test_short_paths_are_dropped_and_leave_no_holes_in_the_numbers() -> None:
    rows = video((0, LEFT, 0.5), (0, MIDDLE, 1), (1, LEFT, 0.25), (0, RIGHT, 0.125), (1, RIGHT, 0.125))
    found = link(rows, min_length=2)
    assert paths(found) == [[0, 2], [3, 4]]
    assert found.track_ids.tolist() == [0, -1, 0, 1, 1]
    assert found.reasons.tolist() == [0, Reason.TOO_SHORT, 0, 0, 0]


def test_a_path_that_is_too_short_still_suppresses() -> None:
    found = link(video((0, LEFT, 1), (0, at(1), 0.25), (1, at(2), 0.25)), min_length=2, max_gap=0, iou_threshold=0.8)
    assert len(found) == 0
    assert found.reasons.tolist() == [Reason.TOO_SHORT, Reason.SUPPRESSED, Reason.TOO_SHORT]
    assert found.suppressed_by.tolist() == [-1, 0, -1]


def test_length_counts_detections_not_interpolated_boxes() -> None:
    pair = video((0, LEFT, 1), (5, LEFT, 1))
    assert len(link(pair, max_gap=9, min_length=2)) == 1
    assert len(link(pair, max_gap=9, min_length=3)) == 0


@pytest.mark.parametrize(("rescore", "expected"), [("mean", 0.375), ("max", 0.75), ("sum", 1.125)])
def test_a_trajectory_is_scored_by_its_detections_alone(rescore: str, expected: float) -> None:
    rows = video((0, LEFT, 0.25), (1, LEFT, 0.75), (4, LEFT, 0.125))
    assert link(rows, max_gap=9, rescore=rescore).scores.tolist() == [expected]


def test_order_is_by_sum_whatever_the_score() -> None:
    rows = video((0, LEFT, 0.5), (0, RIGHT, 0.375), (1, RIGHT, 0.375))
    found = link(rows, rescore="max")
    assert paths(found) == [[1, 2], [0]]
    assert found.scores.tolist() == [0.375, 0.5]


def test_boxes_inside_a_gap_are_interpolated_linearly_with_score_0() -> None:
    track = link(video((3, (0, 0, 8, 8), 1), (7, (4, 2, 8, 10), 0.5)), max_gap=3, gap_iou_threshold=0)[0]
    assert track.frames.tolist() == [3, 4, 5, 6, 7]
    assert track.boxes.tolist() == [[0, 0, 8, 8], [1, 0.5, 8, 8.5], [2, 1, 8, 9], [3, 1.5, 8, 9.5], [4, 2, 8, 10]]
    assert track.scores.tolist() == [1, 0, 0, 0, 0.5]
    assert track.rows.tolist() == [0, -1, -1, -1, 1]
    assert track.interpolated.tolist() == [False, True, True, True, False]


def test_interpolation_rounds_each_operation_to_float32() -> None:
    first, last = np.float32(0.1), np.float32(0.7)
    track = link(video((0, (first, 0, 10, 10), 1), (3, (last, 0, 10, 10), 1)), max_gap=2)[0]
    thirds = [np.float32(k) / np.float32(3) for k in (1, 2)]
    assert track.boxes[:, 0].tolist() == [first, *(first + (last - first) * share for share in thirds), last]


def test_rows_of_a_trajectory_are_in_the_order_of_its_frames() -> None:
    assert paths(link(video((2, LEFT, 1), (0, LEFT, 1), (1, LEFT, 1)))) == [[1, 2, 0]]


def test_no_row_of_the_input_is_in_two_trajectories_and_each_has_one_reason() -> None:
    found = link(make_scene(num_frames=60, proposals_per_object=3).detections, min_score=0.3, min_length=3)
    rows = found.rows.tolist()
    assert len(set(rows)) == len(rows)
    reasons, ids = found.reasons, found.track_ids
    assert set(reasons.tolist()) == {Reason.LINKED, Reason.BELOW_MIN_SCORE, Reason.SUPPRESSED, Reason.TOO_SHORT}
    np.testing.assert_array_equal(np.sort(rows), np.flatnonzero(reasons == Reason.LINKED))
    np.testing.assert_array_equal(ids >= 0, reasons == Reason.LINKED)
    np.testing.assert_array_equal(found.suppressed_by >= 0, reasons == Reason.SUPPRESSED)


@pytest.mark.parametrize("seed", range(5))
def test_without_ties_the_order_of_rows_does_not_matter(seed: int) -> None:
    detections = make_scene(num_frames=80, proposals_per_object=2, seed=seed).detections
    detections = detections[np.unique(detections.scores, return_index=True)[1]]
    order = np.random.default_rng(seed).permutation(len(detections))
    given, mixed = link(detections), link(detections[order])
    np.testing.assert_array_equal(mixed.track_ids, given.track_ids[order])
    np.testing.assert_array_equal(mixed.reasons, given.reasons[order])
    np.testing.assert_array_equal(order[mixed.rows], given.rows)
    np.testing.assert_array_equal(mixed.scores, given.scores)


def test_frames_at_the_end_of_their_range_are_linked() -> None:
    last = 2**31 - 1
    rows = video((last - 6, LEFT, 1), (last - 2, LEFT, 1), (last - 1, LEFT, 1), (last, LEFT, 1))
    found = link(rows, max_gap=last)
    assert paths(found) == [[0, 1, 2, 3]]
    assert found[0].frames.tolist() == list(range(last - 6, last + 1))


def test_frames_at_both_ends_of_their_range_are_linked_with_the_largest_gap() -> None:
    rows = video((0, LEFT, 1), (2**31 - 1, LEFT, 1))
    assert links(rows, max_gap=2**31 - 2) == [[1], []]
    assert links(rows, max_gap=2**31 - 3) == [[], []]


@pytest.mark.parametrize("scale", [1e-20, 1e8])
def test_tiny_and_huge_boxes_are_linked(scale: float) -> None:
    x = 3 * scale
    assert links(video((0, (0, 0, x, x), 1), (1, (scale, 0, 4 * scale, x), 1)), iou_threshold=0.5) == [[1], []]


def test_areas_below_the_smallest_float_count_as_zero() -> None:
    tiny = (0, 0, 1e-30, 1e-30)
    assert links(video((0, tiny, 1), (1, tiny, 1)), iou_threshold=0) == [[], []]


def test_nothing_gives_nothing() -> None:
    nothing = Detections(np.empty((0, 4)), [], [], num_frames=5)
    for found in (link(nothing), reference.link(nothing)):
        assert len(found) == 0
        assert found.offsets.tolist() == [0]
        assert found.track_ids.tolist() == found.rows.tolist() == found.labels.tolist() == found.scores.tolist() == []
    assert links(nothing) == [[]]


def test_infinite_min_score_drops_everything() -> None:
    found = link(video((0, LEFT, 3e38)), min_score=math.inf)
    assert found.reasons.tolist() == [Reason.BELOW_MIN_SCORE]
