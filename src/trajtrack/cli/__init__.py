"""The command line: ``trajtrack link|eval|demo|info``.

Exit codes: 0 all is well, 1 an input failed, 2 the command was not understood, 130 interrupted, 141 nobody
reads the output.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from trajtrack import __version__
from trajtrack.cli import demo, evaluation, information, linking
from trajtrack.cli.errors import Failure, UsageError, describe

__all__ = ["main"]

_FAILED, _MISUSED, _INTERRUPTED, _UNREAD = 1, 2, 130, 141


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
    options = _parser().parse_args(arguments)
    try:
        failed: bool = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer would raise again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _UNREAD
    except UsageError as error:
        print(f"trajtrack: error: {error}", file=sys.stderr)
        return _MISUSED
    except (Failure, ImportError, OSError) as error:
        print(f"trajtrack: error: {describe(error)}", file=sys.stderr)
        return _FAILED
    return _FAILED if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trajtrack",
        description="Link the detections of videos into trajectories.",
        epilog="Exit codes: 0 all is well, 1 an input failed, 2 the command was not understood, 130 interrupted, "
        "141 nobody reads the output.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"trajtrack {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (linking, evaluation, demo, information):
        command.add_command(commands)
    return parser
