"""Readers with one fault each, which the fuzzer must find."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from fuzz.target import Difference, Files, Target


def _target(name: str, read: Callable[[Path], Any]) -> Target:
    def read_third(folder: Path, files: Files, rng: Random) -> Any:
        return read(folder / "in.txt") if files["in.txt"] == b"3" else None

    # The number of the case is not known here: equal numbers are drawn by equal generators.
    return Target(name, _numbered(name), read_third)


def _numbered(name: str) -> Callable[[Random], Files]:
    numbers = {Random(f"0 {name} {number}").random(): number for number in range(-3, 10)}
    return lambda rng: {"in.txt": b"%d" % numbers[rng.random()]}


def _raise(error: Exception) -> Any:
    raise error


def _use_time(path: Path) -> None:
    while True:
        pass


TARGETS: Sequence[Target] = (
    _target("honest", lambda path: _raise(ValueError(f"{path}: found 3, expected another number"))),
    _target("crash", lambda path: ctypes.string_at(1)),
    _target("hang", _use_time),
    _target("memory", lambda path: bytearray(1 << 30)),
    _target("undocumented", lambda path: _raise(KeyError(3))),
    _target("nameless", lambda path: _raise(ValueError("found 3"))),
    _target("unprintable", lambda path: _raise(ValueError(f"{path}: found \x1b[31m"))),
    _target("different", lambda path: _raise(Difference("found 3, expected 4"))),
)
