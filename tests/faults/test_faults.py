"""Commands that are disturbed at random moments; `make faults` does it thirty times as often."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from faults.commands import COMMANDS, KINDS, Command
from faults.injection import Program

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")]


@pytest.fixture(scope="module", params=[*COMMANDS])
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    command = COMMANDS[request.param](tmp_path_factory.mktemp(request.param))
    yield command
    command.program.close()


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_whole_or_old_and_the_same_command_again_completes_them(command, kind) -> None:
    command.disturb(kind, Random(kind))


def test_the_disk_is_full_at_the_given_byte(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1,-1,0,0,10,10,0.9\n" * 9)
    words = ["link", str(tmp_path / "in.txt"), "-o"]
    program = Program("trajtrack")
    whole = program.run([*words, str(tmp_path / "a" / "out.txt")], tmp_path / "a")
    assert (whole.code, whole.written) == (0, (tmp_path / "a" / "out.txt").stat().st_size)
    for space, code in ((whole.written, 0), (whole.written - 1, 1)):
        assert program.run([*words, str(tmp_path / "b" / "out.txt")], tmp_path / "b", space=space).code == code
    program.close()
