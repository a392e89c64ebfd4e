"""An argument parser whose help ends with examples, and whose errors are one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from trajtrack.printable import escaped, near_name, shown

__all__ = ["CommandParser"]

_NUMBERS: Mapping[type, str] = {int: "an integer", float: "a number"}


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

    def parse_known_args(  # type: ignore[override]  # the overloads of argparse differ in their types alone
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """Parse arguments; end the program if some are not known."""
        found, unknown = super().parse_known_args(args, namespace)
        for word in unknown:
            flag = word.partition("=")[0]
            if flag.startswith("-"):
                self.error(f"found {shown(flag)}, which is not an option{near_name(flag, self._option_string_actions)}")
        if unknown:
            self.error(f"found {shown(unknown[0])}, expected no more arguments")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """End the program with a message of one line."""
        self.exit(2, f"{self.prog}: error: {escaped(message)} (see '{self.prog} --help')\n")

    def _get_value(self, action: argparse.Action, text: str) -> Any:
        kind = action.type
        if not isinstance(kind, type) or kind not in _NUMBERS:
            return super()._get_value(action, text)
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentError(action, f"found {shown(text)}, expected {_NUMBERS[kind]}") from None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = [] if action.choices is None else list(action.choices)
        if choices and value not in choices:
            text = f"found {shown(value)}, expected one of {', '.join(map(str, choices))}{near_name(value, choices)}"
            raise argparse.ArgumentError(action, text)

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse ignores errors here; a full disk must not look like success.
        print(message, end="", file=file or sys.stderr, flush=True)
