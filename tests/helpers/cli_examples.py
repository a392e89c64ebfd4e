"""Examples in help texts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

_EXAMPLE = re.compile(r"^  # (.+)\n  (.+)\n", re.MULTILINE)


def help_texts(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Yield name and help of a program and of each of its commands."""
    yield parser.prog, parser.format_help()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command.prog, command.format_help()


def examples_in(text: str) -> list[str]:
    """Return the commands at the end of a help text."""
    _, _, examples = text.partition("\nexamples:\n")
    return [command for _, command in _EXAMPLE.findall(examples)]
