"""Standard streams that escape what would control the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trajtrack.printable import escaped

__all__ = ["escaped_streams", "write_controls"]


class _EscapingStream:
    """A text stream whose `write` escapes all control characters but line ends."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._stream.write(escaped(text, keep="\n"))
        return len(text)

    def write_controls(self, text: str) -> None:
        self._stream.write(text)


@contextmanager
def escaped_streams() -> Iterator[None]:
    """Escape control characters in all that is printed while the block runs, whatever file or name it comes from."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_EscapingStream, streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def write_controls(stream: Any, text: str) -> None:
    """Write text with control characters that are meant for the terminal."""
    getattr(stream, "write_controls", stream.write)(text)
