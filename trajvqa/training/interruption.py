"""Signals that end training: what is being written is completed first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Terminated", "complete_before_signals", "terminating_in_order"]


class Terminated(KeyboardInterrupt):
    """The process received SIGTERM, which ends it in the same order as Ctrl-C."""


@contextmanager
def terminating_in_order() -> Iterator[None]:
    """Raise `Terminated` in the block if the process receives SIGTERM; only the main thread can."""

    def terminate(*_: object) -> None:
        raise Terminated

    with _handling(terminate, signal.SIGTERM):
        yield


@contextmanager
def complete_before_signals() -> Iterator[None]:
    """Hold back SIGINT and SIGTERM until the block ends; they then act as usual."""
    received: list[int] = []
    with _handling(lambda number, _: received.append(number), signal.SIGINT, signal.SIGTERM):
        yield
    if received:
        signal.raise_signal(received[0])


@contextmanager
def _handling(handler: Callable[[int, Any], object], *numbers: signal.Signals) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            # None stands for a handler that Python did not install and cannot restore.
            signal.signal(number, signal.SIG_DFL if previous is None else previous)
