"""The figures of a table as an image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from trajtrack.plots import COLOURS, QUIET, TEXT, image_path, new_figure, save_figure, style_axes
from trajvqa.datasets.questions import NUM_CANDIDATES
from trajvqa.experiments.files import Sweep, Table
from trajvqa.experiments.reports import interval_text
from trajvqa.experiments.tables import RowResult

__all__ = ["draw_table"]

_CHANCE = 100 / NUM_CANDIDATES
_PAPER = COLOURS[1]
_PANEL_WIDTH, _NARROW_PANEL_WIDTH, _NAMES_WIDTH = 2.4, 1.5, 2.6
_ROW_HEIGHT, _LEAST_HEIGHT, _LEAST_WIDTH = 0.27, 1.6, 8.0
_MANY_PANELS = 6
_SHIFT = 0.012
"""Distance of the lines of a sweep along its axis, as a share of the axis."""
_MARGIN = 3.0
"""Percentage points left free beside the outermost mark."""


def draw_table(path: str | os.PathLike[str], table: Table, seeds: Sequence[int], rows: Sequence[RowResult]) -> None:
    """Draw the accuracies of a table with their intervals, the accuracy of chance and the paper's figures.

    Each column of the table that has questions is a panel, with a line for each row; in a table of a sweep, with a line
    for each experiment over the values of the setting.

    Parameters
    ----------
    path
        A ``.png``, ``.svg`` or ``.pdf`` file, written atomically.
    table
        The table.
    seeds
        Seeds of its runs.
    rows
        Its figures.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the suffix is not supported, or there is no row.
    OSError
        If the image cannot be written.
    """
    target = image_path(path)
    if not rows:
        raise ValueError("rows: found none, expected at least one")
    columns = [name for name in table.columns if any(name in result.accuracies for result in rows)]
    panel = _PANEL_WIDTH if len(columns) < _MANY_PANELS else _NARROW_PANEL_WIDTH
    height = _LEAST_HEIGHT + _ROW_HEIGHT * (len(rows) if table.sweep is None else _MANY_PANELS)
    figure = new_figure(max(_NAMES_WIDTH + panel * len(columns), _LEAST_WIDTH), height)
    (panels,) = figure.subplots(1, len(columns), sharey=True, squeeze=False)
    for axes, name in zip(panels, columns, strict=True):
        style_axes(axes, name)
        if table.sweep is None:
            _draw_rows(axes, name, rows)
        else:
            _draw_sweep(axes, name, table.sweep, rows)
    if table.sweep is None:
        panels[0].set_yticks(range(len(rows)), [result.row.name for result in rows], parse_math=False)
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
    else:
        panels[0].set_ylabel("accuracy, %", color=TEXT, fontsize=9)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right center", fontsize=8, labelcolor=TEXT, edgecolor=QUIET)
    figure.suptitle(f"{table.title}; {table.split} split", color=TEXT, fontsize=11, parse_math=False)
    figure.supxlabel(_caption(table, seeds, rows), color=TEXT, fontsize=8)
    save_figure(figure, target)


def _draw_rows(axes: Any, name: str, rows: Sequence[RowResult]) -> None:
    axes.axvline(_CHANCE, color=TEXT, linewidth=0.8, linestyle="--")
    marks = [_CHANCE]
    for place, result in enumerate(rows):
        if name in result.accuracies:
            low, high = result.intervals[name]
            axes.plot([low, high], [place, place], "-", color=COLOURS[0], linewidth=1.6, solid_capstyle="butt")
            # A dot at 0 or 100 % lies on the border and is whole all the same.
            axes.plot(np.mean(result.accuracies[name]), place, "o", color=COLOURS[0], markersize=4.5, clip_on=False)
            marks += [low, high]
        printed = (result.row.paper or {}).get(name)
        if printed is not None:
            axes.plot(printed, place, "D", color=_PAPER, markersize=4, fillstyle="none")
            marks.append(printed)
    axes.set_xlim(max(min(marks) - _MARGIN, 0), min(max(marks) + _MARGIN, 100))
    axes.set_xlabel("accuracy, %", color=TEXT, fontsize=8)


def _draw_sweep(axes: Any, name: str, sweep: Sweep, rows: Sequence[RowResult]) -> None:
    axes.axhline(_CHANCE, color=TEXT, linewidth=0.8, linestyle="--")
    lines = list(dict.fromkeys(result.row.line for result in rows))
    # Side by side, so that the bars of one value do not cover one another.
    shift = _SHIFT * (max(sweep.values) - min(sweep.values))
    for index, line in enumerate(lines):
        members = [result for result in rows if result.row.line == line and name in result.accuracies]
        aside = shift * (index - (len(lines) - 1) / 2)
        values = [result.row.settings[sweep.setting] + aside for result in members]
        means = np.array([np.mean(result.accuracies[name]) for result in members])
        ends = np.array([result.intervals[name] for result in members]).T
        # An interval of the bootstrap is not centred on the accuracy, but holds it.
        lengths = np.abs(ends - means) if len(members) else None
        colour = COLOURS[index % len(COLOURS)]
        axes.errorbar(values, means, lengths, fmt=".-", color=colour, elinewidth=1.0, capsize=2, label=line)
    axes.set_xticks(sweep.values)
    axes.set_xlabel(sweep.label, color=TEXT, fontsize=8)


def _caption(table: Table, seeds: Sequence[int], rows: Sequence[RowResult]) -> str:
    parts = [f"dot: {'mean' if len(seeds) > 1 else 'accuracy'}", f"bar: {interval_text(seeds)}", "dashed: chance"]
    if table.sweep is None and any(result.row.paper for result in rows):
        parts.append("diamond: the paper, on NExT-QA")
    return "; ".join(parts)
