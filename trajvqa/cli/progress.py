"""Progress of training, printed to standard error."""

from __future__ import annotations

import sys
import time

from trajtrack.console.output import StatusLine
from trajtrack.console.progress import clock
from trajvqa.training.trainer import Progress

__all__ = ["TrainingProgress"]


class TrainingProgress:
    """Prints a line for each epoch and, on a terminal, a status line with the step and the time left.

    Parameters
    ----------
    name
        Name of what is trained, printed before every line if not empty.
    """

    def __init__(self, name: str = "") -> None:
        self._prefix = f"{name}: " if name else ""
        self._start = 0.0
        self._first: float | None = None
        self._line = StatusLine()

    def __call__(self, progress: Progress) -> None:
        """Show a step or the end of an epoch."""
        done = progress.epoch - 1 + progress.step / progress.steps
        if self._first is None:
            # Times for reading the data and epochs of an earlier process would bias the rate.
            self._first, self._start = done, time.monotonic()
        left = ""
        if done > self._first:
            rate = (time.monotonic() - self._start) / (done - self._first)
            left = f"{clock(rate * (progress.epochs - done))} left"
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
        """Remove the status line, before other output."""
        self._line.clear()
