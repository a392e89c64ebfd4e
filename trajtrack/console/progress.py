"""One line on the terminal that says how far the work is."""

from __future__ import annotations

import os
import shutil
import sys
from types import TracebackType

__all__ = ["Progress", "StatusLine"]


class StatusLine:
    """A line on standard error that is written over again and again; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._visible = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """Write as much of a text as has room, in place of what stood there."""
        if self._visible:
            self._write(text)

    def clear(self) -> None:
        """Make room for other output."""
        if self._visible:
            self._write("")

    def _write(self, text: str) -> None:
        # Blanks and returns need no escape codes, and so no terminal that knows them.
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r{' ' * width}\r{text[:width]}")
        sys.stderr.flush()


class Progress:
    """Shows on a terminal which of `total` files is worked on."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._line = StatusLine()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def show(self, name: str) -> None:
        """Say that work on the next file begins."""
        self._number += 1
        if self._total > 1:
            self._line.show(f"[{self._number}/{self._total}] {name}")

    def clear(self) -> None:
        """Make room for other output."""
        if self._total > 1:
            self._line.clear()
