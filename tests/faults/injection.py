"""Commands that are killed, terminated or out of disk space at some moment.

A full disk is a limit on the bytes that a command may write: the write that exceeds it stores what still fits and
fails, as do all later ones.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
_LONGEST = 120
_WRITTEN = "bytes written: "


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


def run(
    words: Sequence[str],
    output: Path,
    *,
    space: int | None = None,
    signal: int | None = None,
    after: float = 0.0,
) -> Ended:
    """Run a command, ``[module, *arguments]``, that writes to a folder.

    Parameters
    ----------
    words
        The command.
    output
        The folder, all of whose files count as output.
    space
        Number of bytes that it may write; default: any.
    signal
        Number of a signal to send.
    after
        Seconds after the first change in the folder at which the signal is sent.
    """
    before = _state(output)
    environment = os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    limits = [str(output), "-1" if space is None else str(space)]
    command = [sys.executable, "-m", "faults.injection", *limits, *words]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=TESTS.parent
    )
    try:
        while process.poll() is None and _state(output) == before:
            time.sleep(0.002)
        begin = time.monotonic()
        if signal is not None:
            time.sleep(after)
            process.send_signal(signal)
        _, errors = process.communicate(timeout=_LONGEST)
    finally:
        process.kill()
        process.wait()
    said, mark, count = errors.rpartition(_WRITTEN)
    working = time.monotonic() - begin
    return (
        Ended(process.returncode, said, working, int(count)) if mark else Ended(process.returncode, errors, working, 0)
    )


def _state(folder: Path) -> list[tuple[str, int]]:
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # removed in the meantime
            found.append((path.name, path.stat().st_mtime_ns))
    return sorted(found)


class _Disk:
    """Counts the bytes that files in a folder take, and has room for only so many."""

    def __init__(self, space: int) -> None:
        self.space = space
        self.written = 0

    def room(self, wanted: int) -> int:
        """Return how many of so many bytes fit."""
        self.written += wanted
        return wanted if self.space < 0 else max(min(wanted, self.space - self.written + wanted), 0)


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


def _main(folder: str, space: str, module: str, *arguments: str) -> None:
    import importlib

    disk = _Disk(int(space))
    program = importlib.import_module(f"{module}.cli")
    _limit(os.path.abspath(folder), disk)
    code = program.main(arguments)
    print(f"{_WRITTEN}{disk.written}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    _main(*sys.argv[1:])
