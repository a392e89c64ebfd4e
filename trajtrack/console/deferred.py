"""Commands whose module is imported when they are run, so that the program's help needs none of their packages."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

__all__ = ["Deferred"]


@dataclass(frozen=True)
class Deferred:
    """A command of a module that is slow to import, or needs packages that may not be installed."""

    name: str
    """Name of the command, as its module has it."""
    help: str
    """What it does, for the program's help, as its module has it."""
    module: str
    """Module with ``add_command``."""

    def add_command(self, commands: Any) -> None:
        """Import the module and add the parser of the command."""
        importlib.import_module(self.module).add_command(commands)

    def add_name(self, commands: Any) -> None:
        """Add name and help alone, for a command line on which the command is not given."""
        commands.add_parser(self.name, help=self.help)
