"""A parser of words whose help ends with examples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["CommandParser"]


class CommandParser(argparse.ArgumentParser):
    """Takes no abbreviations, and fails where its help cannot be printed. Parsers of commands become of this kind too.

    Parameters
    ----------
    examples
        Commands by what they do, in the order of the help. They stand there as they are, on a line each.
    settings
        Those of `argparse.ArgumentParser`.
    """

    def __init__(self, *, examples: Mapping[str, str] | None = None, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})
        self._examples = dict(examples or {})

    def format_help(self) -> str:
        """Return the help, with the examples below it."""
        lines = [f"\n  # {title}\n  {command}\n" for title, command in self._examples.items()]
        return super().format_help() + ("\nexamples:" + "".join(lines) if lines else "")

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse is silent about what it could not print.
        print(message, end="", file=file or sys.stderr, flush=True)
