"""Fuzzing of many targets in worker processes that may die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.worker import MAX_SECONDS, STATE

TESTS = Path(__file__).resolve().parents[1]
_MAX_SILENCE = 60
"""Seconds without progress after which a worker hangs without using the processor."""
_MAX_DEATHS = 20


@dataclass(frozen=True)
class Fault:
    """An input for which something does not hold."""

    target: str
    seed: int
    number: int
    text: str

    @property
    def kind(self) -> str:
        """First line of the text: what went wrong, and where."""
        return self.text.split("\n", 1)[0]

    def __str__(self) -> str:
        again = f"PYTHONPATH=tests python -m fuzz --replay {self.target} {self.seed} {self.number}"
        return f"{self.target}: {self.text}\n  {again}"


@dataclass
class Outcome:
    """What came of the inputs of a target."""

    inputs: int = 0
    accepted: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, inputs: int, accepted: int) -> None:
        self.inputs += inputs
        self.accepted += accepted


def run(inputs: Mapping[str, int], seed: int, seconds: float, module: str = "fuzz.registry") -> dict[str, Outcome]:
    """Read up to so many inputs of each target, and each target for at most so many seconds."""
    outcomes = {name: Outcome() for name in inputs}
    job: list[list[Any]] = [[name, seed, 0, count, seconds] for name, count in inputs.items()]
    deaths = dict.fromkeys(inputs, 0)
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder:
        state, log = Path(folder, "state"), Path(folder, "log.jsonl")
        while job:
            state.write_bytes(bytes(STATE.size))
            log.write_bytes(b"")
            death = _work(module, job, folder)
            for entry in map(json.loads, log.read_text("utf-8").splitlines()):
                outcome = outcomes[entry[0]]
                if len(entry) == 4:
                    outcome.faults.append(Fault(*entry))
                else:
                    outcome.add(*entry[1:])
            if death is None:
                break
            index, number, elapsed, done, accepted = STATE.unpack(state.read_bytes())
            name, _, first, count, seconds = job[index]
            outcomes[name].add(done + 1, accepted)
            outcomes[name].faults.append(Fault(name, seed, number, death))
            deaths[name] += 1
            rest = [name, seed, number + 1, first + count - number - 1, seconds - elapsed / 1000]
            goes_on = rest[3] > 0 and rest[4] > 0 and deaths[name] < _MAX_DEATHS
            job = [rest] * goes_on + job[index + 1 :]
    return outcomes


def _work(module: str, job: list[list[Any]], folder: str) -> str | None:
    """Run a worker; return how it died, or None if it did not."""
    environment = os.environ | {"PYTHONPATH": str(TESTS), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "fuzz.worker", module, json.dumps(job), folder]
    with open(Path(folder, "errors"), "wb") as errors:
        process = subprocess.Popen(command, env=environment, stderr=errors, cwd=TESTS.parent)
    try:
        before, since = b"", time.monotonic()
        while process.poll() is None:
            time.sleep(0.05)
            now = Path(folder, "state").read_bytes()
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > _MAX_SILENCE:
                process.kill()
    finally:
        process.kill()
        process.wait()
    if process.returncode == 0:
        return None
    said = Path(folder, "errors").read_text("utf-8", "replace")[-3000:]
    if process.returncode > 0:
        raise RuntimeError(f"the worker failed:\n{said}")
    died_of = signal.Signals(-process.returncode).name
    if died_of == "SIGPROF":
        return f"took more than {MAX_SECONDS} s\n{said}"
    return f"died of {died_of}\n{said}"
