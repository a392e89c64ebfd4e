"""``trajtrack completion``: a script for tab completion in a shell."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

__all__ = ["NAME", "add_command"]

NAME = "completion"
"""Name of the command."""

_SHELLS = ("bash", "zsh")
_FOLDERS = ("DIR", "FOLDER", "DATA", "RUN")


def add_command(commands: Any, program: argparse.ArgumentParser) -> None:
    """Add the command, which prints the completion script of `program`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        NAME,
        help="print a script for tab completion in a shell",
        description=f"Print a script that lets a shell complete the commands, options, choices and files of "
        f"{program.prog}. Print it again after an update.",
        examples={"for the current session of bash": f'eval "$({program.prog} completion bash)"'},
    )
    parser.add_argument("shell", choices=_SHELLS, help="shell to print the script for")
    parser.set_defaults(run=partial(_run, program))


def _run(program: argparse.ArgumentParser, arguments: argparse.Namespace) -> bool:
    try:
        import shtab
    except ImportError as error:
        raise ImportError("completion needs shtab: pip install 'trajtrack[completion]'") from error
    _mark_files(program)
    print(shtab.complete(program, arguments.shell))
    return False


def _mark_files(parser: argparse.ArgumentParser) -> None:
    """Complete each argument that accepts any text as a file or a folder."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _mark_files(command)
        elif action.nargs != 0 and action.type is None and action.choices is None:
            action.complete = shtab.DIRECTORY if action.metavar in _FOLDERS else shtab.FILE  # type: ignore[attr-defined]
