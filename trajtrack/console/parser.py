"""An argument parser whose help ends with examples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["CommandParser"]


class CommandParser(argparse.ArgumentParser):
    """An argument parser without abbreviations, whose subparsers are of this class too.

    Parameters
    ----------
    examples
        Example commands by what they do, in the order of the help. Each is printed verbatim on one line.
    settings
        Arguments of `argparse.ArgumentParser`.
    """

    def __init__(self, *, examples: Mapping[str, str] | None = None, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})
        self._examples = dict(examples or {})

    def format_help(self) -> str:
        """Return the help followed by the examples."""
        lines = [f"\n  # {title}\n  {command}\n" for title, command in self._examples.items()]
        return super().format_help() + ("\nexamples:" + "".join(lines) if lines else "")

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse ignores errors here; a full disk must not look like success.
        print(message, end="", file=file or sys.stderr, flush=True)
