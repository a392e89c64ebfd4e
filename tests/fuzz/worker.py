"""A process that reads damaged files in a row; it dies of a crash, of too much time or memory, instead of its parent.

The parent follows it through a small shared file: which case is being read, and how many were accepted.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import mmap
import resource
import shutil
import signal
import struct
import sys
import time
from pathlib import Path

from fuzz.oracle import read_case
from fuzz.target import Case, Files, Target

MAX_SECONDS = 5
MAX_MEMORY = 500 << 20
STATE = struct.Struct("<5q")
"""Index of the target, number of the case, milliseconds so far, and the numbers of inputs and of accepted ones."""


def main(module: str, job: str, folder: str) -> None:
    """Read the cases of a job: ``[[target, seed, first, count, seconds], ...]``."""
    targets: dict[str, Target] = {each.name: each for each in importlib.import_module(module).TARGETS}
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)
    with open(Path(folder, "state"), "r+b") as file:
        state = mmap.mmap(file.fileno(), STATE.size)
    cases = Path(folder, "case")
    with open(Path(folder, "log.jsonl"), "a", encoding="utf-8") as log:

        def note(*entry: object) -> None:
            log.write(json.dumps(entry) + "\n")
            log.flush()

        for index, (name, seed, first, count, seconds) in enumerate(json.loads(job)):
            target = targets[name]
            state[:] = STATE.pack(index, first, 0, 0, 0)
            _warm_up(target, seed, cases)
            most = _limit_memory()
            begin = time.monotonic()
            inputs = accepted = 0
            for number in range(first, first + count):
                case = Case(target, seed, number)
                files = case.files()
                write(cases, files)
                signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
                is_accepted, fault = read_case(case, cases, files)
                signal.setitimer(signal.ITIMER_PROF, 0)
                inputs, accepted = inputs + 1, accepted + is_accepted
                used = _memory("VmHWM")
                if fault is None and used > most:
                    fault = f"took more than {MAX_MEMORY >> 20} MiB of memory"
                most = max(most, used)
                if fault is not None:
                    note(name, seed, number, fault)
                elapsed = time.monotonic() - begin
                state[:] = STATE.pack(index, number + 1, int(elapsed * 1000), inputs, accepted)
                if elapsed > seconds:
                    break
            _unlimit_memory()
            note(name, inputs, accepted)


def write(folder: Path, files: Files) -> None:
    """Make a folder hold these files and no others."""
    if not folder.is_dir() or {each.name for each in folder.iterdir()} != files.keys():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        if "/" in name:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _warm_up(target: Target, seed: int, folder: Path) -> None:
    """Read a few cases before memory is limited: libraries are imported and take their buffers."""
    for number in range(-3, 0):
        case = Case(target, seed, number)
        files = case.files()
        write(folder, files)
        read_case(case, folder, files)


def _limit_memory() -> int:
    """Let allocations beyond the limit fail; return the largest resident size in KiB that is within it."""
    resource.setrlimit(resource.RLIMIT_DATA, (_memory("VmData") * 1024 + MAX_MEMORY, resource.RLIM_INFINITY))
    return _memory("VmHWM") + (MAX_MEMORY >> 10)


def _memory(name: str) -> int:
    """Return a size of this process in KiB. That of `getrusage` includes the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status[status.index(f"{name}:") :].split(maxsplit=2)[1])


def _unlimit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(*sys.argv[1:])
