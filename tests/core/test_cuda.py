"""The GPU gives what the CPU gives, to the last bit.

Where there is no GPU, its passes are emulated, its code is inspected, and objects in main memory play the core for the
Python side; the tests marked ``cuda`` are skipped, or fail under TRAJ_REQUIRE_CUDA=1. A core that is built on the
stand-in for CUDA's runtime, tests/cuda_stand_in, runs them too.
"""

from __future__ import annotations

import importlib
import math
import os
import pickle
import re
import shutil
import subprocess
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given

import trajtrack
from helpers.comparisons import assert_same_graph, assert_same_trajectories, tensors
from helpers.emulation import Emulation, find_compiler
from helpers.seq_nms import link
from helpers.stand_in_arrays import find_cuda, play_cupy, play_torch
from helpers.strategies import Scene, grid_scenes, moving_scenes, scene_settings
from trajtrack import Detections, LinkGraph, LinkOptions, Trajectories, TrajtrackWarning, _core, link_graph, reference
from trajtrack.cli import main
from trajtrack.linking import DeviceLinkGraph
from trajtrack.scenes import SceneOptions, make_scene

every_scene = scene_settings(400, HealthCheck.function_scoped_fixture)
STAND_IN = find_cuda()
no_gpu = pytest.mark.skipif(_core.cuda_problem() is None, reason="there is a GPU")

BUSY = SceneOptions(num_frames=150, objects_per_frame=40, proposals_per_object=3)
OPTIONS = {
    "defaults": LinkOptions(),
    "no gaps": LinkOptions(max_gap=0),
    "long gaps": LinkOptions(max_gap=60, buffer=0.3, gap_iou_threshold=0.0),
    "some scores": LinkOptions(min_score=0.6, iou_threshold=0.3, max_gap=3, motion_frames=2),
    "any class": LinkOptions(class_agnostic=True, nms_threshold=0.3, max_shape_change=1.2),
}
each_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())


def suppression(detections: Detections, options: LinkOptions) -> LinkGraph:
    """Return the pairs of one frame that suppress one another, from all pairs."""
    frames, labels = detections.frames, detections.labels
    near = reference.overlap(detections.boxes, detections.boxes, options.nms_threshold)
    near &= (frames[:, None] == frames) & ~np.eye(len(frames), dtype=bool)
    near &= (labels[:, None] == labels) | options.class_agnostic
    takes_part = detections.scores >= np.float32(options.min_score)
    near &= takes_part[:, None] & takes_part
    offsets = np.zeros(len(frames) + 1, np.int64)
    np.cumsum(near.sum(axis=1), out=offsets[1:])
    return LinkGraph(offsets, np.nonzero(near)[1])


def crowd(copies: int) -> Detections:
    """Make two frames of boxes that all overlap: lists far longer than a block of threads."""
    rng = np.random.default_rng(0)
    boxes = np.tile(np.array([10, 10, 60, 60], np.float32), (2 * copies, 1)) + rng.uniform(0, 1, (2 * copies, 4))
    return Detections(boxes, rng.uniform(size=2 * copies), rng.permutation(np.repeat([0, 1], copies)))


def real_sequences(data: Path) -> Iterator[Detections]:
    for path in sorted([*data.glob("mot17/*/det*/det.txt"), *data.glob("kitti/label_02/*.txt")]):
        yield trajtrack.read(path)
    for path in sorted(data.glob("kitti/det_rrc/*/*.txt")):
        yield trajtrack.read(path, "kitti-rrc")


# --- the passes, emulated --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Emulation:
    compiler = find_compiler()
    if compiler is None:
        pytest.skip("no C++ compiler")
    return Emulation(compiler, tmp_path_factory.mktemp("emulation"))


def check_emulated(emulation: Emulation, scene: Scene) -> None:
    links, suppressed = emulation.graphs(scene.detections, scene.options)
    assert_same_graph(links, link_graph(scene.detections, scene.options, device="cpu"))
    assert_same_graph(suppressed, suppression(scene.detections, scene.options))


@every_scene
@given(scene=grid_scenes())
def test_emulated_passes_link_boxes_on_a_grid_as_the_cpu_does(emulation: Emulation, scene: Scene) -> None:
    check_emulated(emulation, scene)


@every_scene
@given(scene=moving_scenes())
def test_emulated_passes_link_moving_objects_as_the_cpu_does(emulation: Emulation, scene: Scene) -> None:
    check_emulated(emulation, scene)


@each_option
def test_emulated_passes_link_busy_scenes_as_the_cpu_does(emulation: Emulation, options: LinkOptions) -> None:
    detections = make_scene(BUSY).detections
    links, _ = emulation.graphs(detections, options)
    assert_same_graph(links, link_graph(detections, options, device="cpu"))


def test_emulated_passes_sort_long_lists(emulation: Emulation) -> None:
    detections = crowd(300)
    links, suppressed = emulation.graphs(detections, LinkOptions())
    assert len(links.targets) == 300 * 300
    assert_same_graph(links, link_graph(detections, device="cpu"))
    assert_same_graph(suppressed, suppression(detections, LinkOptions()))


@pytest.mark.real_data
def test_emulated_passes_link_real_sequences_as_the_cpu_does(emulation: Emulation, data_dir: Path) -> None:
    every_options = list(OPTIONS.values())
    for number, detections in enumerate(real_sequences(data_dir)):
        options = every_options[number % len(every_options)]
        assert_same_graph(emulation.graphs(detections, options)[0], link_graph(detections, options, device="cpu"))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 23, 24, 25, 26, 100, 10_007])
def test_lists_are_sorted(emulation: Emulation, count: int) -> None:
    rng = np.random.default_rng(count)
    for values in (rng.permutation(count), np.arange(count), np.arange(count)[::-1], rng.integers(0, 5, count)):
        found = values.astype(np.int64)
        emulation.sort(found)
        np.testing.assert_array_equal(found, np.sort(values))


BAD_VALUES = {
    "boxes": (np.nan, np.inf, -np.inf, 1.1e9, -1.1e9),
    "scores": (np.nan, np.inf, -np.inf),
    "frames": (-1, -(2**31)),
}


def test_emulated_check_finds_what_the_cpu_finds(emulation: Emulation) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        corners = rng.uniform(-100, 100, (40, 2))
        columns: dict[str, np.ndarray] = {
            "boxes": np.hstack([corners, corners + rng.uniform(0, 9, (40, 2))]).astype(np.float32),
            "scores": rng.normal(size=40).astype(np.float32),
            "frames": rng.integers(0, 99, 40).astype(np.int32),
        }
        for _ in range(rng.integers(0, 3)):
            name = rng.choice(list(BAD_VALUES))
            columns[name].reshape(40, -1)[rng.integers(40), -1] = rng.choice(BAD_VALUES[name])
        if rng.integers(2):
            columns["boxes"][rng.integers(40)] = (2, 0, 1, 3)
        expected = _core.first_fault(*columns.values())
        row, last = emulation.check(*columns.values())
        assert row == (None if expected is None else expected[1])
        assert last == columns["frames"].max()
    nothing = np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32)
    assert emulation.check(*nothing) == (None, -1)


# --- the code --------------------------------------------------------------------------------------------------------


def assert_rounds_each_operation(code: str) -> None:
    """Check PTX. Machine code cannot tell: there a correct division is made of fused multiply-adds."""
    reals = re.findall(r"^\s*((?:\w+\.)+f(?:32|64))\s", code, re.MULTILINE)
    arithmetic = {name for name in reals if name.split(".")[0] in ("add", "sub", "mul", "div", "fma", "mad", "rcp")}
    assert arithmetic == {f"{name}.rn.f32" for name in ("add", "sub", "mul", "div")}
    assert ".ftz" not in code


def test_kernels_round_each_operation_once(project_dir: Path, tmp_path: Path) -> None:
    nvcc = shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    if nvcc is None:
        pytest.skip("no nvcc")
    flags = re.search(r"set\(TRAJTRACK_CUDA_FLAGS ([^)]*)\)", (project_dir / "cmake" / "cuda.cmake").read_text())
    assert flags
    source, code = project_dir / "csrc" / "cuda" / "device_link_graph.cu", tmp_path / "code.ptx"
    options = ["-std=c++20", "-arch=compute_80", "-I", project_dir / "csrc", *flags[1].split()]
    without_sanitizers = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run([nvcc, *options, "-ptx", source, "-o", code], check=True, timeout=600, env=without_sanitizers)
    assert_rounds_each_operation(code.read_text())


def test_built_kernels_round_each_operation_once() -> None:
    cuobjdump = shutil.which("cuobjdump") or shutil.which("/usr/local/cuda/bin/cuobjdump")
    if cuobjdump is None:
        pytest.skip("no cuobjdump")
    command = [cuobjdump, "--dump-ptx", _core.__file__]
    found = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if ".version" not in found.stdout:
        pytest.skip("no PTX in this build")
    assert_rounds_each_operation(found.stdout)


# --- without a GPU ---------------------------------------------------------------------------------------------------


@no_gpu
def test_what_is_missing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    problem = _core.cuda_problem()
    assert problem
    message = "^" + re.escape(f"device: found 'cuda:0', but {problem}; expected 'cpu'") + "$"
    with pytest.raises(RuntimeError, match=message):
        link_graph(make_scene(BUSY).detections, device="cuda:0")
    assert main(["info"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("cuda"))
    assert "not built: " in line or f"; not usable: {problem}" in line


@pytest.mark.parametrize("device", ["cuda:", "cuda:-1", "cuda:x", "gpu", 3])
def test_a_device_by_another_name_is_refused(device: Any) -> None:
    with pytest.raises(ValueError, match=f"^device: found {device!r}, expected 'cpu', 'cuda', 'cuda:N' or None$"):
        link(make_scene(BUSY).detections, device=device)


# --- the Python side, on a stand-in ----------------------------------------------------------------------------------


class OnDevice:
    """An array of some library that says that it lies on a GPU."""

    def __init__(self, values: np.ndarray, device: int = 0) -> None:
        self.values, self.device = values, device

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self.values.__array_interface__ | {"version": 3, "stream": None}


class StandIn:
    """Plays `_core.DeviceArray` in main memory."""

    def __init__(self, values: np.ndarray, device: int) -> None:
        self.values, self.device = values, device
        self.dtype, self.shape, self.contiguous = values.dtype.str, values.shape, values.flags.c_contiguous

    __cuda_array_interface__ = OnDevice.__cuda_array_interface__

    @staticmethod
    def view(values: Any) -> StandIn:
        return values if isinstance(values, StandIn) else StandIn(values.values, values.device)

    @staticmethod
    def upload(values: np.ndarray, device: int) -> StandIn:
        assert values.flags.c_contiguous
        return StandIn(values.copy(), device)

    def to_host(self) -> np.ndarray:
        return self.values.copy()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Play a machine of two GPUs; return the calls of the core that would have run there."""
    calls: list[str] = []

    def values(*columns: StandIn) -> list[np.ndarray]:
        assert len({column.device for column in columns}) == 1
        return [column.values for column in columns]

    def check(boxes: StandIn, scores: StandIn, frames: StandIn, labels: StandIn) -> tuple[int | None, int]:
        calls.append("check")
        columns = values(boxes, scores, frames, labels)
        fault = _core.first_fault(*columns[:3])
        return (None if fault is None else fault[1]), int(columns[2].max(initial=-1))

    def graph(*arguments: Any) -> tuple[StandIn, StandIn]:
        calls.append("graph")
        *columns, options = arguments
        offsets, targets = _core.link_graph(*values(*columns), options, 1)
        return StandIn(offsets, columns[0].device), StandIn(targets, columns[0].device)

    def whole(*arguments: Any) -> Any:
        calls.append("link")
        *columns, scores, frames, labels, options, threads = arguments
        boxes, *others = values(*columns)
        for other, host in zip(others, (scores, frames, labels), strict=True):
            np.testing.assert_array_equal(other, host, strict=True)
        return _core.link(boxes, scores, frames, labels, options, threads)

    played = {
        "DeviceArray": StandIn,
        "cuda_problem": lambda: None,
        "num_cuda_devices": lambda: 2,
        "current_cuda_device": lambda: 0,
        "check_cuda_columns": check,
        "link_graph_cuda": graph,
        "link_cuda": whole,
    }
    for name, function in played.items():
        monkeypatch.setattr(_core, name, function, raising=False)
    return calls


def on_device(detections: Detections, device: int = 0, **others: Any) -> Detections:
    columns = {name: OnDevice(getattr(detections, name), device) for name in ("boxes", "scores", "frames", "labels")}
    return Detections(**(columns | others))


def test_columns_on_a_gpu_stay_there(stand_in: list[str]) -> None:
    expected = make_scene(BUSY).detections
    found = on_device(expected, 1)
    assert (found.device, len(found), found.num_frames) == ("cuda:1", len(expected), expected.frames.max() + 1)
    assert "boxes" not in vars(found)
    result = link(found)
    assert stand_in == ["check", "link"]
    assert "boxes" not in vars(found)
    assert_same_trajectories(result, link(expected, device="cpu"))
    np.testing.assert_array_equal(result.to_detections().boxes, link(expected, device="cpu").to_detections().boxes)
    assert found.boxes is found.boxes


def test_a_graph_stays_where_it_was_asked_for(stand_in: list[str]) -> None:
    host = make_scene(BUSY).detections
    expected = link_graph(host, device="cpu")
    for detections in (host, on_device(host)):
        there = link_graph(detections, device="cuda")
        assert isinstance(there, DeviceLinkGraph)
        assert_same_graph(there.to_host(), expected)
    assert_same_graph(link_graph(on_device(host)), expected)
    assert stand_in.count("graph") == 3
    assert_same_graph(link_graph(on_device(host), device="cpu"), expected)
    assert stand_in.count("graph") == 3
    elsewhere = link_graph(on_device(host, 0), device="cuda:1")
    assert isinstance(elsewhere, DeviceLinkGraph)
    assert elsewhere.targets.device == 1
    with pytest.raises(ValueError, match=r"^device: found 'cuda:2', expected one of the 2 devices, cuda:0 to cuda:1$"):
        link_graph(host, device="cuda:2")


def test_columns_of_another_kind_are_copied_to_the_gpu(stand_in: list[str]) -> None:
    expected = make_scene(BUSY).detections
    wide = np.hstack([expected.boxes, expected.boxes])
    others: tuple[dict[str, Any], ...] = (
        {"boxes": OnDevice(wide[:, :4])},
        {"boxes": OnDevice(expected.boxes.astype(np.float64))},
        {"boxes": OnDevice(np.hstack([expected.boxes[:, :2], np.ones((len(expected), 2))])), "box_format": "xywh"},
        {"frames": OnDevice(expected.frames.astype(np.int64)), "labels": OnDevice(expected.labels.astype(np.uint8))},
        {"scores": expected.scores.tolist(), "frames": expected.frames, "labels": None},
        {"scores": OnDevice(expected.scores, 1)},
    )
    for other in others:
        found = on_device(expected, **other)
        assert found.device == "cuda:0"
        columns = {name: getattr(expected, name) for name in ("boxes", "scores", "frames", "labels")} | other
        host = {name: column.values if isinstance(column, OnDevice) else column for name, column in columns.items()}
        assert found == Detections(**host)
    assert on_device(expected, scores=OnDevice(expected.scores), boxes=expected.boxes).device == "cpu"


def test_what_is_wrong_with_columns_on_a_gpu_is_said_as_ever(stand_in: list[str]) -> None:
    good = make_scene(BUSY).detections
    boxes, scores, frames = good.boxes.copy(), good.scores.copy(), good.frames.copy()
    boxes[7], scores[8], frames[9] = (3, 0, 1, 1), np.nan, -2
    wrong: tuple[dict[str, Any], ...] = (
        {"boxes": boxes},
        {"scores": scores},
        {"frames": frames},
        {"boxes": good.boxes[:-1]},
        {"boxes": good.boxes[:, :3]},
        {"scores": good.scores[None]},
        {"labels": good.labels + 0.5},
        {"num_frames": 3},
        {"track_ids": good.labels[1:]},
        {"track_ids": good.labels - 2},
    )
    for columns in wrong:
        given = {name: getattr(good, name) for name in ("boxes", "scores", "frames", "labels")} | columns
        with pytest.raises((TypeError, ValueError)) as expected:
            Detections(**given)
        there = {name: OnDevice(value) if isinstance(value, np.ndarray) else value for name, value in given.items()}
        with pytest.raises(type(expected.value), match="^" + re.escape(str(expected.value)) + "$"):
            Detections(**there)


def test_detections_on_a_gpu_are_pickled_and_sliced_as_others(stand_in: list[str]) -> None:
    expected = make_scene(BUSY).detections
    found = on_device(expected, num_frames=expected.num_frames, label_names={1: "car"}, track_ids=expected.labels)
    again = pickle.loads(pickle.dumps(found))
    assert (again, again.device) == (found, "cpu")
    assert found[5:90].device == "cpu"
    np.testing.assert_array_equal(found[5:90].boxes, expected.boxes[5:90])
    assert repr(found) == repr(again)
    with pytest.raises(AttributeError, match="colour"):
        _ = found.colour
    assert on_device(Detections([], [], [])).num_frames == 0


# --- on a GPU --------------------------------------------------------------------------------------------------------


def check_on_gpu(detections: Detections, options: LinkOptions) -> None:
    there = link_graph(detections, options, device="cuda")
    assert isinstance(there, DeviceLinkGraph)
    assert_same_graph(there.to_host(), link_graph(detections, options, device="cpu"))
    with warnings.catch_warnings():
        # That no box is left, or that none persists, is as right in such a scene on one as on the other.
        warnings.simplefilter("ignore", TrajtrackWarning)
        assert_same_trajectories(link(detections, options, device="cuda"), link(detections, options, device="cpu"))


def import_library(name: str) -> Any:
    """Import torch or cupy, whatever they warn of; skip where one is missing, but fail under TRAJ_REQUIRE_CUDA=1."""
    if STAND_IN is not None:
        return {"torch": play_torch, "cupy": play_cupy}[name](STAND_IN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            if os.environ.get("TRAJ_REQUIRE_CUDA") == "1":
                raise
            pytest.skip(f"no {name}")


@pytest.fixture
def torch() -> Any:
    return import_library("torch")


@pytest.mark.cuda
@every_scene
@given(scene=grid_scenes())
def test_boxes_on_a_grid_are_linked_on_the_gpu_as_on_the_cpu(scene: Scene) -> None:
    check_on_gpu(scene.detections, scene.options)


@pytest.mark.cuda
@every_scene
@given(scene=moving_scenes())
def test_moving_objects_are_linked_on_the_gpu_as_on_the_cpu(scene: Scene) -> None:
    check_on_gpu(scene.detections, scene.options)


@pytest.mark.cuda
@each_option
def test_busy_scenes_are_linked_on_the_gpu_as_on_the_cpu(options: LinkOptions) -> None:
    check_on_gpu(make_scene(BUSY).detections, options)


@pytest.mark.cuda
@pytest.mark.real_data
def test_real_sequences_are_linked_on_the_gpu_as_on_the_cpu(data_dir: Path) -> None:
    every_options = list(OPTIONS.values())
    for number, detections in enumerate(real_sequences(data_dir)):
        if STAND_IN is None:
            for options in every_options:
                check_on_gpu(detections, options)
        else:  # which is slow
            check_on_gpu(detections[detections.frames < 200], every_options[number % len(every_options)])


@pytest.mark.cuda
def test_extremes_are_linked_on_the_gpu_as_on_the_cpu() -> None:
    one = Detections([[0, 0, 1, 1]], [1.0], [2**31 - 1])
    nothing = Detections([], [], [])
    far_apart = Detections([[0, 0, 1, 1]] * 3, [1.0] * 3, [0, 10**9, 10**9 + 61])
    wide = SceneOptions(num_frames=4, objects_per_frame=10_000, num_classes=1, image_width=16_384, image_height=16_384)
    for detections in (one, nothing, far_apart, crowd(1), crowd(2_000), make_scene(wide).detections):
        for options in (LinkOptions(), LinkOptions(max_gap=60), LinkOptions(max_gap=0, min_score=2.0)):
            check_on_gpu(detections, options)


@pytest.mark.cuda
def test_tensors_are_read_in_place(torch: Any) -> None:
    host = make_scene(BUSY).detections
    given = tensors(torch, host)
    found = Detections(**given)
    assert found.device == f"cuda:{given['boxes'].device.index}"
    assert_same_trajectories(link(found), link(host))
    assert "boxes" not in vars(found)
    assert_same_graph(link_graph(found), link_graph(host))
    given["boxes"] += 1000.0 * given["frames"][:, None]  # seen, for nothing was copied
    assert len(link_graph(found, max_gap=0).targets) == 0


@pytest.mark.cuda
def test_work_on_another_stream_comes_first(torch: Any) -> None:
    host = make_scene(BUSY).detections
    given = tensors(torch, host)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)
        for name in ("boxes", "scores"):
            given[name] = given[name] * 2 / 2
        found = Detections(**given)
        assert_same_graph(link_graph(found), link_graph(host))
        torch.cuda._sleep(200_000_000)
        given["scores"].fill_(0.25)
        graph = link_graph(found, min_score=0.3)
    assert len(graph.targets) == 0


@pytest.mark.cuda
def test_arrays_that_know_the_array_interface_alone_are_read_in_place(torch: Any) -> None:
    class Plain:
        def __init__(self, values: Any) -> None:
            self.values = values

        @property
        def __cuda_array_interface__(self) -> Any:
            return self.values.__cuda_array_interface__

    host = make_scene(BUSY).detections
    given = tensors(torch, host)
    found = Detections(**{name: Plain(values) for name, values in given.items()})
    assert_same_trajectories(link(found), link(host))
    given["scores"].fill_(0.25)  # seen, for nothing was copied
    assert len(link_graph(found, min_score=0.3).targets) == 0


@pytest.mark.cuda
def test_tensors_of_any_kind_are_taken(torch: Any) -> None:
    host = make_scene(BUSY).detections
    given = tensors(torch, host)
    wide = torch.cat([given["boxes"], given["boxes"]], dim=1)
    kinds: tuple[dict[str, Any], ...] = (
        {"boxes": given["boxes"].clone().requires_grad_()},
        {"boxes": given["boxes"].double()},
        {"boxes": wide[:, :4]},
        {"boxes": wide[:, 4:].double(), "scores": given["scores"].clone().requires_grad_()},
        {"frames": given["frames"].long(), "labels": given["labels"].long()},
        {"frames": host.frames, "labels": host.labels},
    )
    for kind in kinds:
        found = Detections(**(given | kind))
        assert found.device.startswith("cuda")
        for name in ("boxes", "scores", "frames", "labels"):
            np.testing.assert_array_equal(getattr(found, name), getattr(host, name), strict=True)
        assert_same_trajectories(link(found), link(host))
    with pytest.raises(
        TypeError, match=r"^boxes: found an array of DLPack type code .*, expected integers or real numbers$"
    ):
        Detections(**(given | {"boxes": given["boxes"].bfloat16()}))


@pytest.mark.cuda
def test_faults_on_the_gpu_are_found(torch: Any) -> None:
    host = make_scene(BUSY).detections
    for name, row, value in (
        ("boxes", 7, float("nan")),
        ("boxes", 1, 2e9),
        ("scores", 3, float("inf")),
        ("frames", 5, -1),
    ):
        given = tensors(torch, host)
        given[name][row] = value
        with pytest.raises(ValueError, match=f"^{name}, row {row}: found "):
            Detections(**given)


@pytest.mark.cuda
def test_other_libraries_take_the_graph_without_a_copy(torch: Any) -> None:
    host = make_scene(BUSY).detections
    graph = link_graph(host, device="cuda")
    targets = torch.as_tensor(graph.targets, device="cuda")
    assert targets.data_ptr() == graph.targets.__cuda_array_interface__["data"][0]
    offsets = torch.as_tensor(graph.offsets, device="cuda")
    del graph
    link_graph(host, device="cuda")
    expected = link_graph(host, device="cpu")
    assert_same_graph(LinkGraph(offsets.cpu().numpy(), targets.cpu().numpy()), expected)


@pytest.mark.cuda
def test_arrays_of_cupy_are_read_in_place() -> None:
    cupy = import_library("cupy")
    host = make_scene(BUSY).detections
    columns = {name: cupy.asarray(getattr(host, name)) for name in ("boxes", "scores", "frames", "labels")}
    assert_same_trajectories(link(Detections(**columns)), link(host))
    expected = link_graph(host, device="cpu").targets
    np.testing.assert_array_equal(cupy.asnumpy(cupy.asarray(link_graph(host, device="cuda").targets)), expected)


@pytest.mark.cuda
def test_the_next_call_works_after_memory_ran_out(torch: Any) -> None:
    host = make_scene(BUSY).detections
    expected = link_graph(host, device="cpu")
    spare = torch.cuda.mem_get_info()[1] // 32
    crowded = crowd(math.isqrt(spare // 4))  # whose links alone take twice the spare memory
    taken = []
    while torch.cuda.mem_get_info()[0] > spare:
        taken.append(torch.empty(torch.cuda.mem_get_info()[0] - spare // 2, dtype=torch.uint8, device="cuda"))
    with pytest.raises(MemoryError, match=r"^CUDA: allocation of \d+ bytes on device 0: .*cudaErrorMemoryAllocation"):
        link_graph(crowded, device="cuda", max_gap=0)
    there = link_graph(host, device="cuda")
    assert isinstance(there, DeviceLinkGraph)
    assert_same_graph(there.to_host(), expected)
    del taken
    torch.cuda.empty_cache()


@pytest.mark.cuda
def test_threads_link_at_the_same_time() -> None:
    scenes = [make_scene(SceneOptions(num_frames=100, seed=seed)).detections for seed in range(6)]
    found: dict[int, Trajectories] = {}

    def work(number: int) -> None:
        for _ in range(5):
            found[number] = link(scenes[number], device="cuda")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(scenes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, detections in enumerate(scenes):
        assert_same_trajectories(found[number], link(detections, device="cpu"))


@pytest.mark.cuda
def test_the_device_of_the_tensors_is_used(torch: Any) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU")
    host = make_scene(BUSY).detections
    found = Detections(**{name: column.to("cuda:1") for name, column in tensors(torch, host).items()})
    assert found.device == "cuda:1"
    there = link_graph(found, device="cuda")
    assert isinstance(there, DeviceLinkGraph)
    assert there.targets.device == 1
    assert torch.cuda.current_device() == 0
    assert_same_graph(there.to_host(), link_graph(host))


@pytest.mark.cuda
def test_info_names_the_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    expected = r"^cuda +runtime \d+\.\d+, driver for \d+\.\d+; cuda:0 .* \(compute capability "
    assert re.search(expected, capsys.readouterr().out, re.MULTILINE)
