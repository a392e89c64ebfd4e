"""Running a command: exit codes and error messages."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from trajtrack.console.errors import Failure, UsageError, describe
from trajtrack.console.streams import escaped_streams
from trajtrack.printable import escaped

__all__ = ["EXIT_CODES", "Terminated", "run_command"]

EXIT_CODES = (
    "Exit codes: 0 all is well, 1 an input failed, 2 the command was not understood, 130 interrupted, "
    "141 the output pipe was closed, 143 terminated."
)

_FAILED, _MISUSED, _INTERRUPTED, _UNREAD, _TERMINATED = 1, 2, 130, 141, 143


class Terminated(BaseException):
    """SIGTERM arrived; unfinished files are removed on the way out, as after Ctrl-C."""


def run_command(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Parse a command line and call the ``run`` default of the parsed command.

    Parameters
    ----------
    parser
        Parser of the program; its name precedes error messages.
    arguments
        Words after the program's name; None for those of this process.

    Returns
    -------
    Exit code.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, and with code 2 if the words are not a valid command.
    """
    if not sys.stderr:
        # Standard error was closed; errors would end up among the results.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if not sys.stdout:
        return _complain(parser, "standard output is closed", _FAILED)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A file name may contain bytes that are not text, or characters that the terminal cannot encode.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with escaped_streams():
            options = parser.parse_args(arguments)
            if "run" not in options:
                parser.print_help(sys.stderr)
                return _MISUSED
            with _termination_raised(), warnings.catch_warnings():
                warnings.showwarning = partial(_show_warning, parser)
                failed: bool = options.run(options)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Terminated:
        return _TERMINATED
    except BrokenPipeError:
        return _UNREAD
    except UsageError as error:
        return _complain(parser, str(error), _MISUSED)
    except (Failure, ImportError, OSError) as error:
        return _complain(parser, describe(error), _FAILED)
    finally:
        _discard_unwritten_output()
    return _FAILED if failed else 0


@contextlib.contextmanager
def _termination_raised() -> Iterator[None]:
    """Raise `Terminated` on SIGTERM, once, unless the process already handles it."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def terminate(*_: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _complain(parser: argparse.ArgumentParser, message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        print(f"{parser.prog}: error: {escaped(message)}", file=sys.stderr)
    return code


def _show_warning(parser: argparse.ArgumentParser, message: Warning | str, *_place: Any) -> None:
    with contextlib.suppress(OSError):
        print(f"{parser.prog}: warning: {escaped(str(message))}", file=sys.stderr)


def _discard_unwritten_output() -> None:
    """Discard output that cannot be written, which would make the interpreter fail again at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
