"""Progress of long work: a line that is overwritten on a terminal, a line every minute elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from trajtrack.console.output import StatusLine
from trajtrack.printable import escaped

__all__ = ["LongLine", "LongProgress", "clock"]

_INTERVAL = 60.0
"""Seconds between two lines where lines stay."""


class LongLine:
    """A line that is overwritten on a terminal, and printed once a minute elsewhere."""

    def __init__(self) -> None:
        self._line = StatusLine()
        self._printed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.clear()

    def show(self, text: str, now: float) -> None:
        """Show a text, unless one was printed in the minute before `now`, a `time.monotonic`."""
        if self._line.visible:
            self._line.show(text)
        elif now - self._printed >= _INTERVAL:
            self._printed = now
            print(escaped(text), file=sys.stderr, flush=True)


class LongProgress(LongLine):
    """Shows how much is done and how long the rest takes.

    Parameters
    ----------
    name
        Name of what is worked on, before every line.
    unit
        Noun of the steps, such as "frame".
    """

    def __init__(self, name: str, unit: str) -> None:
        super().__init__()
        self._name, self._unit = name, unit
        self._first: tuple[int, float] | None = None

    def __call__(self, done: int, total: int | None) -> None:
        """Show that `done` of `total` steps are done; the total may be unknown."""
        now = time.monotonic()
        if self._first is None:
            # What came before, such as loading a model, would bias the rate.
            self._first = done, now
        text = f"{self._name}: {self._unit} {done}"
        if total is not None:
            text += f" of {total}"
            since, start = self._first
            if done > since:
                text += f", {clock((now - start) / (done - since) * (total - done))} left"
        self.show(text, now)


def clock(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
