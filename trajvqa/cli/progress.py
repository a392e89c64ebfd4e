"""How far training is, for people."""

from __future__ import annotations

import sys
import time

from trajtrack.console.output import StatusLine
from trajvqa.training.trainer import Progress

__all__ = ["TrainingProgress"]


class TrainingProgress:
    """Prints a line an epoch, and on a terminal one below that follows the steps and says how long it will take.

    Parameters
    ----------
    name
        What is trained, in front of every line; nothing where empty.
    """

    def __init__(self, name: str = "") -> None:
        self._prefix = f"{name}: " if name else ""
        self._start = 0.0
        self._first: float | None = None
        self._line = StatusLine()

    def __call__(self, progress: Progress) -> None:
        """Take notice of a step or of the end of an epoch."""
        done = progress.epoch - 1 + progress.step / progress.steps
        if self._first is None:
            # Neither reading the data nor epochs of an earlier process tell how long a step takes.
            self._first, self._start = done, time.monotonic()
        left = ""
        if done > self._first:
            rate = (time.monotonic() - self._start) / (done - self._first)
            left = f"{_duration(rate * (progress.epochs - done))} left"
        epoch = f"{self._prefix}epoch {progress.epoch}/{progress.epochs}"
        if progress.val_accuracy is not None:
            self.clear()
            print(
                f"{epoch}  loss {progress.loss:.4f}  validation {100 * progress.val_accuracy:.2f} %  {left}",
                file=sys.stderr,
                flush=True,
            )
        else:
            self._line.show(f"{epoch}  step {progress.step}/{progress.steps}  loss {progress.loss:.4f}  {left}")

    def clear(self) -> None:
        """Make room for other output."""
        self._line.clear()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
