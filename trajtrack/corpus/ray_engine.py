"""Run tasks on Ray."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from trajtrack.corpus.local_engine import DiedError

__all__ = ["run_on_ray"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_MOST_SUBMITTED = 1000


def run_on_ray(
    tasks: Sequence[Task],
    function: Callable[[Task], Result],
    workers: int | None,
    retries: int,
    address: str | None = None,
) -> Iterator[tuple[Task, Result | DiedError]]:
    """Call a function of a module for each task, on one core each, and yield the results as they become ready.

    Parameters
    ----------
    tasks
        Arguments, in the order in which they are submitted.
    function
        Function to call; what it raises is raised here and ends the run.
    workers
        Most tasks that run at a time; default: the cores of the cluster.
    retries
        How often Ray tries a task again after its process or machine died; the result is then a `DiedError`.
    address
        Address of the cluster; default: ``RAY_ADDRESS``, or a cluster of this machine that ends with the run. If Ray is
        initialised already, its cluster is used.

    Raises
    ------
    ImportError
        If Ray is not installed.
    """
    try:
        import ray
    except ImportError:
        raise ImportError("the engine ray needs Ray: pip install 'trajtrack[ray]'") from None
    is_ours = not ray.is_initialized()
    if is_ours:
        _connect(ray, workers, address)
    remote = ray.remote(num_cpus=1, max_retries=retries, scheduling_strategy="SPREAD")(function)
    waiting = deque(tasks)
    submitted: dict[Any, Task] = {}
    try:
        while waiting or submitted:
            while waiting and len(submitted) < (workers or _MOST_SUBMITTED):
                task = waiting.popleft()
                submitted[remote.remote(task)] = task
            (reference,), _ = ray.wait(list(submitted), num_returns=1)
            task = submitted.pop(reference)
            try:
                yield task, ray.get(reference)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except ray.exceptions.RayError as error:
                message = " ".join(str(error).split())
                yield task, DiedError(f"found that Ray could not finish it ({message}), expected it to finish")
    finally:
        for reference in submitted:
            ray.cancel(reference, force=True)
        if is_ours:
            ray.shutdown()


def _connect(ray: Any, workers: int | None, address: str | None) -> None:
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    cores = {"num_cpus": workers} if address == "local" and workers is not None else {}
    ray.init(address=address, log_to_driver=False, include_dashboard=False, logging_level="ERROR", **cores)
