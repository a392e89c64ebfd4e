"""The command line: ``trajvqa train|eval|predict|table|...``. Its exit codes are those of `trajtrack.cli.running`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from trajtrack import __version__
from trajtrack.cli.running import EXIT_CODES, run_command
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
    parser = argparse.ArgumentParser(
        prog="trajvqa",
        description="Answer multiple-choice questions about videos from their frames and trajectories.",
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"trajvqa {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (training, evaluation, prediction, tables, doctor, building, worlds, vidvrd, listing, demo):
        command.add_command(commands)
    return run_command(parser, arguments)
