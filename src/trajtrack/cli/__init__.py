"""The command line: ``trajtrack link|eval|view|demo|info``. Its exit codes are those of `trajtrack.cli.running`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trajtrack import __version__
from trajtrack.cli import demo, evaluation, information, linking, viewing
from trajtrack.cli.running import EXIT_CODES, run_command

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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trajtrack",
        description="Link the detections of videos into trajectories.",
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"trajtrack {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (linking, evaluation, viewing, demo, information):
        command.add_command(commands)
    return parser
