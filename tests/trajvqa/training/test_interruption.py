from __future__ import annotations

import signal
import threading

import pytest

from trajvqa.training.interruption import complete_before_signals


class Stopped(Exception):
    """What the handler of this test raises."""


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def stopping(request):
    """Yield a signal, whose handler raises `Stopped`."""

    def stop(*_: object) -> None:
        raise Stopped

    before = signal.signal(request.param, stop)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_waits_for_the_end_of_the_block(stopping):
    done = []

    def write() -> None:
        with complete_before_signals():
            signal.raise_signal(stopping)
            done.append("first half")
            done.append("second half")

    with pytest.raises(Stopped):
        write()
    assert done == ["first half", "second half"]


def test_other_threads_leave_signals_alone():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look() -> None:
        with complete_before_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
