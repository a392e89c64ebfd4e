"""What commands print and write: results as JSON, one line on the terminal that shows the progress, files by suffix."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from trajtrack.console.errors import UsageError
from trajtrack.console.streams import write_controls
from trajtrack.printable import escaped

__all__ = ["Progress", "StatusLine", "output_path", "print_json"]


def print_json(report: Mapping[str, Any]) -> None:
    """Print one JSON object; NaN and infinities, which JSON does not have, become null."""
    print(json.dumps(_without_nan(report), indent=2, allow_nan=False))


def output_path(option: str, value: str, suffixes: Sequence[str]) -> Path:
    """Return the path of an output whose suffix decides what is written.

    Raises
    ------
    UsageError
        If it has none of the suffixes. The message names the option.
    """
    path = Path(value)
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{option}: found {value!r}, expected one of the suffixes {', '.join(suffixes)}")
    return path


def _without_nan(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _without_nan(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_nan(each) for each in value]
        case float() if not math.isfinite(value):
            return None
    return value


class StatusLine:
    """A line on standard error that is overwritten by each update; invisible unless that is a terminal."""

    visible: bool
    """Whether standard error is a terminal that can overwrite a line."""

    def __init__(self) -> None:
        self.visible = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """Replace the line by a text, cut to the width of the terminal."""
        if self.visible:
            self._write(text)

    def clear(self) -> None:
        """Erase the line before other output."""
        if self.visible:
            self._write("")

    def _write(self, text: str) -> None:
        # Spaces and carriage returns work on terminals without escape codes too.
        width = shutil.get_terminal_size().columns - 1
        write_controls(sys.stderr, f"\r{' ' * width}\r{escaped(text)[:width]}")
        sys.stderr.flush()


class Progress:
    """Shows which of `total` files is being processed, if there are several."""

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
        """Announce the next file."""
        self._number += 1
        if self._total > 1:
            self._line.show(f"[{self._number}/{self._total}] {name}")

    def clear(self) -> None:
        """Erase the line before other output."""
        if self._total > 1:
            self._line.clear()
