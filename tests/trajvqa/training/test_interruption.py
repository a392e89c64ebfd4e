from __future__ import annotations

import signal
import threading

import pytest

from trajvqa.training.interruption import Terminated, complete_before_signals, terminating_in_order


def test_sigterm_raises_in_the_block_only():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminating_in_order():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_waits_for_the_end_of_the_block(number, kind):
    done = []

    def write() -> None:
        with complete_before_signals():
            signal.raise_signal(number)
            done.append("first half")
            done.append("second half")

    with terminating_in_order(), pytest.raises(kind):
        write()
    assert done == ["first half", "second half"]


def test_other_threads_leave_signals_alone():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look() -> None:
        with terminating_in_order(), complete_before_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
