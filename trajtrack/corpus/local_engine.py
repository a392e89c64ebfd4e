"""Run tasks in processes of this machine, any of which may be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

__all__ = ["DiedError", "run_locally"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_MAX_FAILED_STARTS = 10


class DiedError(Exception):
    """The process of a task died each time that the task was tried."""


@dataclass(eq=False)
class _Worker(Generic[Task]):
    """A process and what it works on."""

    process: Any
    connection: Connection
    is_ready: bool = False
    task: Task | None = None


def run_locally(
    tasks: Sequence[Task], function: Callable[[Task], Result], workers: int, retries: int
) -> Iterator[tuple[Task, Result | DiedError]]:
    """Call a function of a module in each of several processes, and yield the results as they become ready.

    Parameters
    ----------
    tasks
        Arguments, in the order in which they are begun.
    function
        Function to call; what it raises is raised here and ends the run.
    workers
        Number of processes. They end with this one, however that ends.
    retries
        How often a task is tried again after its process died; the result is then a `DiedError`.

    Raises
    ------
    RuntimeError
        If processes cannot start.
    """
    waiting = deque(tasks)
    deaths: Counter[int] = Counter()
    failed_starts = 0
    pool: list[_Worker[Task]] = []
    try:
        while waiting or any(worker.task is not None for worker in pool):
            while len(pool) < workers and len(pool) < len(waiting) + sum(each.task is not None for each in pool):
                pool.append(_start(function))
            for connection in wait([worker.connection for worker in pool]):
                worker = next(each for each in pool if each.connection is connection)
                task, outcome = worker.task, _outcome_of(worker)
                if outcome is None:
                    pool.remove(worker)
                    failed_starts += not worker.is_ready
                    if failed_starts > _MAX_FAILED_STARTS:
                        raise RuntimeError(
                            f"worker processes: found that {failed_starts} died before they were ready, expected them "
                            "to start; a script that starts processes needs `if __name__ == '__main__':`"
                        )
                    if task is not None:
                        deaths[id(task)] += 1
                        if deaths[id(task)] > retries:
                            yield task, DiedError(_describe(deaths[id(task)], worker.process))
                        else:
                            waiting.appendleft(task)
                    continue
                failed_starts, worker.is_ready, worker.task = 0, True, None
                if waiting:
                    _give(worker, waiting)
                else:
                    pool.remove(worker)
                    _stop(worker)
                if task is not None:
                    kind, value = outcome
                    if kind == "raised":
                        raise value
                    yield task, value
    finally:
        for worker in pool:
            _stop(worker)


def _start(function: Callable[[Any], Any]) -> _Worker[Any]:
    context = multiprocessing.get_context("spawn")
    connection, other = context.Pipe()
    process = context.Process(target=_serve, args=(function, other), name="trajtrack-worker", daemon=True)
    process.start()
    other.close()
    return _Worker(process, connection)


def _outcome_of(worker: _Worker[Any]) -> tuple[str, Any] | None:
    """Return what the process sent, or None if it is dead."""
    try:
        outcome: tuple[str, Any] = worker.connection.recv()
        return outcome
    except (EOFError, OSError):
        worker.process.join()
        worker.connection.close()
        return None


def _give(worker: _Worker[Task], waiting: deque[Task]) -> None:
    worker.task = waiting.popleft()
    try:
        worker.connection.send(worker.task)
    except OSError:  # it died while it was idle, which is seen when it is waited for
        waiting.appendleft(worker.task)
        worker.task = None


def _stop(worker: _Worker[Any]) -> None:
    worker.process.kill()
    worker.process.join()
    worker.connection.close()


def _describe(times: int, process: Any) -> str:
    code = process.exitcode
    how = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    return (
        f"found that its process died {times} times, the last time by {how}, expected it to finish; "
        "is there enough memory for its largest video?"
    )


def _serve(function: Callable[[Any], Any], connection: Connection) -> None:
    """Call the function for each task that arrives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent was killed
        connection.send(("ready", None))
        while True:
            task = connection.recv()
            try:
                outcome = "done", function(task)
            except Exception as error:
                outcome = "raised", error
            connection.send(outcome)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
