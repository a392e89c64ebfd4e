"""A stream gives the results of the whole video, each as soon as no later frame can change it."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trajtrack
from helpers.strategies import Scene, crowd_scenes, gap_scenes, grid_scenes, moving_scenes
from trajtrack import Detections, FlowOptions, Linker, LinkOptions, StreamOutput, Trajectories
from trajtrack.scenes import make_scene

# Many of these scenes are meant to leave nothing to link.
pytestmark = pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")

BOX = [[0.0, 0.0, 10.0, 10.0]]

every_scene = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
scenes = st.one_of(grid_scenes(), moving_scenes(), gap_scenes())


def by_frame(detections: Detections) -> Detections:
    return detections[np.argsort(detections.frames, kind="stable")]


def push_all(linker: Linker, detections: Detections) -> list[StreamOutput]:
    """Push the frames with detections, given in frame order."""
    numbers, begins = np.unique(detections.frames, return_index=True)
    parts = np.split(np.arange(len(detections)), begins[1:])
    return [
        linker.push(detections.boxes[rows], detections.scores[rows], detections.labels[rows], int(number))
        for number, rows in zip(numbers, parts, strict=False)
    ]


def assert_same(settled: Iterable[StreamOutput], expected: Trajectories) -> None:
    """Check that every row is returned once, with the same outcome, and that the trajectories are the same sets."""
    parts = list(settled)
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows)
    np.testing.assert_array_equal(rows[order], np.arange(len(expected.track_ids)))
    reasons = np.concatenate([part.trajectories.reasons for part in parts])[order]
    np.testing.assert_array_equal(reasons, expected.reasons)
    suppressed_by = np.concatenate([part.suppressed_by for part in parts])[order]
    np.testing.assert_array_equal(suppressed_by, expected.suppressed_by)
    found = [
        (tuple(part.rows[one.rows[one.rows >= 0]]), one.label, one.score) for part in parts for one in part.trajectories
    ]
    assert sorted(found) == sorted((tuple(one.rows[one.rows >= 0]), one.label, one.score) for one in expected)
    ids = np.concatenate([part.track_ids for part in parts])
    assert set(ids[ids >= 0]) == set(range(len(expected)))


@every_scene
@given(scene=scenes)
def test_the_union_of_settled_detections_equals_link(scene: Scene) -> None:
    detections = by_frame(scene.detections)
    linker = Linker(scene.options)
    settled = [*push_all(linker, detections), linker.flush()]
    assert_same(settled, trajtrack.link(detections, scene.options))
    assert linker.num_open == 0
    assert linker.num_cut == 0


@every_scene
@given(scene=scenes, data=st.data())
def test_a_restored_stream_continues_exactly(scene: Scene, data: st.DataObject) -> None:
    detections = by_frame(scene.detections)
    stop = data.draw(st.integers(0, len(detections)), label="rows before the stop")
    if 0 < stop < len(detections):
        stop = int(np.searchsorted(detections.frames, detections.frames[stop]))
    first = Linker(scene.options)
    settled = push_all(first, detections[:stop])
    second = Linker.from_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    settled += [*push_all(second, detections[stop:]), second.flush()]
    assert_same(settled, trajtrack.link(detections, scene.options))


@every_scene
@given(scene=scenes, data=st.data())
def test_settled_detections_equal_link_even_after_cuts(scene: Scene, data: st.DataObject) -> None:
    linker = Linker(scene.options, max_open_frames=data.draw(st.integers(1, 6), label="max_open_frames"))
    for settled in [*push_all(linker, by_frame(scene.detections)), linker.flush()]:
        alone = trajtrack.link(settled.trajectories.detections, scene.options)
        for name in ("track_ids", "reasons", "suppressed_by", "rows", "scores", "labels"):
            np.testing.assert_array_equal(getattr(settled.trajectories, name), getattr(alone, name))


@every_scene
@given(scene=scenes, data=st.data())
def test_a_stream_restored_after_cuts_continues_exactly(scene: Scene, data: st.DataObject) -> None:
    linker = Linker(scene.options, max_open_frames=data.draw(st.integers(1, 6), label="max_open_frames"))
    restored = Linker.from_state_dict(linker.state_dict())
    numbers = np.unique(scene.detections.frames)
    for number in numbers.tolist():
        frame = scene.detections[scene.detections.frames == number]
        settled = [each.push(frame.boxes, frame.scores, frame.labels, number) for each in (linker, restored)]
        np.testing.assert_array_equal(settled[0].rows, settled[1].rows)
        np.testing.assert_array_equal(settled[0].track_ids, settled[1].track_ids)
        restored = Linker.from_state_dict(linker.state_dict())
        assert restored.num_cut == linker.num_cut


@settings(every_scene, max_examples=60)
@given(scene=crowd_scenes())
def test_the_union_of_settled_crowds_equals_link(scene: Scene) -> None:
    detections = by_frame(scene.detections)
    linker = Linker(scene.options)
    assert_same([*push_all(linker, detections), linker.flush()], trajtrack.link(detections, scene.options))


@settings(every_scene, max_examples=60)
@given(scene=crowd_scenes())
def test_settled_crowds_equal_link_even_after_cuts(scene: Scene) -> None:
    linker = Linker(scene.options, max_open_frames=2)
    for settled in [*push_all(linker, by_frame(scene.detections)), linker.flush()]:
        alone = trajtrack.link(settled.trajectories.detections, scene.options)
        for name in ("track_ids", "reasons", "suppressed_by", "rows", "scores", "labels"):
            np.testing.assert_array_equal(getattr(settled.trajectories, name), getattr(alone, name))


def test_frames_after_a_flush_are_another_video() -> None:
    linker = Linker()
    for _ in range(2):
        for _ in range(3):
            linker.push(BOX, [0.9])
        settled = linker.flush()
        assert settled.trajectories.lengths.tolist() == [3]
    assert settled.rows.tolist() == [3, 4, 5]
    assert settled.trajectories[0].frames.tolist() == [3, 4, 5]
    assert settled.track_ids.tolist() == [1, 1, 1]


def test_a_trajectory_comes_out_when_its_look_ahead_has_passed() -> None:
    linker = Linker(max_gap=2)
    assert len(linker.push(BOX, [0.9])) == 0
    assert len(linker.push(BOX, [0.9])) == 0
    assert len(linker.push([], [])) == 0
    assert len(linker.push([], [])) == 0
    settled = linker.push([], [])
    assert settled.rows.tolist() == [0, 1]
    assert settled.trajectories[0].frames.tolist() == [0, 1]


def test_classic_linking_settles_after_one_frame() -> None:
    linker = Linker(max_gap=0)
    linker.push(BOX, [0.9])
    assert linker.push([], []).rows.tolist() == [0]


def test_skipped_frames_are_empty() -> None:
    linker = Linker(max_gap=2)
    linker.push(BOX, [0.9])
    assert linker.push(BOX, [0.9], frame=5).rows.tolist() == [0]


def test_rows_below_the_minimum_score_are_settled_at_once() -> None:
    settled = Linker(min_score=0.5).push(BOX * 2, [0.9, 0.1])
    assert settled.rows.tolist() == [1]
    assert settled.trajectories.reasons.tolist() == [trajtrack.Reason.BELOW_MIN_SCORE]


def test_ids_count_over_the_whole_stream() -> None:
    linker = Linker(max_gap=0)
    linker.push(BOX, [0.9])
    first = linker.push([], [])
    linker.push(BOX, [0.9])
    second = linker.push([], [])
    assert (first.track_ids.tolist(), second.track_ids.tolist()) == ([0], [1])


def test_memory_holds_only_open_components() -> None:
    linker = Linker()
    scene = make_scene(num_frames=3000, objects_per_frame=3, mean_life=40, seed=4).detections
    most = 0
    for frame in range(3000):
        rows = scene.frames == frame
        linker.push(scene.boxes[rows], scene.scores[rows])
        most = max(most, linker.num_open)
    assert most < len(scene) / 3


def test_a_bound_on_open_frames_cuts_longer_components() -> None:
    linker = Linker(max_open_frames=10)
    settled = [linker.push(BOX, [0.9]) for _ in range(25)]
    assert [part.rows.tolist() for part in settled if len(part)] == [list(range(11)), list(range(11, 22))]
    assert linker.num_cut == 2
    assert linker.flush().rows.tolist() == [22, 23, 24]


def test_a_bound_that_is_never_reached_changes_nothing() -> None:
    detections = by_frame(make_scene(num_frames=200, objects_per_frame=5, seed=1).detections)
    linker = Linker(max_open_frames=200)
    assert_same([*push_all(linker, detections), linker.flush()], trajtrack.link(detections, method="seq-nms"))
    assert linker.num_cut == 0


@pytest.mark.parametrize(
    ("boxes", "scores", "labels", "message"),
    [
        ([[5, 5, 1, 1]], [0.9], None, "boxes, row 0: found"),
        (BOX, [float("nan")], None, "scores, row 0: found nan"),
        (BOX, [0.9, 0.8], None, "scores: found 2 rows, expected 1 as in boxes"),
        (BOX, [0.9], [1, 2], "labels: found 2 rows, expected 1 as in boxes"),
        (BOX, [0.9], [1.5], "labels, row 0: found 1.5, expected an integer"),
    ],
)
def test_a_rejected_frame_does_not_change_the_linker(boxes, scores, labels, message) -> None:
    linker = Linker()
    linker.push(BOX, [0.9])
    with pytest.raises(ValueError, match=message):
        linker.push(boxes, scores, labels)
    linker.push(BOX, [0.9])
    assert linker.flush().trajectories[0].frames.tolist() == [0, 1]


def test_a_frame_that_is_not_later_is_rejected() -> None:
    linker = Linker()
    linker.push(BOX, [0.9], frame=7)
    with pytest.raises(ValueError, match="frame: found 7, expected a number from 8 to 2147483647"):
        linker.push(BOX, [0.9], frame=7)


def test_the_largest_frame_number_is_accepted() -> None:
    linker = Linker()
    linker.push(BOX, [0.9], frame=2**31 - 1)
    assert linker.flush().trajectories[0].start == 2**31 - 1


def test_an_unknown_option_is_rejected() -> None:
    with pytest.raises(TypeError, match="unknown option 'max_gaps'"):
        Linker(max_gaps=3)


def test_settled_rows_ascend_even_after_a_cut() -> None:
    linker = Linker(max_open_frames=1, min_score=0.5)
    boxes = [[50, 50, 60, 60], [0, 0, 10, 10]]
    linker.push(boxes, [0.1, 0.9])
    assert linker.push(boxes, [0.1, 0.9]).rows.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("boxes", [[1, 2]], r"boxes: found shape \(1, 2\), expected \(N, 4\)"),
        ("boxes", [[float("nan"), 0, 1, 1]], "boxes, row 0: found"),
        ("rows", [0, 1], "state: found rows out of order, expected one per box"),
        (
            "rows",
            [1],
            "state: found rows or frames out of range, expected rows from 0 to num_rows=1 and frames below 1",
        ),
        (
            "frames",
            [1],
            "state: found rows or frames out of range, expected rows from 0 to num_rows=1 and frames below 1",
        ),
        ("next_frame", 1000, "state: found 1 boxes that are not open, expected none"),
        ("next_frame", 2**31 + 1, "next_frame: found 2147483649, expected an integer from 0 to 2147483648"),
        ("next_frame", 0, "num_rows: found 1, expected an integer from 0 to 0"),
        ("next_frame", "1", "next_frame: found '1', expected an integer"),
        ("labels", None, "labels: found dtype object, expected numbers"),
        ("num_rows", 10**30, "num_rows: found 10+, expected an integer from 0 to"),
        ("num_rows", 1.0, "num_rows: found 1.0, expected an integer"),
        ("num_trajectories", 1, "num_trajectories: found 1, expected an integer from 0 to 0"),
        ("num_trajectories", 10**5000, "num_trajectories: found an integer of 16610 bits, expected"),
        ("num_cut", -1, "num_cut: found -1, expected an integer"),
        ("num_cut", 3, "num_cut: found 3, expected an integer from 0 to 0"),
        ("options", {}, "options: found {}, expected each option of LinkOptions"),
        ("options", None, "options: found None, expected each option of LinkOptions"),
        ("max_open_frames", "many", "max_open_frames: found 'many', expected an integer"),
        ("label_names", {0: 1}, "label_names, label 0: found 1, expected a name"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_damaged_state_is_rejected(name: str, value: object, message: str) -> None:
    linker = Linker()
    linker.push(BOX, [0.9])
    state = linker.state_dict()
    state[name] = np.array(value) if isinstance(value, list) else value
    with pytest.raises(ValueError, match=message):
        Linker.from_state_dict(state)


def test_a_state_of_another_kind_is_rejected() -> None:
    with pytest.raises(ValueError, match="state: found other keys, expected a result of state_dict"):
        Linker.from_state_dict({"version": 1})
    with pytest.raises(ValueError, match="state: found list, expected a result of state_dict"):
        Linker.from_state_dict([])


def test_a_state_whose_options_are_incomplete_is_rejected() -> None:
    state = Linker(max_gap=3).state_dict()
    del state["options"]["max_gap"]
    with pytest.raises(ValueError, match=r"^state, options: found .*, expected each option of LinkOptions$"):
        Linker.from_state_dict(state)


@pytest.mark.real_data
@pytest.mark.parametrize("sequence", ["MOT17-02", "MOT17-04", "MOT17-09", "MOT17-10"])
@pytest.mark.parametrize("options", [LinkOptions(max_gap=0), LinkOptions(min_score=0.5), LinkOptions(max_gap=30)])
def test_real_sequences_stream_exactly(data_dir: Path, sequence: str, options: LinkOptions) -> None:
    for detector in ("det", "det_yolox_val_half"):
        detections = by_frame(trajtrack.read(data_dir / "mot17" / sequence / detector / "det.txt"))
        linker = Linker(options)
        assert_same([*push_all(linker, detections), linker.flush()], trajtrack.link(detections, options))


def test_the_flow_method_is_refused_because_it_needs_the_whole_video() -> None:
    message = "options: found FlowOptions, which need the whole video, expected trajtrack.LinkOptions"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Linker(FlowOptions())  # type: ignore[arg-type]


def test_labels_in_some_frames_and_not_in_others_are_refused():
    linker = Linker()
    linker.push([], [], [])
    linker.push(BOX, [0.9])
    linker.push([], [], [])
    with pytest.raises(ValueError, match=r"^labels: found labels, expected none as in earlier frames$"):
        linker.push(BOX, [0.9], [0])
    assert linker.next_frame == 3
    labelled = Linker()
    labelled.push(BOX, [0.9], [2])
    for each in (labelled, Linker.from_state_dict(labelled.state_dict())):
        with pytest.raises(ValueError, match=r"^labels: found none, expected labels as in earlier frames$"):
            each.push(BOX, [0.9])
