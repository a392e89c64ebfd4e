"""The command line: ``trajtrack link|eval|view|...``. Its exit codes are those of `trajtrack.console.running`."""

from __future__ import annotations

from collections.abc import Sequence

from trajtrack.cli import demo, evaluation, information, linking, viewing
from trajtrack.console import completion
from trajtrack.console.parser import CommandParser
from trajtrack.console.running import EXIT_CODES, run_command
from trajtrack.version import __version__

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
        prog="trajtrack",
        description="Link the detections of videos into trajectories.",
        epilog=EXIT_CODES,
        examples={
            "make an example to try things with": "trajtrack demo",
            "link its detections": "trajtrack link out/demo/detections.txt -o tracks.txt",
        },
    )
    parser.add_argument("--version", action="version", version=f"trajtrack {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in (linking, evaluation, viewing, demo, information):
        command.add_command(commands)
    completion.add_command(commands, parser)
    return parser
