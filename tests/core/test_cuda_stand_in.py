"""What no GPU can be made to show, on the stand-in for one: calls that fail, memory that stays, streams out of order.

`make sanitize` builds the core on the stand-in (tests/cuda_stand_in) and runs this and test_cuda.py there; elsewhere
these tests are skipped.
"""

from __future__ import annotations

import ctypes
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.comparisons import assert_same_graph, assert_same_trajectories, tensors
from helpers.seq_nms import link
from helpers.stand_in_arrays import Array, Cuda, Tensor, find_cuda, play_cupy, play_torch, wrap
from trajtrack import Detections, LinkGraph, LinkOptions, _core, link_graph
from trajtrack.linking import DeviceLinkGraph
from trajtrack.scenes import SceneOptions, make_scene

SMALL = make_scene(SceneOptions(num_frames=20, objects_per_frame=8)).detections
COLUMNS = ("boxes", "scores", "frames", "labels")
BUFFERED = LinkOptions(buffer=0.1, max_gap=3)


@pytest.fixture
def cuda() -> Iterator[Cuda]:
    found = find_cuda()
    if found is None:
        pytest.skip("the core is not built on the stand-in for a GPU")
    yield found
    found.fail(-1)


def link_from_host() -> None:
    assert_same_trajectories(link(SMALL, BUFFERED, device="cuda"), link(SMALL, BUFFERED, device="cpu"))


def keep_the_graph_there() -> None:
    graph = link_graph(SMALL, BUFFERED, device="cuda")
    assert isinstance(graph, DeviceLinkGraph)
    assert_same_graph(graph.to_host(), link_graph(SMALL, BUFFERED, device="cpu"))


def link_tensors() -> None:
    found = find_cuda()
    assert found
    given = tensors(play_torch(found), SMALL)
    detections = Detections(**given)
    link(detections)
    _ = detections.boxes


def link_arrays() -> None:
    found = find_cuda()
    assert found
    asarray = play_cupy(found).asarray
    link(Detections(**{name: asarray(getattr(SMALL, name)) for name in COLUMNS}))


each_way = pytest.mark.parametrize("work", [link_from_host, keep_the_graph_there, link_tensors, link_arrays])


@each_way
def test_nothing_stays_in_the_memory_of_a_device(cuda: Cuda, work: Callable[[], None]) -> None:
    before = [cuda.available(0), cuda.available(1)]
    work()
    assert [cuda.available(0), cuda.available(1)] == before


@pytest.mark.parametrize("work", [link_from_host, keep_the_graph_there])
@pytest.mark.parametrize("device", [0, 1])
def test_any_call_may_fail_and_the_next_ones_work(cuda: Cuda, work: Callable[[], None], device: int) -> None:
    with cuda.device(device):
        work()  # what is done once, at the first call, is not asked for here
        before = cuda.available(device)
        cuda.fail(-1)
        work()
        calls, said = cuda.num_calls(), []
        for number in range(calls):
            cuda.fail(number)
            try:
                work()
            except (RuntimeError, MemoryError) as error:
                said.append(str(error))
            cuda.fail(-1)
            assert cuda.available(device) == before
        assert all(re.fullmatch(r"CUDA: .*\(cudaError\w+\)", message) for message in said)
        assert len(said) == calls > 40
        work()


@pytest.mark.parametrize("claims", [{}, {"version": 2, "stream": "left out"}], ids=["version 3", "version 2"])
def test_no_failure_is_overlooked_when_an_array_is_taken(cuda: Cuda, claims: dict[str, Any]) -> None:
    there = claiming(cuda, cuda.make_stream(), claims)
    _core.DeviceArray.view(there)  # what is done once, at the first call, is not asked for here
    cuda.fail(-1)
    _core.DeviceArray.view(there)
    calls = cuda.num_calls()
    for number in range(calls):
        cuda.fail(number)
        with pytest.raises((RuntimeError, MemoryError), match=r"^CUDA: cuda\w+: "):
            _core.DeviceArray.view(there)
    cuda.fail(-1)
    assert calls >= 2


@pytest.mark.parametrize("device", [0, 1])
def test_a_device_with_and_one_without_pools_of_memory_give_the_same(cuda: Cuda, device: int) -> None:
    for options in (LinkOptions(max_gap=0), BUFFERED):
        expected = link(SMALL, options, device="cpu")
        assert_same_trajectories(link(SMALL, options, device=f"cuda:{device}"), expected)
    assert cuda.current_device == 0


def claiming(cuda: Cuda, stream: int, claims: dict[str, Any]) -> Array:
    """Return boxes that arrive on `stream` and whose array interface claims something of it."""

    class Claiming(Array):
        @property
        def __cuda_array_interface__(self) -> dict[str, Any]:
            interface = super().__cuda_array_interface__
            return {name: value for name, value in (interface | claims).items() if value != "left out"}

    Array.streams.append(stream)
    try:
        boxes: Array = Claiming.upload(cuda, SMALL.boxes)
    finally:
        Array.streams.pop()
    return boxes


def place_later(cuda: Cuda, stream: int, claims: dict[str, Any]) -> Detections:
    """Return detections with such boxes."""
    return Detections(claiming(cuda, stream, claims), SMALL.scores, SMALL.frames, SMALL.labels)


def test_work_on_the_stream_that_the_array_interface_names_comes_first(cuda: Cuda) -> None:
    stream = cuda.make_stream()
    expected = link_graph(SMALL, device="cpu")
    assert_same_graph(link_graph(place_later(cuda, stream, {"stream": stream})), expected)


@pytest.mark.parametrize("number", [1, 2])
def test_work_on_a_default_stream_comes_first(cuda: Cuda, number: int) -> None:
    assert_same_graph(link_graph(place_later(cuda, number, {"stream": number})), link_graph(SMALL, device="cpu"))


def test_all_work_comes_first_where_the_interface_is_too_old_to_name_a_stream(cuda: Cuda) -> None:
    detections = place_later(cuda, cuda.make_stream(), {"version": 2, "stream": "left out"})
    assert_same_graph(link_graph(detections), link_graph(SMALL, device="cpu"))


def test_nothing_is_waited_for_where_the_interface_says_so(cuda: Cuda) -> None:
    detections = place_later(cuda, cuda.make_stream(), {"stream": None})
    assert len(link_graph(detections).targets) == 0  # what fills new memory are boxes without area


def test_a_mask_is_refused(cuda: Cuda) -> None:
    with pytest.raises(TypeError, match=r"^boxes: found an array with a mask, expected an array without one$"):
        place_later(cuda, 0, {"mask": object()})


def test_memory_of_the_host_is_refused(cuda: Cuda) -> None:
    with pytest.raises(TypeError, match=r"^boxes: found host memory, expected memory of a CUDA device$"):
        place_later(cuda, 0, {"data": (SMALL.boxes.ctypes.data, False)})


def test_strides_of_another_number_of_axes_are_refused(cuda: Cuda) -> None:
    with pytest.raises(TypeError, match=r"^boxes: found 1 strides, expected 2, one for each axis$"):
        place_later(cuda, 0, {"strides": (16,)})


@pytest.mark.parametrize("part", [np.s_[::-1], np.s_[::3], np.s_[5:5], np.s_[:, ::-1]], ids=str)
def test_parts_of_arrays_are_read_as_they_lie(cuda: Cuda, part: Any) -> None:
    rows = part if isinstance(part, slice) else np.s_[:]
    boxes = SMALL.boxes if isinstance(part, slice) else np.ascontiguousarray(SMALL.boxes[part])
    given = play_torch(cuda).from_numpy(boxes).cuda()[part]
    found = Detections(given, SMALL.scores[rows], SMALL.frames[rows])
    assert found.device == "cuda:0"
    np.testing.assert_array_equal(found.boxes, SMALL.boxes[rows], strict=True)


def test_what_lies_across_the_borders_of_items_is_copied(cuda: Cuda) -> None:
    shifted = np.zeros(SMALL.boxes.nbytes + 2, np.uint8)
    shifted[2:] = SMALL.boxes.reshape(-1).view(np.uint8)
    there = play_torch(cuda).from_numpy(shifted).cuda()
    boxes = there.view(there.layout[2:].view(np.float32).reshape(-1, 4))
    assert not _core.DeviceArray.view(boxes).contiguous
    assert_same_graph(link_graph(Detections(boxes, SMALL.scores, SMALL.frames, SMALL.labels)), link_graph(SMALL))


def test_columns_that_nobody_else_knows_of_wait_for_nobody_else(cuda: Cuda) -> None:
    slow = claiming(cuda, cuda.make_stream(), {})
    link(SMALL, device="cuda")
    assert not np.array_equal(slow.read(), SMALL.boxes)


def test_a_graph_is_complete_when_it_is_returned(cuda: Cuda) -> None:
    there = Detections(**tensors(play_torch(cuda), SMALL))
    graph = link_graph(there, BUFFERED, device="cuda")
    assert isinstance(graph, DeviceLinkGraph)
    found = LinkGraph(*(wrap(cuda, Array, part).read() for part in (graph.offsets, graph.targets)))
    assert_same_graph(found, link_graph(SMALL, BUFFERED, device="cpu"))


@pytest.mark.parametrize("kind", [Array, Tensor])
def test_an_array_lives_as_long_as_it_is_looked_at(cuda: Cuda, kind: type[Array]) -> None:
    seen = _core.DeviceArray.view(kind.upload(cuda, SMALL.boxes))
    np.testing.assert_array_equal(seen.to_host(), SMALL.boxes)


def test_a_graph_may_be_given_up_while_other_streams_read_it(cuda: Cuda) -> None:
    graph = link_graph(SMALL, device="cuda")
    assert isinstance(graph, DeviceLinkGraph)
    expected = graph.to_host()
    reading = cuda.make_stream()
    copy = wrap(cuda, Array, graph.targets).copied_by(reading)
    del graph
    link(SMALL, device="cuda")
    cuda.cudaStreamSynchronize(ctypes.c_void_p(reading))
    np.testing.assert_array_equal(copy.read(), expected.targets)


# --- the stand-in itself ---------------------------------------------------------------------------------------------


def test_what_a_stream_was_given_is_not_done_before_it_is_waited_for(cuda: Cuda) -> None:
    stream = cuda.make_stream()
    Array.streams.append(stream)
    there = Array.upload(cuda, np.arange(3))
    Array.streams.pop()
    assert (there.read() == -0x5A5A5A5A5A5A5A5B).all()  # by the default stream: what fills new memory
    cuda.cudaStreamSynchronize(ctypes.c_void_p(stream))
    assert there.read().tolist() == [0, 1, 2]


def test_copies_past_an_allocation_are_refused(cuda: Cuda) -> None:
    there = Array.upload(cuda, np.arange(3))
    there.layout = np.empty(4, np.int64)
    with pytest.raises(AssertionError, match=r"^cudaMemcpyAsync: 1$"):
        there.read()


@pytest.mark.parametrize(
    "fault",
    [
        "ctypes.string_at(there.address)",
        "del keep; ctypes.string_at(there.address)",
        "ctypes.memset(there.address + 4096, 0, 1)",
    ],
)
def test_the_memory_of_a_device_is_closed_to_the_host(cuda: Cuda, project_dir: Path, fault: str) -> None:
    code = f"""
import ctypes, numpy, sys
sys.path.insert(0, {str(project_dir / "tests")!r})
from helpers.stand_in_arrays import Array, find_cuda
there = Array.upload(find_cuda(), numpy.arange(3))
keep, there.owner = there.owner, None
{fault}
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=300, check=False)
    assert ended.returncode == -signal.SIGSEGV or b"AddressSanitizer: SEGV" in ended.stderr
