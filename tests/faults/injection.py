"""Commands that are killed, terminated or out of disk space at some moment.

A full disk is a limit on the bytes that a command may write: the write that exceeds it stores what still fits and
fails, as do all later ones.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
_WRITTEN = "bytes written: "
_IMPORTED_LATE = {
    "trajtrack": (),
    "trajvqa": ("trajvqa.training.trainer", "trajvqa.training.curves", "matplotlib.figure", "trajvqa.extract", "av"),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    """Exit code, or the negative number of the signal that it died of."""
    errors: str
    """What it wrote to standard error."""
    working: float
    """Seconds between its first output file and its end."""
    written: int
    """Number of bytes that it wrote, or wanted to write until the disk was full."""


class Program:
    """A process that has imported a program and forks to run its commands, which saves most of their time.

    Parameters
    ----------
    module
        Package whose command line is run.
    """

    def __init__(self, module: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.injection", module],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS.parent,
        )

    def close(self) -> None:
        self._process.communicate()

    def run(
        self,
        words: Sequence[str],
        output: Path,
        *,
        space: int | None = None,
        signal: int | None = None,
        after: float = 0.0,
    ) -> Ended:
        """Run a command that writes to a folder.

        Parameters
        ----------
        words
            Its arguments.
        output
            The folder, all of whose files count as output.
        space
            Number of bytes that it may write; default: any.
        signal
            Number of a signal to send.
        after
            Seconds after the first change in the folder at which the signal is sent.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before = _state(output)
        with tempfile.NamedTemporaryFile("r") as errors:
            print(json.dumps([str(output), space, errors.name, *words]), file=self._process.stdin, flush=True)
            process = int(self._process.stdout.readline())
            while _is_running(process) and _state(output) == before:
                time.sleep(0.002)
            begin = time.monotonic()
            if signal is not None:
                time.sleep(after)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal)
            code = os.waitstatus_to_exitcode(int(self._process.stdout.readline()))
            working = time.monotonic() - begin
            said, mark, count = errors.read().rpartition(_WRITTEN)
            return Ended(code, said if mark else count, working, int(count) if mark else 0)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _state(folder: Path) -> list[tuple[str, int]]:
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # removed in the meantime
            found.append((path.name, path.stat().st_mtime_ns))
    return sorted(found)


class _Disk:
    """Counts the bytes that files in a folder take, and has room for only so many."""

    def __init__(self, space: int | None) -> None:
        self.space = space
        self.written = 0

    def room(self, wanted: int) -> int:
        """Return how many of so many bytes fit."""
        self.written += wanted
        return wanted if self.space is None else max(min(wanted, self.space - self.written + wanted), 0)


class _File(io.FileIO):
    disk: _Disk

    def write(self, content: Any, /) -> int:
        with memoryview(content) as view:
            fits = self.disk.room(view.nbytes)
            if fits < view.nbytes:
                super().write(view.cast("B")[:fits])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(view.cast("B"))


def _limit(folder: str, disk: _Disk) -> None:
    """Let all files that Python writes in a folder take their space from the disk."""
    honest = io.open

    def limited(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        inside = not isinstance(file, int) and os.path.abspath(os.fsdecode(file)).startswith(folder + os.sep)
        if not inside or mode not in ("wb", "ab", "xb"):
            return honest(file, mode, *rest, **options)
        raw = _File(file, mode)
        raw.disk = disk
        return io.BufferedWriter(raw)

    builtins.open = limited
    io.open = limited


def _main(module: str) -> int:
    """Fork for each line of standard input; print the number of the process, and then how it ended."""
    program = importlib.import_module(f"{module}.cli")
    for late in _IMPORTED_LATE[module]:
        importlib.import_module(late)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            # Without the end of the interpreter, which takes longer than a short command.
            os._exit(_run(program.main, *json.loads(line)))
        print(process, flush=True)
        print(os.waitpid(process, 0)[1], flush=True)
    return 0


def _run(main: Callable[[Sequence[str]], int], folder: str, space: int | None, errors: str, *words: str) -> int:
    os.dup2(os.open(errors, os.O_WRONLY), sys.stderr.fileno())
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdout.fileno())
    disk = _Disk(space)
    _limit(os.path.abspath(folder), disk)
    code = main(words)
    print(f"{_WRITTEN}{disk.written}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
