from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from helpers.comparisons import exactly
from trajtrack import Detections, FlowOptions, LinkOptions, TrajtrackWarning, _core, link, link_graph
from trajtrack.scenes import make_scene

PAIR = Detections([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.25], [0, 2])
NAMES = [field.name for field in fields(LinkOptions)]


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("iou_threshold", -0.001, "found -0.001, expected a number from 0 to 1"),
        ("iou_threshold", 1.001, "found 1.001, expected a number from 0 to 1"),
        ("iou_threshold", float("nan"), "found nan, expected a number from 0 to 1"),
        ("gap_iou_threshold", 2, "found 2, expected a number from 0 to 1"),
        ("nms_threshold", float("inf"), "found inf, expected a number from 0 to 1"),
        ("min_score", float("nan"), "found nan, expected a number from -inf to inf"),
        ("buffer", -1e-9, "found -1e-09, expected a number from 0 to 100"),
        ("buffer", 101, "found 101, expected a number from 0 to 100"),
        ("max_shape_change", 0.5, "found 0.5, expected a number from 1 to 1e+06"),
        ("max_shape_change", 1e7, "found 10000000.0, expected a number from 1 to 1e+06"),
        ("max_gap", -1, "found -1, expected an integer from 0 to 2147483647"),
        ("max_gap", 2**31, "found 2147483648, expected an integer from 0 to 2147483647"),
        ("motion_frames", -1, "found -1, expected an integer from 0 to 2147483647"),
        ("motion_frames", 2**31, "found 2147483648, expected an integer from 0 to 2147483647"),
        ("min_length", 0, "found 0, expected an integer from 1 to 2147483647"),
        ("min_length", 2**31, "found 2147483648, expected an integer from 1 to 2147483647"),
        ("rescore", "median", "found 'median', expected one of mean, max, sum (did you mean 'mean'?)"),
        ("rescore", None, "found None, expected one of mean, max, sum"),
    ],
)
def test_an_option_out_of_range_is_named_with_what_was_expected(name: str, value, expected: str) -> None:
    message = exactly(f"{name}: {expected}")
    with pytest.raises(ValueError, match=message):
        LinkOptions(**{name: value})
    with pytest.raises(ValueError, match=message):
        link(PAIR, **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("iou_threshold", "0.5", "found '0.5', expected a number"),
        ("iou_threshold", None, "found None, expected a number"),
        ("gap_iou_threshold", [0.5], "found [0.5], expected a number"),
        ("nms_threshold", b"1", "found b'1', expected a number"),
        ("min_score", "low", "found 'low', expected a number"),
        ("buffer", 1j, "found 1j, expected a number"),
        ("max_shape_change", {}, "found {}, expected a number"),
        ("max_gap", 2.0, "found 2.0, expected an integer"),
        ("motion_frames", "5", "found '5', expected an integer"),
        ("min_length", None, "found None, expected an integer"),
        ("class_agnostic", 1, "found 1, expected True or False"),
        ("class_agnostic", None, "found None, expected True or False"),
    ],
)
def test_an_option_of_the_wrong_type_is_named(name: str, value, expected: str) -> None:
    message = exactly(f"{name}: {expected}")
    with pytest.raises(TypeError, match=message):
        LinkOptions(**{name: value})
    with pytest.raises(TypeError, match=message):
        link_graph(PAIR, **{name: value})


def test_an_unknown_option_is_named_with_the_known_ones() -> None:
    message = f"found an unknown option 'maxgap', expected one of {', '.join(sorted(NAMES))} (did you mean 'max_gap'?)"
    with pytest.raises(TypeError, match=exactly(message)):
        link(PAIR, method="seq-nms", maxgap=3, min_length=1)
    with pytest.raises(TypeError, match=exactly(message)):
        link_graph(PAIR, maxgap=3, min_length=1)


def test_overrides_replace_fields_of_the_options() -> None:
    found = link(PAIR, LinkOptions(max_gap=0, rescore="sum"), max_gap=1)
    assert found.options == LinkOptions(max_gap=1, rescore="sum")
    assert found.scores.tolist() == [0.75]


def test_without_overrides_the_options_are_taken_as_they_are() -> None:
    options = LinkOptions(max_gap=0)
    assert link(PAIR, options).options is options
    assert len(link(PAIR, options)) == 2


def test_omitted_options_are_the_defaults() -> None:
    assert link(PAIR, method="seq-nms").options == LinkOptions()
    assert link(make_scene(num_frames=60).detections).options == FlowOptions()


def test_link_graph_obeys_the_same_options() -> None:
    assert link_graph(PAIR, LinkOptions(max_gap=0)).targets.tolist() == []
    assert link_graph(PAIR, LinkOptions(max_gap=0), max_gap=1).targets.tolist() == [1]


def test_a_graph_has_the_documented_columns() -> None:
    graph = link_graph(PAIR, max_gap=1)
    assert (graph.offsets.dtype, graph.offsets.tolist()) == (np.int64, [0, 1, 1])
    assert (graph.targets.dtype, graph.targets.tolist()) == (np.int64, [1])


@pytest.mark.parametrize(
    "options",
    [
        {"iou_threshold": np.float32(0.5), "nms_threshold": np.float64(0.7), "buffer": np.float16(0)},
        {"max_gap": np.int64(1), "motion_frames": np.uint8(3), "min_length": np.int32(2)},
        {"class_agnostic": np.True_, "rescore": np.str_("max")},
        {"iou_threshold": 1, "min_score": 0, "max_shape_change": 2},
    ],
)
def test_options_may_be_numpy_scalars_and_integers(options) -> None:
    assert len(link(PAIR, **{"max_gap": 1} | options)) == 1


def test_options_are_frozen_and_compare_by_value() -> None:
    options = LinkOptions(max_gap=3)
    assert options == LinkOptions(max_gap=3) != LinkOptions(max_gap=4)
    assert hash(options) == hash(LinkOptions(max_gap=3))
    with pytest.raises(FrozenInstanceError):
        options.max_gap = 4  # type: ignore[misc]


# --- arguments -------------------------------------------------------------------------------------------------------


def test_the_graph_is_that_of_detections_only() -> None:
    with pytest.raises(TypeError, match=r"^detections: found ndarray, expected trajtrack\.Detections$"):
        link_graph(np.zeros((3, 6)))  # type: ignore[call-overload]


def test_only_options_are_options() -> None:
    expected = "options: found dict, expected trajtrack.LinkOptions or trajtrack.FlowOptions"
    with pytest.raises(TypeError, match=exactly(expected)):
        link(PAIR, {"max_gap": 3})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^options: found dict, expected trajtrack\.LinkOptions$"):
        link_graph(PAIR, {"max_gap": 3})  # type: ignore[call-overload]


def test_nothing_has_to_be_set() -> None:
    scene = make_scene(num_frames=60, seed=3)
    tracks = link(scene.detections)
    objects = len(np.unique(scene.truth.track_ids))
    assert abs(len(tracks) - objects) < abs(len(link(scene.detections, method="seq-nms")) - objects)


def test_scores_that_cannot_be_calibrated_are_warned_of() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 1000, (60, 2))
    scattered = Detections(np.hstack([corners, corners + 10]), rng.uniform(size=60), np.arange(60) // 3)
    with pytest.warns(
        TrajtrackWarning, match=r"^scores: found that even the detections of the highest scores do not persist"
    ):
        link(scattered)


def test_probabilities_in_a_few_frames_are_not_warned_of() -> None:
    assert len(link(PAIR)) == 1
    with pytest.warns(TrajtrackWarning):
        link(Detections(PAIR.boxes, [-1, 2], PAIR.frames))


def test_the_flow_method_runs_on_the_cpu() -> None:
    assert len(link(make_scene().detections, device="cpu")) > 0


@pytest.mark.skipif(_core.cuda_problem() is None, reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_device_that_cannot_be_used_is_rejected(device: str) -> None:
    message = f"device: found {device!r}, but {_core.cuda_problem()}; expected 'cpu'"
    with pytest.raises(RuntimeError, match=exactly(message)):
        link(PAIR, device=device)


@pytest.mark.parametrize("device", ["tpu", "", 0])
def test_an_unknown_device_is_rejected(device) -> None:
    with pytest.raises(
        ValueError, match=exactly(f"device: found {device!r}, expected 'cpu', 'cuda', 'cuda:N' or None")
    ):
        link_graph(PAIR, device=device)


def test_the_cpu_is_a_device() -> None:
    given = {"detections": PAIR, "method": "seq-nms"}
    assert link(**given, device="cpu").track_ids.tolist() == link(**given).track_ids.tolist()


@pytest.mark.parametrize("num_threads", [0, -1, 1025])
def test_a_number_of_threads_out_of_range_is_rejected(num_threads: int) -> None:
    message = f"num_threads: found {num_threads}, expected an integer from 1 to 1024"
    with pytest.raises(ValueError, match=exactly(message)):
        link(PAIR, num_threads=num_threads)


def test_a_number_of_threads_that_is_not_an_integer_is_rejected() -> None:
    with pytest.raises(TypeError, match=exactly("num_threads: found 1.5, expected an integer")):
        link_graph(PAIR, num_threads=1.5)  # type: ignore[arg-type]


def test_more_threads_than_work_are_fine() -> None:
    assert len(link(PAIR, max_gap=1, num_threads=1024)) == 1


def test_no_detections_give_no_trajectories() -> None:
    found = link(Detections([], [], []), num_threads=3)
    assert len(found) == 0
    assert found.offsets.tolist() == [0]
    assert link_graph(Detections([], [], [])).offsets.tolist() == [0]


def test_a_frame_number_of_one_billion_costs_nothing() -> None:
    last = 10**9
    rows = Detections([[0, 0, 9, 9]] * 4, [1] * 4, [0, last - 1, last, last], labels=[0, 0, 0, 1], num_frames=2 * last)
    found = link(rows, max_gap=10)
    assert found.track_ids.tolist() == [1, 0, 0, 2]
    assert found[0].frames.tolist() == [last - 1, last]
    assert found.to_detections().num_frames == 2 * last


# --- threads of the caller -------------------------------------------------------------------------------------------


@pytest.fixture
def no_forced_switches():
    """Let a Python thread keep the interpreter until it releases it."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("call", [link, link_graph])
@pytest.mark.usefixtures("no_forced_switches")
def test_other_python_threads_run_during_a_call(call) -> None:
    detections = make_scene(num_frames=200, objects_per_frame=100).detections
    called, answered = threading.Event(), []

    def answer() -> None:
        called.wait()
        answered.append(True)

    thread = threading.Thread(target=answer)
    thread.start()
    called.set()
    for _ in range(1000):
        call(detections, num_threads=1)
        if answered:
            break
    else:
        pytest.fail("no other thread ran in any of the calls")
    thread.join()


def test_many_threads_may_link_at_once() -> None:
    videos = [make_scene(num_frames=250, objects_per_frame=150, seed=seed).detections for seed in range(3)]
    assert len(videos[0]) > 20_000
    alone = [link(video).track_ids for video in videos]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda video: link(video, num_threads=3).track_ids, videos * 8))
    for found, expected in zip(together, alone * 8, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_linking_does_not_modify_its_input() -> None:
    detections = make_scene(num_frames=30).detections
    before = {name: column.copy() for name, column in detections.to_columns().items()}
    for name in ("boxes", "scores", "frames", "labels"):
        getattr(detections, name).setflags(write=False)
    link(detections)
    for name, column in detections.to_columns().items():
        np.testing.assert_array_equal(column, before[name])


def test_results_share_no_memory_with_one_another() -> None:
    one, other = link(PAIR, method="seq-nms"), link(PAIR, method="seq-nms")
    for name in ("track_ids", "reasons", "suppressed_by", "offsets", "rows", "labels", "scores"):
        assert not np.shares_memory(getattr(one, name), getattr(other, name)), name
        assert getattr(one, name).flags.writeable
