"""Functions that run in several processes of one group, and programs that torchrun starts."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from trajvqa.config import Experiment
from trajvqa.data.batches import Batch
from trajvqa.models import create_model
from trajvqa.processes import Processes, joined
from trajvqa.training import trainer

TESTS = Path(__file__).resolve().parents[1]
TIMEOUT = 100


def in_processes(size: int, action: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call a function with a group and arguments in each of its processes; return results or exceptions by rank.

    The function is one of an imported module. None stands for the result of a process that ended early.
    """
    # The server imports torch once; it finds modules by the environment.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "torch._dynamo"])
    # Test modules are named from the root of the repository, which only "python -m pytest" has on the path.
    path = [*filter(None, sys.path), str(TESTS.parent)]
    with patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(path)}):
        ensure_running()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    ends, processes = [], []
    for rank in range(size):
        ours, theirs = context.Pipe(duplex=False)
        processes.append(context.Process(target=_work, args=(rank, size, port, theirs, action, arguments), daemon=True))
        with patch.object(sys, "path", path):
            processes[-1].start()
        theirs.close()
        ends.append(ours)
    found: list[Any] = []
    for rank, end in enumerate(ends):
        try:
            assert end.poll(TIMEOUT), f"process {rank} still runs after {TIMEOUT} s"
            found.append(end.recv())
        except EOFError:
            found.append(None)
        finally:
            processes[rank].join(0 if len(found) <= rank else TIMEOUT)
            processes[rank].kill()
    return found


def _work(
    rank: int, size: int, port: int, end: Connection, action: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    try:
        with joined("cpu") as processes:
            end.send(action(processes, *arguments))
    except Exception as error:
        end.send(error)


class Stepped(Exception):
    """Ends training after a step."""


def first_step(processes: Processes, experiment: Experiment, data: Path, folder: Path) -> dict[str, Any]:
    """Return the loss of the first step and the gradients by name, None for none; all are computed in float64."""
    found: dict[str, Any] = {}
    to, sum_gradients = Batch.to, trainer.sum_gradients

    def to_double(batch: Batch, device: torch.device) -> Batch:
        moved = to(batch, device)
        values = {each.name: getattr(moved, each.name) for each in fields(moved)}
        floats = {name: value for name, value in values.items() if value is not None and value.is_floating_point()}
        return replace(moved, **{name: value.double() for name, value in floats.items()})

    def create(*arguments: Any) -> torch.nn.Module:
        found["model"] = create_model(*arguments).double()
        return found["model"]

    def sum_and_stop(*arguments: Any) -> float:
        found["loss"] = sum_gradients(*arguments)
        raise Stepped

    Batch.to, trainer.create_model, trainer.sum_gradients = to_double, create, sum_and_stop
    try:
        trainer.train(experiment, data, folder, processes=processes)
    except Stepped:
        pass
    finally:
        Batch.to, trainer.create_model, trainer.sum_gradients = to, create_model, sum_gradients
    gradients = {
        name: None if parameter.grad is None else parameter.grad.numpy()
        for name, parameter in found["model"].named_parameters()
    }
    return {"loss": found["loss"], "gradients": gradients}


def torchrun(size: int, words: Sequence[str]) -> subprocess.Popen[str]:
    """Start the processes of a module with torchrun, with one thread each."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(size), "-m", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
