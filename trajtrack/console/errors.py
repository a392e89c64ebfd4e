"""Errors of a command line, reported in one line each."""

from __future__ import annotations

import os

from trajtrack.printable import escaped

__all__ = ["Failure", "UsageError", "describe"]


class UsageError(Exception):
    """The arguments are valid words but make no valid command."""


class Failure(Exception):
    """An input cannot be processed."""


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
