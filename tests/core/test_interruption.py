"""Signals stop the core while it works, as Ctrl-C does; threads without signals are stopped by a flag."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections, _core
from trajtrack.methods import Method

pytestmark = pytest.mark.filterwarnings("ignore::trajtrack.TrajtrackWarning")


class Stopped(Exception):
    pass


def stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


@pytest.fixture(scope="module")
def many_boxes() -> Detections:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 1500, (1000, 1, 2)) + rng.normal(0, 3, (1000, 300, 2)).cumsum(axis=1)
    boxes = np.concatenate([corners, corners + 50], axis=2).reshape(-1, 4)
    return Detections(boxes, rng.random(len(boxes)), np.tile(np.arange(300), 1000))


def repeated(detections: Detections, times: int) -> Detections:
    frames = np.concatenate([detections.frames + k * detections.num_frames for k in range(times)])
    return Detections(np.tile(detections.boxes, (times, 1)), np.tile(detections.scores, times), frames)


@pytest.fixture
def stop_after() -> Iterator[Callable[[float], object]]:
    """Return a function that lets a signal raise Stopped after the process has used so much CPU time."""
    before = signal.signal(signal.SIGPROF, stop)
    yield lambda seconds: signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("method", ["flow", "seq-nms"])
def test_a_signal_stops_link(
    many_boxes: Detections, method: Method, num_threads: int, stop_after: Callable[[float], object]
) -> None:
    detections = many_boxes if method == "flow" else repeated(many_boxes, 8)
    start = time.process_time()
    trajtrack.link(detections, method=method, num_threads=num_threads)
    whole = time.process_time() - start
    start = time.process_time()
    stop_after(whole / 8)
    with pytest.raises(Stopped):
        trajtrack.link(detections, method=method, num_threads=num_threads)
    assert time.process_time() - start < whole / 2


def test_a_signal_stops_the_parsing_of_text(stop_after: Callable[[float], object]) -> None:
    text = b"1,2,10.5,20.25,30,40,0.75,-1,-1,-1\n" * 2_000_000
    start = time.process_time()
    _core.parse_numbers(text, 1, 10)
    whole = time.process_time() - start
    start = time.process_time()
    stop_after(whole / 8)
    with pytest.raises(Stopped):
        _core.parse_numbers(text, 1, 10)
    assert time.process_time() - start < whole / 2


def test_a_flag_stops_the_threads_that_watch_it(many_boxes: Detections) -> None:
    flag = _core.StopFlag()
    raised = threading.Event()

    def work() -> None:
        flag.watch()
        trajtrack.link(many_boxes[:1000], num_threads=1)
        flag.set()
        try:
            trajtrack.link(many_boxes, num_threads=1)
        except KeyboardInterrupt:
            raised.set()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert raised.is_set()
    assert len(trajtrack.link(many_boxes[:1000], num_threads=1)) > 0


def test_leaving_link_many_stops_the_videos_under_way(many_boxes: Detections) -> None:
    start = time.process_time()
    trajtrack.link(many_boxes, num_threads=1)
    whole = time.process_time() - start
    results = trajtrack.link_many([many_boxes[:1000], many_boxes, many_boxes], num_threads=2)
    start = time.process_time()
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert time.process_time() - start < whole
