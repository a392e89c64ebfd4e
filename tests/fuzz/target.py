"""What is fuzzed: readers, each with a generator of damaged files for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

Files = dict[str, bytes]
"""Contents of files by name."""


class Difference(AssertionError):
    """A reader accepted a file and returned something else than the independent parser, or only one accepted it."""


@dataclass(frozen=True)
class Target:
    """A reader."""

    name: str
    """Name on the command line."""
    make: Callable[[Random], Files]
    """Makes the files of a case."""
    read: Callable[[Path, Files, Random], Any]
    """Reads the files of a case, which lie in the given folder; raises `Difference`, or what the reader raises."""
    subject: str = ""
    """What each message of an error must contain; default: the folder of the case."""
    refusals: tuple[type[Exception], ...] = (ValueError, OSError)
    """What the reader's documentation says that it raises."""


@dataclass(frozen=True)
class Case:
    """One input of a target; the same everywhere for equal fields."""

    target: Target
    seed: int
    number: int

    def rng(self) -> Random:
        return Random(f"{self.seed} {self.target.name} {self.number}")

    def files(self) -> Files:
        return self.target.make(self.rng())

    def read(self, folder: Path, files: Files) -> Any:
        """Read the files, which must lie in the folder, with options of this case."""
        return self.target.read(folder, files, Random(f"options {self.seed} {self.target.name} {self.number}"))
