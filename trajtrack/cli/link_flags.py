"""One flag for each field of `LinkOptions`."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from trajtrack.console.errors import UsageError
from trajtrack.option_fields import documentation_of
from trajtrack.options import LinkOptions

__all__ = ["add_link_flags", "link_options"]


def add_link_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags, with the documentation of the options as help."""
    group = parser.add_argument_group("linking")
    types, texts = get_type_hints(LinkOptions), documentation_of(LinkOptions)
    for field in fields(LinkOptions):
        kind: Any = types[field.name]
        settings: dict[str, Any]
        if kind is bool:
            settings = {"action": argparse.BooleanOptionalAction}
        elif get_origin(kind) is Literal:
            settings = {"choices": get_args(kind)}
        else:
            settings = {"type": kind, "metavar": "N" if kind is int else "X"}
        default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        text = f"{texts[field.name]} Default: {default}.".replace("%", "%%")
        group.add_argument(_flag(field.name), default=argparse.SUPPRESS, help=text, **settings)


def link_options(arguments: argparse.Namespace) -> LinkOptions:
    """Return the options given on the command line.

    Raises
    ------
    UsageError
        If one is out of range.
    """
    given = {field.name: getattr(arguments, field.name) for field in fields(LinkOptions) if field.name in arguments}
    try:
        return LinkOptions(**given)
    except ValueError as error:
        name, _, rest = str(error).partition(":")
        raise UsageError(f"{_flag(name)}:{rest}") from error


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
