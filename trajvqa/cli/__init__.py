"""The command line: ``trajvqa train|eval|predict|table|...``. Exit codes: `trajtrack.console.running`."""

from __future__ import annotations

from collections.abc import Sequence

from trajtrack.console import completion
from trajtrack.console.parser import CommandParser
from trajtrack.console.running import EXIT_CODES, run_command
from trajtrack.version import __version__
from trajvqa.cli import building, demo, doctor, evaluation, listing, prediction, tables, training, vidvrd, worlds

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        The words after the program's name; those of this process where left out.

    Returns
    -------
    The exit code.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, and with code 2 when the words make no command.
    """
    return run_command(_parser(), arguments)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="trajvqa",
        description="Answer multiple-choice questions about videos from their frames and trajectories.",
        epilog=EXIT_CODES,
        examples={
            "make synthetic videos and questions": "trajvqa worlds small-worlds --train 40 --val 10 --test 10",
            "train on them": "trajvqa train small/both --data small-worlds -o small-run",
        },
    )
    parser.add_argument("--version", action="version", version=f"trajvqa {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in (training, evaluation, prediction, tables, doctor, building, worlds, vidvrd, listing, demo):
        command.add_command(commands)
    completion.add_command(commands, parser)
    return parser
