"""What goes wrong on the command line, in one line each."""

from __future__ import annotations

__all__ = ["Failure", "UsageError", "describe"]


class UsageError(Exception):
    """The command cannot be meant as it was given."""


class Failure(Exception):
    """An input cannot be worked on."""


def describe(error: BaseException, path: str | None = None) -> str:
    """Return the message of an error, with the name of the file that it is about: its own, else `path`."""
    if isinstance(error, OSError) and error.strerror:
        path = path if error.filename is None else str(error.filename)
        text = error.strerror
    else:
        text = str(error) or type(error).__name__
    text = " ".join(text.split())
    if path is None or text.startswith(path):
        return text
    return f"{path}: {text}"
