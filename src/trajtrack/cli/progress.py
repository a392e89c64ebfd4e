"""One line on the terminal that says how far the work is."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType

__all__ = ["Progress"]

_CLEAR = "\r\x1b[K"


class Progress:
    """Shows on standard error, where that is a terminal, which of `total` files is worked on."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._visible = total > 1 and sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def show(self, name: str) -> None:
        """Say that work on the next file begins."""
        self._number += 1
        if self._visible:
            line = f"[{self._number}/{self._total}] {name}"
            sys.stderr.write(_CLEAR + line[: shutil.get_terminal_size().columns - 1])
            sys.stderr.flush()

    def clear(self) -> None:
        """Make room for other output."""
        if self._visible:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
