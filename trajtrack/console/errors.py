"""Errors of a command line, reported in one line each."""

from __future__ import annotations

import os

from trajtrack.printable import escaped

__all__ = ["Failure", "UsageError", "about_flag", "describe", "flag_of"]


class UsageError(Exception):
    """The arguments are valid words but make no valid command."""


class Failure(Exception):
    """An input cannot be processed."""


def flag_of(option: str) -> str:
    """Return the flag of an option, ``--max-gap`` of ``max_gap``."""
    return f"--{option.replace('_', '-')}"


def about_flag(error: ValueError, prefix: str = "") -> UsageError:
    """Return an error about an option, whose name its message begins with, as one about the flag of the option."""
    name, colon, rest = str(error).partition(":")
    return UsageError(f"{flag_of(prefix + name)}{colon}{rest}")


def describe(error: BaseException, path: str | None = None) -> str:
    """Return the message of an error in one line, preceded by the file that it names, or else by `path`."""
    if isinstance(error, OSError) and error.strerror:
        path = path if error.filename is None else os.fsdecode(error.filename)
        text = error.strerror
    else:
        text = str(error).strip() or type(error).__name__
    text = escaped(text)
    if path is None or text.startswith(escaped(path)):
        return text
    return f"{escaped(path)}: {text}"
