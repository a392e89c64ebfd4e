"""Training curves as an image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trajtrack.plots import COLOURS, QUIET, TEXT, image_path, new_figure, save_figure, style_axes
from trajtrack.printable import escaped, printable_errors, shown
from trajvqa.training.logs import log_records

__all__ = ["draw_curves"]

_LISTED = 24
"""Maximum number of runs whose names are shown; there is no room for more."""
_MAX_NUMBER, _MIN_RATE = 1e9, 1e-30
_MARKED_RATES = 8
"""Maximum number of labelled learning rates; the labels of more would overlap."""


@printable_errors
def draw_curves(logs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], path: str | os.PathLike[str]) -> None:
    """Plot loss, accuracy and learning rate of one or more runs over their epochs.

    Validation accuracy is a line with a dot at its best epoch (the first of equals); training accuracy, if the log has
    it, is dashed.

    Parameters
    ----------
    logs
        One or more files ``log.jsonl`` of `trajvqa.train`, with one JSON object a line. Those with
        ``"event": "epoch"`` have ``epoch``, ``loss``, ``val_accuracy`` and ``learning_rate``, and may have
        ``train_accuracy``; accuracies are shares. A last line without a line break is still being written and ignored.
    path
        A ``.png``, ``.svg`` or ``.pdf`` file, written atomically.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the suffix is not supported, there is no log, a log has no epoch, or a line of it (which is named) is not as
        above.
    OSError
        If a log cannot be read or the image cannot be written.
    """
    target = image_path(path)
    sources = [logs] if isinstance(logs, (str, os.PathLike)) else list(logs)
    if not sources:
        raise ValueError("logs: found none, expected at least one")
    runs = [_read(source, name) for source, name in zip(sources, _names(sources), strict=True)]
    figure = new_figure(13.0, 4.2)
    loss, accuracy, rate = figure.subplots(1, 3, width_ratios=(1, 1, 0.6))
    for index, run in enumerate(runs):
        colour = COLOURS[index % len(COLOURS)]
        loss.plot(run.epochs, run.losses, ".-", color=colour, label=run.name)
        _draw_accuracy(accuracy, run, colour)
        # The rate holds for a whole epoch.
        rate.step(run.epochs, run.learning_rates, ".-", where="mid", markersize=3, color=colour)
    _mark_rates(rate, sorted({each for run in runs for each in run.learning_rates}))
    for axes, title in ((loss, "Loss"), (accuracy, _accuracy_title(runs)), (rate, "Learning rate")):
        style_axes(axes, title)
        axes.set_xlabel("epoch", color=TEXT, fontsize=9)
        # One epoch has one tick, not fractions of epochs around it.
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    if len(runs) == 1:
        (run,) = runs
        best = f"best {100 * run.val_accuracies[run.best]:.2f} % in epoch {run.epochs[run.best]}"
        figure.suptitle(f"{run.name}: {best}", color=TEXT, fontsize=13, parse_math=False)
    elif len(runs) <= _LISTED:
        legend = figure.legend(loc="outside lower center", ncols=4, fontsize=8, labelcolor=TEXT, edgecolor=QUIET)
        for text in legend.get_texts():  # a dollar sign in a name is no formula
            text.set_parse_math(False)
    save_figure(figure, target)


@dataclass(frozen=True)
class _Run:
    """The epochs of one log."""

    name: str
    epochs: list[int]
    losses: list[float]
    val_accuracies: list[float]
    train_accuracies: list[float | None]
    learning_rates: list[float]

    @property
    def best(self) -> int:
        """Index of the first epoch with the best validation accuracy."""
        return max(range(len(self.epochs)), key=self.val_accuracies.__getitem__)


def _draw_accuracy(axes: Any, run: _Run, colour: str) -> None:
    percent = [100 * share for share in run.val_accuracies]
    axes.plot(run.epochs, percent, "-", color=colour)
    axes.plot(run.epochs[run.best], percent[run.best], "o", markersize=6, color=colour)
    trained = [
        (epoch, 100 * share) for epoch, share in zip(run.epochs, run.train_accuracies, strict=True) if share is not None
    ]
    if trained:
        axes.plot(*zip(*trained, strict=True), "--", color=colour, linewidth=1.0)


def _accuracy_title(runs: list[_Run]) -> str:
    trained = any(share is not None for run in runs for share in run.train_accuracies)
    return "Validation accuracy, %" + ("; dashed: training" if trained else "")


def _mark_rates(axes: Any, rates: list[float]) -> None:
    axes.set_yscale("log")
    if len(rates) <= _MARKED_RATES:
        axes.set_yticks(rates, [f"{each:.3g}" for each in rates])
        axes.set_yticks([], minor=True)


def _names(sources: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return paths relative to the common folder: of the folders if all files have the same name, else of the files."""
    paths = [Path(os.path.abspath(source)) for source in sources]
    one_name = len({path.name for path in paths}) == 1
    named = [path.parent if one_name else path.with_suffix("") for path in paths]
    common = os.path.commonpath([path.parent for path in named])
    return [escaped(os.path.relpath(path, common)) for path in named]


def _read(source: str | os.PathLike[str], name: str) -> _Run:
    text = os.fspath(source)
    records = []
    for number, record in log_records(Path(source).read_bytes(), text):
        if record.get("event") == "epoch":
            _check(record, f"{text}: line {number}")
            records.append(record)
    if not records:
        raise ValueError(f"{text}: found no epoch, expected at least one")
    return _Run(
        name,
        [record["epoch"] for record in records],
        [record["loss"] for record in records],
        [record["val_accuracy"] for record in records],
        [record.get("train_accuracy") for record in records],
        [record["learning_rate"] for record in records],
    )


def _check(record: dict[str, Any], source: str) -> None:
    for field in ("epoch", "loss", "val_accuracy", "learning_rate"):
        if field not in record:
            raise ValueError(f"{source}: found no {field}, expected a number")
    for field in ("epoch", "loss", "val_accuracy", "learning_rate", "train_accuracy"):
        if field not in record:
            continue
        # A bool is an int to Python, but not a number here.
        value = record[field]
        if type(value) not in (int, float):
            raise ValueError(f"{source}: {field}: found {shown(value)}, expected a number")
        # The axes have no room for NaN, and none for 0 where they are logarithmic.
        low = _MIN_RATE if field == "learning_rate" else -_MAX_NUMBER
        if not low <= value <= _MAX_NUMBER:
            expected = f"a number from {low:g} to {_MAX_NUMBER:g}"
            raise ValueError(f"{source}: {field}: found {shown(value)}, expected {expected}")
