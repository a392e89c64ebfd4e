"""Choose the linking method and its options on the command line: one flag for each option."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from trajtrack.console.errors import UsageError, about_flag, flag_of
from trajtrack.flow_options import FlowOptions
from trajtrack.methods import DEFAULT_METHOD, METHODS, method_of_options, methods_with, resolve_method
from trajtrack.option_fields import documentation_of
from trajtrack.options import LinkOptions

__all__ = ["add_link_flags", "flags_of", "given_link_flags", "link_options"]


def add_link_flags(parser: argparse.ArgumentParser, default_method: str = DEFAULT_METHOD) -> None:
    """Add the flags of all methods, with the documentation of the options as help."""
    group = parser.add_argument_group("linking")
    group.add_argument(
        "--method",
        choices=METHODS,
        default=argparse.SUPPRESS,
        help=f"linking method. Default: the one that the given options belong to, or {default_method}.",
    )
    added: set[str] = set()
    for method, options in METHODS.items():
        types, texts = get_type_hints(options), documentation_of(options)
        for field in fields(options):
            if field.name in added:
                continue
            added.add(field.name)
            kind: Any = types[field.name]
            settings: dict[str, Any]
            if kind is bool:
                settings = {"action": argparse.BooleanOptionalAction}
            elif get_origin(kind) is Literal:
                settings = {"choices": get_args(kind)}
            else:
                settings = {"type": kind, "metavar": "N" if kind is int else "X"}
            default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            owners = methods_with(field.name)
            only = f" Only for {method}." if owners == [method] else ""
            text = f"{texts[field.name]} Default: {default}.{only}".replace("%", "%%")
            group.add_argument(flag_of(field.name), default=argparse.SUPPRESS, help=text, **settings)


def link_options(arguments: argparse.Namespace, default_method: str = DEFAULT_METHOD) -> LinkOptions | FlowOptions:
    """Return the options of the method given on the command line.

    Raises
    ------
    UsageError
        If one is out of range, or belongs to another method.
    """
    given = given_link_flags(arguments)
    method = given.pop("method", None) or method_of_options(given, default_method)
    for name in given:
        owners = methods_with(name)
        if method not in owners:
            raise UsageError(f"{flag_of(name)}: found with --method {method}, expected --method {owners[0]}")
    try:
        return resolve_method(None, method, given)
    except ValueError as error:
        raise about_flag(error) from error


def given_link_flags(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the linking flags that are on the command line, in the order of their declaration."""
    names = ["method", *(field.name for options in METHODS.values() for field in fields(options))]
    return {name: getattr(arguments, name) for name in names if name in arguments}


def flags_of(options: LinkOptions | FlowOptions) -> list[str]:
    """Return the words to type for a method and those of its options that are not the defaults."""
    words = ["--method", next(method for method, kind in METHODS.items() if isinstance(options, kind))]
    for field in fields(options):
        value = getattr(options, field.name)
        if value == field.default:
            continue
        if isinstance(value, bool):
            words.append(flag_of(field.name if value else f"no_{field.name}"))
        elif isinstance(value, float) and value < 0:
            words.append(f"{flag_of(field.name)}={value!r}")  # argparse takes some negative numbers for flags
        else:
            words += [flag_of(field.name), str(value)]
    return words
