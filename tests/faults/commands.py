"""The commands that are disturbed, and what must hold afterwards."""

from __future__ import annotations

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM
from typing import Any

import torch

from faults.injection import Ended, Program
from helpers.data_examples import write_data
from helpers.videos import moving_square, write_video
from trajvqa.extract.recipe import RECIPE_FILE, read_recipe
from trajvqa.training.checkpoints import load_checkpoint

KINDS = ("SIGKILL", "SIGTERM", "full disk")
_UNFINISHED = re.compile(r"(.*/)?(\.[0-9a-f]{16}(\.\w+)?|[^/]+\.unfinished)")
_INPUTS = 40


class Command(ABC):
    """A command that writes files to a folder.

    Parameters
    ----------
    folder
        Folder for inputs and outputs.
    """

    module: str
    """Package whose command line it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "disturbed" / "out"
        self.program = Program(self.module)
        self.prepare()
        self.usual = self.run(self.whole)
        assert self.usual.code == 0, self.usual.errors

    @property
    def whole(self) -> Path:
        """Folder of the undisturbed run."""
        return self.folder / "whole" / "out"

    @abstractmethod
    def prepare(self) -> None:
        """Make the inputs."""

    @abstractmethod
    def words(self, output: Path) -> Sequence[str]:
        """Return the command."""

    @abstractmethod
    def begin(self) -> None:
        """Bring the output folder into the state before a disturbed run."""

    @abstractmethod
    def check_disturbed(self, names: Sequence[str]) -> None:
        """Check the named output files after a disturbed run: each is whole, or as it was before."""

    @abstractmethod
    def check_repeated(self) -> None:
        """Check the output after the same command again, undisturbed."""

    def run(self, output: Path, **disturbance: Any) -> Ended:
        return self.program.run(self.words(output), output, **disturbance)

    def _disturbed(self, kind: str, rng: Random) -> Ended:
        shutil.rmtree(self.output.parent, ignore_errors=True)
        self.begin()
        if kind == "full disk":
            return self.run(self.output, space=rng.randrange(self.usual.written))
        number = SIGKILL if kind == "SIGKILL" else SIGTERM
        return self.run(self.output, signal=number, after=rng.random() * self.usual.working)

    def disturb(self, kind: str, rng: Random) -> str:
        """Disturb a run at a random moment, check it, run it again, check that; return how the first ended."""
        ended = self._disturbed(kind, rng)
        while ended.code == 0:  # the signal came too late
            ended = self._disturbed(kind, rng)
        names = [*contents_of(self.output)]
        unfinished = [name for name in names if _UNFINISHED.fullmatch(name)]
        assert kind == "SIGKILL" or not unfinished, unfinished
        assert ended.code in {"SIGKILL": (-SIGKILL,), "SIGTERM": (143, -SIGTERM), "full disk": (1,)}[kind], ended
        assert "Traceback" not in ended.errors, ended.errors
        if kind == "full disk":
            assert f"{self.output}/" in ended.errors.splitlines()[-1] or "inputs failed" in ended.errors
            assert "No space left on device" in ended.errors
        self.check_disturbed([name for name in names if name not in unfinished])
        again = self.run(self.output)
        assert again.code == 0, again.errors
        self.check_repeated()
        return f"exit code {ended.code}{', unfinished files' * bool(unfinished)}"


class Link(Command):
    """``trajtrack link`` on many files, half of whose outputs exist."""

    module = "trajtrack"

    def prepare(self) -> None:
        (self.folder / "in").mkdir(parents=True)
        for number in range(_INPUTS):
            lines = [
                f"{frame + 1},-1,{10 * box + frame / 4},{number},9,40,0.9\n"
                for frame in range(100)
                for box in range(20)
            ]
            (self.folder / "in" / f"video-{number:02}.txt").write_text("".join(lines))

    def words(self, output: Path) -> Sequence[str]:
        return ["link", f"{self.folder / 'in'}/*.txt", "-o", str(output), "--threads", "1"]

    @cached_property
    def expected(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.whole.iterdir()}

    def begin(self) -> None:
        self.output.mkdir(parents=True)
        for name in sorted(self.expected)[::2]:
            (self.output / name).write_bytes(b"old")

    def check_disturbed(self, names: Sequence[str]) -> None:
        assert {*names} <= self.expected.keys()
        assert {*sorted(self.expected)[::2]} <= {*names}
        for name in names:
            content = (self.output / name).read_bytes()
            assert content in (self.expected[name], b"old"), f"{name}: found {len(content)} bytes"

    def check_repeated(self) -> None:
        for name, content in self.expected.items():
            assert (self.output / name).read_bytes() == content


class Train(Command):
    """``trajvqa train`` on a small data folder."""

    module = "trajvqa"

    def prepare(self) -> None:
        write_data(self.folder / "data")

    def words(self, output: Path) -> Sequence[str]:
        settings = ("hidden_size=16", "word_size=8", "fusion_size=64", "trajectory_feed_forward=16")
        flags = [word for each in settings for word in ("--set", f"settings.{each}")]
        epochs = ["--set", "training.epochs=10"]
        return [
            "train",
            "small/both",
            "--data",
            str(self.folder / "data"),
            "-o",
            str(output),
            *flags,
            *epochs,
        ]

    def begin(self) -> None:
        self.output.parent.mkdir(parents=True)

    def check_disturbed(self, names: Sequence[str]) -> None:
        assert {*names} <= {path.name for path in self.whole.iterdir()}
        for name in names:
            content, expected = (folder.joinpath(name).read_bytes() for folder in (self.output, self.whole))
            if name.endswith(".pt"):
                load_checkpoint(self.output / name)
            elif name == "log.jsonl":
                assert expected.startswith(content)
            else:
                assert content == expected, name

    def check_repeated(self) -> None:
        assert {path.name for path in self.output.iterdir()} == {path.name for path in self.whole.iterdir()}
        for path in self.whole.iterdir():
            if path.suffix == ".pt":
                states = [torch.load(folder / path.name, weights_only=True) for folder in (self.output, self.whole)]
                assert are_equal(*states), path.name
            else:
                assert (self.output / path.name).read_bytes() == path.read_bytes(), path.name


class Extract(Command):
    """``trajvqa extract`` on three videos of a second or less, with a function as detector."""

    module = "trajvqa"

    def prepare(self) -> None:
        for number in range(3):
            write_video(self.folder / f"video{number}.mp4", moving_square(12 + number))
        (self.folder / "detector.py").write_text("from helpers.videos import find_squares\n")

    def words(self, output: Path) -> Sequence[str]:
        videos = [str(self.folder / f"video{number}.mp4") for number in range(3)]
        detector = f"{self.folder / 'detector.py'}:find_squares"
        flags = ["--split", "train", "--detector", detector, "--fps", "25", "--threads", "1"]
        return ["extract", *videos, "-o", str(output), *flags]

    @cached_property
    def expected(self) -> dict[str, bytes]:
        return contents_of(self.whole)

    def begin(self) -> None:
        self.output.parent.mkdir(parents=True)

    def check_disturbed(self, names: Sequence[str]) -> None:
        for name in names:
            if name == RECIPE_FILE:
                # The classes are known when all videos are extracted.
                recipes = [replace(read_recipe(folder / name), classes=None) for folder in (self.output, self.whole)]
                assert recipes[0] == recipes[1]
            elif not name.endswith(".lock"):
                assert (self.output / name).read_bytes() == self.expected[name], name

    def check_repeated(self) -> None:
        assert contents_of(self.output) == self.expected


def contents_of(folder: Path) -> dict[str, bytes]:
    """Return the content of each file in a folder, by its path there."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def are_equal(one: Any, other: Any) -> bool:
    """Return whether nested values are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(are_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(are_equal, one, other))
    return bool(one == other)


COMMANDS: dict[str, type[Command]] = {"link": Link, "train": Train, "extract": Extract}
