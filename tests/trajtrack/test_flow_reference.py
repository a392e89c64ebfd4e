"""The reference of linking by minimum-cost flow does what its parts promise."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajtrack import Detections, FlowOptions, Reason, evaluate, flow_reference, make_scene
from trajtrack.flow_reference import choose_links, exp, log

linear_sum_assignment = pytest.importorskip("scipy.optimize").linear_sum_assignment


# --- numbers ---------------------------------------------------------------------------------------------------------


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_accurate_to_a_few_units_in_the_last_place(x: float) -> None:
    assert float(log(np.array([x]))[0]) == pytest.approx(math.log(x), rel=1e-15, abs=1e-15)


@given(st.floats(-700, 700))
def test_the_exponential_is_accurate_to_a_few_units_in_the_last_place(x: float) -> None:
    assert float(exp(np.array([x]))[0]) == pytest.approx(math.exp(x), rel=1e-15)


# --- the choice of links ---------------------------------------------------------------------------------------------


@st.composite
def assignments(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int, int]], list[int]]:
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    pairs = [(row, column) for row in range(rows) for column in range(columns)]
    chosen = sorted(draw(st.sets(st.sampled_from(pairs))))
    gains = [draw(st.integers(-4, 9)) for _ in chosen]
    links = [(row, column, gain) for (row, column), gain in zip(chosen, gains, strict=True)]
    return rows, columns, links, draw(st.lists(st.integers(-5, 5), min_size=rows, max_size=rows))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(assignments())
def test_no_other_choice_of_links_has_a_greater_sum(
    problem: tuple[int, int, list[tuple[int, int, int]], list[int]],
) -> None:
    rows, columns, links, stay = problem
    chosen = choose_links(rows, columns, links, stay)
    taken = [column for column in chosen if column >= 0]
    assert len(set(taken)) == len(taken)
    gain_of = {(row, column): gain for row, column, gain in links}
    total = sum(stay[row] if column < 0 else gain_of[row, column] for row, column in enumerate(chosen))

    # The same problem with a column of its own for each row that is assigned to none.
    gains = np.full((rows, columns + rows), -1000)
    for row, column, gain in links:
        gains[row, column] = gain
    gains[range(rows), columns + np.arange(rows)] = stay
    best = linear_sum_assignment(gains, maximize=True)
    assert total == gains[best].sum()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_no_other_set_of_disjoint_paths_has_a_greater_value(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    links = [
        (a, b, data.draw(st.integers(1, 6)))
        for a in range(count)
        for b in range(a + 1, count)
        if data.draw(st.booleans())
    ]
    value = [data.draw(st.integers(-4, 2)) for _ in range(count)]
    edges = sorted([(k, k, 0) for k in range(count)] + [(a, b, gain + value[a]) for a, b, gain in links])
    chosen = choose_links(count, count, edges, value)
    gain_of = {(a, b): gain for a, b, gain in links}
    next_of = [-1 if column == row else column for row, column in enumerate(chosen)]
    used = {row for row, column in enumerate(chosen) if column != row}
    total = sum(value[row] for row in used)
    total += sum(gain_of[row, column] for row, column in enumerate(next_of) if column >= 0)
    assert all(column in used for column in next_of if column >= 0)

    @functools.cache
    def best(rest: frozenset[int], last: int | None) -> int:
        """Return the best value of paths through `rest`, of which the first may continue a path that ends at `last`."""
        options = [0]
        if last is not None:
            options += [gain + value[b] + best(rest - {b}, b) for a, b, gain in links if a == last and b in rest]
        options += [value[b] + best(rest - {b}, b) for b in rest]
        return max(options)

    assert total == best(frozenset(range(count)), None)


# --- proposals -------------------------------------------------------------------------------------------------------


def proposals_of(per_object: int) -> tuple[Detections, Detections]:
    """Return the detections of a scene, some of them beside an object's best box, and the true boxes."""
    made = make_scene(num_frames=30, objects_per_frame=8, proposals_per_object=per_object, jitter=0.06, seed=6)
    return made.detections, made.truth


@pytest.mark.parametrize("per_object", [3, 8])
def test_of_many_boxes_on_each_object_the_best_is_linked(per_object: int) -> None:
    detections, truth = proposals_of(per_object)
    found = flow_reference.link(detections)
    assert evaluate(truth, found.to_detections()).hota > 0.8


def test_a_suppressed_proposal_names_a_better_one_of_its_frame_and_label() -> None:
    detections, _ = proposals_of(8)
    found = flow_reference.link(detections)
    rows = np.flatnonzero(found.reasons == Reason.SUPPRESSED)
    by = found.suppressed_by[rows]
    assert len(rows) > len(detections) / 2
    np.testing.assert_array_equal(found.suppressed_by >= 0, found.reasons == Reason.SUPPRESSED)
    np.testing.assert_array_equal(detections.frames[by], detections.frames[rows])
    np.testing.assert_array_equal(detections.labels[by], detections.labels[rows])
    assert (detections.scores[by] >= detections.scores[rows]).all()
    assert not np.isin(by, rows).any()


def pairs_of_boxes(shift: float, paired: int, count: int) -> Detections:
    """Return `count` frames of an object, with a second box, moved by a share of the first's width, in some of them."""
    frames = np.concatenate([np.arange(count), np.arange(paired)])
    left = np.where(np.arange(count + paired) < count, 0, 100 * shift)
    boxes = np.stack([left, np.zeros(len(left)), left + 100, np.full(len(left), 50)], axis=1)
    scores = np.where(np.arange(count + paired) < count, 0.9, 0.8)
    return Detections(boxes, scores, frames)


@pytest.mark.parametrize(
    ("shift", "paired", "count"),
    [(0.3, 500, 500), (0.1, 80, 500), (0.1, 20, 20)],
    ids=["overlaps below 0.7", "few overlaps", "few detections"],
)
def test_detections_that_need_not_be_proposals_are_not_suppressed(shift: float, paired: int, count: int) -> None:
    found = flow_reference.link(pairs_of_boxes(shift, paired, count))
    assert (found.reasons != Reason.SUPPRESSED).all()


def test_proposals_of_different_labels_do_not_suppress_each_other() -> None:
    pairs = pairs_of_boxes(0.1, 500, 500)
    found = flow_reference.link(pairs)
    assert (found.reasons == Reason.SUPPRESSED).sum() == 500
    labelled = Detections(pairs.boxes, pairs.scores, pairs.frames, labels=np.arange(1000) // 500)
    assert (flow_reference.link(labelled).reasons != Reason.SUPPRESSED).all()


# --- confidence ------------------------------------------------------------------------------------------------------


def scene() -> Detections:
    return make_scene(
        num_frames=80, objects_per_frame=8, num_classes=1, false_positives=6, dropout=0.05, seed=5
    ).detections


def with_scores(detections: Detections, scores: np.ndarray) -> Detections:
    return Detections(detections.boxes, scores, detections.frames, labels=detections.labels)


@pytest.mark.parametrize(
    "rescaled",
    [lambda s: 12 * s - 6, lambda s: np.exp(3 * s) + 5, lambda s: np.round(100 * s)],
    ids=["logits", "curved", "integers"],
)
def test_scores_of_any_scale_are_calibrated(rescaled) -> None:
    detections = scene()
    plain = flow_reference.link(detections)
    found = flow_reference.link(with_scores(detections, rescaled(detections.scores)))
    assert len(plain) > 5
    assert (found.track_ids >= 0).sum() == pytest.approx((plain.track_ids >= 0).sum(), rel=0.05)


@pytest.mark.parametrize("factor", [0.5, 0.1, 0.001])
def test_a_detector_with_low_scores_is_as_certain_as_others(factor: float) -> None:
    detections = scene()
    plain = flow_reference.link(detections)
    found = flow_reference.link(with_scores(detections, factor * detections.scores))
    assert (found.track_ids >= 0).sum() == pytest.approx((plain.track_ids >= 0).sum(), rel=0.05)


@pytest.mark.parametrize(("num_frames", "step"), [(8, 1), (100, 5)], ids=["too short to tell", "low frame rate"])
def test_a_detector_with_low_scores_is_nearly_as_certain_as_others_where_scores_cannot_be_calibrated(
    num_frames: int, step: int
) -> None:
    full = make_scene(num_frames=num_frames, objects_per_frame=8, num_classes=1, seed=3).detections
    rows = full.frames % step == 0
    detections = Detections(full.boxes[rows], full.scores[rows], full.frames[rows] // step)
    plain = flow_reference.link(detections)
    found = flow_reference.link(with_scores(detections, 0.5 * detections.scores))
    assert (found.track_ids >= 0).sum() > 0.8 * (plain.track_ids >= 0).sum() > 0


def test_a_class_with_lower_scores_than_others_is_kept() -> None:
    detections = make_scene(num_frames=80, objects_per_frame=16, num_classes=2, seed=5).detections
    low = detections.labels == 1
    plain = flow_reference.link(detections)
    found = flow_reference.link(with_scores(detections, np.where(low, 0.3, 1) * detections.scores))
    assert (found.track_ids[low] >= 0).sum() > 0.7 * (plain.track_ids[low] >= 0).sum()


@pytest.mark.parametrize("score", [0.5, 0.1])
def test_an_object_stays_although_one_of_its_scores_is_much_higher(score: float) -> None:
    detections = with_scores(steady(30), np.where(np.arange(30) == 0, 0.9, score))
    assert (flow_reference.link(detections).track_ids == 0).all()


def test_equal_scores_take_every_detection_for_certain() -> None:
    detections = scene()
    found = flow_reference.link(with_scores(detections, np.full(len(detections), 3.0)))
    confident = flow_reference.link(with_scores(detections, np.ones(len(detections))), FlowOptions(calibrate=False))
    np.testing.assert_array_equal(found.track_ids, confident.track_ids)


# --- results ---------------------------------------------------------------------------------------------------------


def steady(num_frames: int = 20, missing: tuple[int, ...] = (), speed: float = 3.0) -> Detections:
    frames = np.setdiff1d(np.arange(num_frames), missing)
    x = 10 + speed * frames
    return Detections(np.stack([x, x, x + 30, x + 60], axis=1), np.ones(len(frames)), frames)


def test_every_row_has_one_reason_and_linked_rows_have_a_trajectory() -> None:
    detections = scene()
    found = flow_reference.link(detections)
    np.testing.assert_array_equal(found.reasons == Reason.LINKED, found.track_ids >= 0)
    np.testing.assert_array_equal(np.sort(found.rows), np.flatnonzero(found.track_ids >= 0))
    for number, trajectory in enumerate(found):
        rows = trajectory.rows[trajectory.rows >= 0]
        assert (found.track_ids[rows] == number).all()
        assert (np.diff(detections.frames[rows]) > 0).all()


@pytest.mark.parametrize("step", [2, 12, 1000])
def test_a_detector_may_have_seen_every_nth_frame_only(step: int) -> None:
    detections = scene()
    sparse = Detections(detections.boxes, detections.scores, 7 + step * detections.frames, detections.labels)
    found, expected = flow_reference.link(sparse), flow_reference.link(detections)
    np.testing.assert_array_equal(found.track_ids, expected.track_ids)
    assert found[0].start == 7 + step * expected[0].start


def test_a_gap_is_bridged_and_filled() -> None:
    found = flow_reference.link(steady(30, missing=tuple(range(12, 18))))
    assert len(found) == 1
    assert found[0].interpolated.sum() == 6
    np.testing.assert_allclose(found[0].boxes[:, 0], 10 + 3.0 * np.arange(30), atol=0.5)


def test_a_straight_line_stays_a_straight_line() -> None:
    detections = steady()
    found = flow_reference.link(detections)
    np.testing.assert_allclose(found.boxes, detections.boxes, atol=1e-3)


@pytest.mark.parametrize("speed", [3.0, 20.0, 40.0])
def test_objects_are_followed_whatever_the_frame_rate(speed: float) -> None:
    found = flow_reference.link(steady(12, speed=speed))  # the boxes are 30 pixels wide
    assert len(found) == 1


def test_objects_that_move_erratically_are_rarely_lost() -> None:
    def erratic(seed: int) -> Detections:
        base = steady(40, speed=0.0)
        steps = np.random.default_rng(seed).normal(0, 6, len(base))  # the boxes are 30 pixels wide
        shift = np.cumsum(steps)[:, None] * [1, 0, 1, 0]
        return Detections(base.boxes + shift, base.scores, base.frames)

    assert sum(len(flow_reference.link(erratic(seed))) for seed in range(10)) <= 14


def test_smoothing_brings_jittered_boxes_closer_to_the_truth() -> None:
    truth = steady(60)
    noise = np.random.default_rng(0).normal(0, 2, truth.boxes.shape).astype(np.float32)
    found = flow_reference.link(Detections(truth.boxes + noise, truth.scores, truth.frames))
    assert len(found) == 1
    assert np.abs(found.boxes - truth.boxes).mean() < 0.75 * np.abs(noise).mean()


def test_without_smoothing_the_boxes_are_the_detectors_own() -> None:
    detections = scene()
    found = flow_reference.link(detections, FlowOptions(smooth=False))
    assert found.smoothed is None
    np.testing.assert_array_equal(found.boxes, detections.boxes[found.rows])


def test_in_a_short_video_a_detection_is_a_trajectory_of_its_own() -> None:
    found = flow_reference.link(Detections([[0, 0, 5, 5], [90, 0, 95, 5]], [1.0, 1.0], [7, 15]))
    assert found.track_ids.tolist() == [0, 1]


def test_in_a_long_video_a_single_detection_is_dropped() -> None:
    found = flow_reference.link(Detections([[0, 0, 5, 5], [0, 0, 5, 5]], [1.0, 1.0], [7, 300]))
    assert len(found) == 0
    assert found.reasons.tolist() == [Reason.LOW_CONFIDENCE] * 2


def test_no_detection_gives_no_trajectory() -> None:
    assert len(flow_reference.link(Detections([], [], []))) == 0


def test_short_trajectories_are_dropped_with_their_reason() -> None:
    found = flow_reference.link(steady(20), FlowOptions(min_length=21))
    assert len(found) == 0
    assert set(found.reasons.tolist()) == {Reason.TOO_SHORT}


def test_labels_are_linked_apart_unless_they_are_ignored() -> None:
    base = steady(20)
    flickering = Detections(base.boxes, base.scores, base.frames, labels=base.frames // 10)
    assert len(flow_reference.link(flickering)) == 2
    assert len(flow_reference.link(flickering, FlowOptions(class_agnostic=True))) == 1
