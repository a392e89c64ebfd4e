"""Several processes that work on one model together, as torchrun starts them.

What they exchange is little enough to be summed by hand, in one call a step, instead of by DistributedDataParallel:
shares of different sizes, empty ones too, then add up to what one process computes, and parameters that a step does not
use stay as they are. The models are small: summing takes less time than overlapping it with the backward pass saves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed
from torch import Tensor

__all__ = ["ALONE", "FailedElsewhere", "Processes", "joined"]

_TIMEOUT = timedelta(minutes=30)
"""How long a process waits for the others, which may be writing a checkpoint or reading other data."""

Result = TypeVar("Result")


class FailedElsewhere(Exception):
    """Another process of the group failed or ended; the first process that can reports why."""


@dataclass(frozen=True)
class Processes:
    """A group of processes, as seen by one of them; each must call the same methods in the same order."""

    rank: int
    """Number of this process, from 0."""
    size: int
    """Number of processes."""

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return the part of `count` things in order that falls to this process; the parts differ by at most one."""
        each, more = divmod(count, self.size)
        begin = self.rank * each + min(self.rank, more)
        return slice(begin, begin + each + (self.rank < more))

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of the values of all processes, the same in each; `values` may be overwritten.

        Raises
        ------
        FailedElsewhere
            If another process has ended.
        """
        if self.size > 1:
            with _others_alive():
                torch.distributed.all_reduce(values)
        return values

    def of_first(self, value: Result) -> Result:
        """Return the value of the first process, which is pickled.

        Raises
        ------
        FailedElsewhere
            If another process has ended.
        """
        if self.size == 1:
            return value
        values = [value if self.is_first else None]
        with _others_alive():
            torch.distributed.broadcast_object_list(values)
        found: Any = values[0]
        return value if self.is_first else found

    def together(self, action: Callable[[], Result]) -> Result:
        """Return what an action returns in this process, if it succeeds in all.

        Raises
        ------
        Exception
            In the first process, the action's own error, or else a ValueError that names the process that failed.
        FailedElsewhere
            In the others; also if another process has ended.
        """
        if self.size == 1:
            return action()
        own: Exception | None = None
        try:
            result = action()
        except FailedElsewhere:
            raise
        except Exception as error:
            own = error
        problems = self._all(None if own is None else str(own) or type(own).__name__)
        if own is not None and self.is_first:
            raise own
        for rank, problem in enumerate(problems):
            if problem is not None:
                raise self.shared(ValueError(f"process {rank}: {problem}"))
        return result

    def shared(self, error: Exception) -> Exception:
        """Return the error to raise where all processes find the same one: the first process reports it."""
        return error if self.is_first else FailedElsewhere(str(error))

    def require_equal(self, values: Mapping[str, str]) -> None:
        """Raise ValueError if processes have different values; the message names the first that differs.

        Raises
        ------
        FailedElsewhere
            In other processes than the first; also if another process has ended.
        """
        if self.size == 1:
            return
        found = self._all(dict(values))
        for rank, others in enumerate(found):
            for name in {**found[0], **others}:
                first, other = found[0].get(name), others.get(name)
                if first != other:
                    raise self.shared(
                        ValueError(f"process {rank}: {name}: found {other}, expected {first} as in process 0")
                    )

    def _all(self, value: Any) -> list[Any]:
        values: list[Any] = [None] * self.size
        with _others_alive():
            torch.distributed.all_gather_object(values, value)
        return values


ALONE = Processes(0, 1)
"""A process that works by itself."""


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """Join the processes that torchrun has started with this one, until the block ends.

    They are told by the environment, as of torchrun: ``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR``, ``MASTER_PORT`` and,
    with several GPUs, ``LOCAL_RANK``. A process that was started by itself is alone. Tensors on the CPU are exchanged
    by Gloo, those on GPUs by NCCL.

    Parameters
    ----------
    device
        The setting ``training.device``; with GPUs, each process of a machine gets its own as the current one.

    Raises
    ------
    ValueError
        If the environment is incomplete, the others cannot be reached, or a machine has fewer GPUs than processes.
    FailedElsewhere
        The same in other processes than the first.
    """
    size = _from_environment("WORLD_SIZE", 1)
    if size == 1:
        yield ALONE
        return
    processes = Processes(_from_environment("RANK", 0), size)
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if on_gpu:
        number = _from_environment("LOCAL_RANK", processes.rank)
        needed, count = _from_environment("LOCAL_WORLD_SIZE", number + 1), torch.cuda.device_count()
        if needed > count:
            raise processes.shared(
                ValueError(
                    f"found {needed} processes on a machine with {count} GPUs, expected at most one for each GPU"
                )
            )
        torch.cuda.set_device(number)
    try:
        torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        message = (
            f"found no connection to the other processes ({' '.join(str(error).split())}), expected those of torchrun"
        )
        raise processes.shared(ValueError(message)) from error
    yield processes
    # After an error, the end of the process leaves the group: NCCL would wait for what the others do not send.
    torch.distributed.destroy_process_group()


def _from_environment(name: str, default: int) -> int:
    found = os.environ.get(name, str(default))
    if not found.isdecimal():
        raise ValueError(f"environment variable {name}: found {found!r}, expected a number, as torchrun sets it")
    return int(found)


@contextmanager
def _others_alive() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise FailedElsewhere(f"another process has ended, or cannot be reached ({error})") from error
