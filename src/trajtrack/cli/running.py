"""From the words of a command line to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from trajtrack.cli.errors import Failure, UsageError, describe

__all__ = ["EXIT_CODES", "run_command"]

EXIT_CODES = (
    "Exit codes: 0 all is well, 1 an input failed, 2 the command was not understood, 130 interrupted, "
    "141 nobody reads the output."
)

_FAILED, _MISUSED, _INTERRUPTED, _UNREAD = 1, 2, 130, 141


def run_command(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Run the command that the words make: the default ``run`` of its parser.

    Parameters
    ----------
    parser
        Of the program, which errors are named after.
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
    options = parser.parse_args(arguments)
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
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return _MISUSED
    except (Failure, ImportError, OSError) as error:
        print(f"{parser.prog}: error: {describe(error)}", file=sys.stderr)
        return _FAILED
    return _FAILED if failed else 0
