from __future__ import annotations

import sys

import pytest

from trajtrack.console.deferred import Deferred
from trajtrack.console.program import Program

MODULE = """
def add_command(commands):
    parser = commands.add_parser("greet", help="say hello")
    parser.add_argument("name")
    parser.set_defaults(run=lambda arguments: print("hello", arguments.name))
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    (tmp_path / "greeting_command.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield Program("tool", "A tool.", {}, (Deferred("greet", "say hello", "greeting_command"),))
    sys.modules.pop("greeting_command", None)


def test_the_help_names_a_command_without_importing_it(program, capsys):
    with pytest.raises(SystemExit):
        program.main(["--help"])
    assert "say hello" in capsys.readouterr().out
    assert "greeting_command" not in sys.modules


def test_a_command_that_is_given_is_imported_and_run(program, capsys):
    assert program.main(["greet", "you"]) == 0
    assert capsys.readouterr().out == "hello you\n"


def test_the_words_of_the_process_choose_the_command(program, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tool", "greet", "you"])
    assert program.main() == 0
    assert capsys.readouterr().out == "hello you\n"


def test_the_whole_parser_knows_the_options_of_all_commands(program):
    assert program.parser().parse_args(["greet", "you"]).name == "you"
