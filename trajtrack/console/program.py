"""A program made of commands, one module per command."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trajtrack.console import completion
from trajtrack.console.deferred import Deferred
from trajtrack.console.parser import CommandParser
from trajtrack.console.running import EXIT_CODES, run_command
from trajtrack.version import __version__

__all__ = ["Command", "Program"]


class Command(Protocol):
    """The module of a command."""

    def add_command(self, commands: Any) -> None:
        """Add the parser of the command to those of the program; its default ``run`` runs the command."""


@dataclass(frozen=True)
class Program:
    """A program of this distribution."""

    name: str
    """Name that users type."""
    description: str
    """First sentence of the help."""
    examples: Mapping[str, str]
    """Example commands by what they do."""
    commands: Sequence[Command]
    """Commands in the order of the help; ``completion`` follows them."""

    def parser(self, arguments: Sequence[str] | None = None) -> CommandParser:
        """Return a parser of the program's arguments.

        Parameters
        ----------
        arguments
            Words of a command line that is to be parsed: of deferred commands that are not given, only the names are
            known. Default: all commands are known.
        """
        parser = CommandParser(prog=self.name, description=self.description, epilog=EXIT_CODES, examples=self.examples)
        parser.add_argument("--version", action="version", version=f"{self.name} {__version__}")
        commands = parser.add_subparsers(metavar="COMMAND")
        given = next((word for word in arguments or () if not word.startswith("-")), None)
        is_whole = arguments is None or given == completion.NAME
        for command in self.commands:
            if is_whole or not isinstance(command, Deferred) or command.name == given:
                command.add_command(commands)
            else:
                command.add_name(commands)
        completion.add_command(commands, parser)
        return parser

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run a command.

        Parameters
        ----------
        arguments
            Words after the program's name; default: those of this process.

        Returns
        -------
        Exit code, see `trajtrack.console.running`.

        Raises
        ------
        SystemExit
            After ``--help`` and ``--version``, and with code 2 if the words are not a valid command.
        """
        return run_command(self.parser(sys.argv[1:] if arguments is None else arguments), arguments)
