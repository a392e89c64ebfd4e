"""Draw the charts of docs/results.md from the tables on the pages in docs/results, so that they cannot disagree.

``python docs/result_charts.py [FOLDER]`` writes them to FOLDER (default: docs/images). Only the first chart of the page
has another source: ``benchmarks/online.py --chart``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_RESULTS = Path(__file__).parent / "results"
_OWN, _OTHER, _GREY, _GRID = "#1d4ed8", "#b45309", "#6b7280", "#e5e7eb"
_CHANCE = 20.0
"""Accuracy of guessing one of five candidates, in per cent."""

Table = list[list[str]]
"""The header and the rows of a table."""


def tables_of(page: str) -> Iterator[tuple[str, Table]]:
    """Yield each table of a page with the heading that it stands under."""
    heading, table = "", []
    for line in [*(_RESULTS / f"{page}.md").read_text().splitlines(), ""]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                table.append(cells)
            continue
        if table:
            yield heading, table
            table = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def table_of(page: str, heading: str) -> Table:
    """Return the first table under a heading."""
    return next(table for under, table in tables_of(page) if under == heading)


def column(table: Table, name: str) -> list[float]:
    """Return the numbers of a column; those of "12.3 ± 0.4" are 12.3, and what is no number is nan."""
    position = table[0].index(name)
    found = (re.match(r"[-+]?[\d,]*\.?\d+(?= |$)", row[position]) for row in table[1:])
    return [float(number[0].replace(",", "")) if number else np.nan for number in found]


def deviations(table: Table, name: str) -> list[float]:
    position = table[0].index(name)
    return [float(row[position].partition("±")[2] or 0) for row in table[1:]]


def draw_leads(figure: Figure) -> None:
    """Draw by how much the default method leads the best online tracker, with its constants and with others."""
    sets, constants = (
        table_of("raw-detections", "Accuracy with nothing set"),
        table_of("raw-detections", "Other constants"),
    )
    assert [row[0] for row in sets] == [row[0] for row in constants], "the two tables have other sets"
    places = [number for number, name in enumerate(sets[0]) if name == "HOTA"]
    online = np.array([max(float(row[place]) for place in places) for row in sets[1:]])
    axes = _axes_of_rows(figure, [row[0] for row in sets[1:]])
    rows = np.arange(len(online))
    low, high = (np.array(column(constants, name)) - online for name in ("min", "max"))
    axes.hlines(
        rows, low, high, color="#93c5fd", linewidth=6, label="with eight random changes of all constants", zorder=1
    )
    axes.scatter(
        np.array(column(constants, "defaults")) - online, rows, s=36, color=_OWN, label="with the defaults", zorder=3
    )
    axes.axvline(0, color=_OTHER, linewidth=1.5, label="the best of seven online trackers", zorder=2)
    axes.set_xlabel("HOTA of trajtrack with nothing set, minus that of the best online tracker, points")


def draw_speed(figure: Figure) -> None:
    """Draw the time of each linker for 300 boxes a frame, the fastest first."""
    table = table_of("other-linkers", "Speed")
    times = column(table, "300 x 300, ms")
    measured = sorted((time, row[0]) for time, row in zip(times, table[1:], strict=True) if np.isfinite(time))
    axes = _axes_of_rows(figure, [name for _, name in measured])
    for row, (time, name) in enumerate(measured):
        axes.barh(row, time, height=0.7, color=_OWN if name.startswith("trajtrack") else "#9ca3af")
        axes.text(time * 1.08, row, f"{time:,.0f} ms", va="center", fontsize=9)
    axes.set(xscale="log", xlim=(5, 40_000), xlabel="milliseconds for 80,730 boxes of 300 frames, log scale")


def draw_gaps(figure: Figure) -> None:
    """Draw HOTA over the longest gap that is bridged, with and without the interpolated boxes."""
    names = [(heading, table) for heading, table in tables_of("seq-nms") if table[1][0].startswith("no gaps")]
    panels = figure.subplots(2, 4, sharex=True)
    for axes, (heading, table) in zip(panels.flat, names, strict=True):
        for name, colour, label in (
            ("HOTA", _OWN, "with interpolated boxes"),
            ("HOTA, detected only", _OTHER, "detected boxes only"),
        ):
            points = sorted(
                (_longest_gap(row[0]), value)
                for row, value in zip(table[1:], column(table, name), strict=True)
                if _longest_gap(row[0]) >= 0
            )
            axes.plot(*zip(*points, strict=True), "o-", color=colour, markersize=3.5, linewidth=1.4, label=label)
        axes.set_title(heading.partition(" (")[0], fontsize=10)
        _tidy(axes)
    for axes in panels[1]:
        axes.set_xlabel("longest gap, frames")
    for axes in panels[:, 0]:
        axes.set_ylabel("HOTA, per cent")


def _longest_gap(option: str) -> int:
    """Return the longest gap of a row of the tables, or -1 if the row changes something else."""
    if option.startswith("no gaps"):
        return 0
    found = re.match(r"(?:defaults: )?gaps to (\d+)", option)
    return int(found[1]) if found else -1


def draw_questions(figure: Figure) -> None:
    """Draw the accuracy of each model on both sets of questions, with the deviation over seeds, and chance."""
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (heading, title) in zip(
        panels, (("Worlds", "synthetic worlds"), ("VidVRD questions", "VidVRD questions")), strict=True
    ):
        table = table_of("trajvqa", heading)
        names = [row[0] for row in table[1:]]
        rows = np.arange(len(names))
        axes.errorbar(
            column(table, "All"),
            rows,
            xerr=deviations(table, "All"),
            fmt="o",
            color=_OWN,
            markersize=5,
            capsize=2,
            label="mean of three seeds, with their standard deviation",
        )
        axes.axvline(_CHANCE, color=_OTHER, linewidth=1.2, linestyle="--", label="chance")
        axes.set(title=title, xlabel="accuracy on all test questions, per cent", xlim=(0, 85))
        axes.set(yticks=rows, yticklabels=names, ylim=(len(names) - 0.4, -0.6))
        axes.axhline(names.index("EVQA") - 0.5, color=_GREY, linewidth=0.6)
        _tidy(axes)


def draw_negatives(figure: Figure) -> None:
    """Draw accuracy over the number of drawn negatives for both strategies, the mean and each seed."""
    table = table_of("trajvqa", "Number of negatives")
    axes = figure.subplots()
    counts = np.array(column(table, "M"))
    for name, colour, shift in (("a-", _OWN, -0.08), ("qa-", _OTHER, 0.08)):
        place = table[0].index(f"{name}, by seed")
        seeds = np.array([[float(share) for share in row[place].split(", ")] for row in table[1:]])
        axes.plot(counts + shift, column(table, name), "-", color=colour, label=f"{name}: mean of the seeds (dots)")
        axes.plot(np.repeat(counts + shift, seeds.shape[1]), seeds.ravel(), "o", color=colour, markersize=4)
    axes.set(xticks=counts, xlabel="drawn negatives a question, M", ylabel="accuracy on all test questions, per cent")
    _tidy(axes)


def draw_trackers(figure: Figure) -> None:
    """Draw what one model and an oracle answer over the HOTA of the tracks that they see."""
    table = table_of("trajvqa", "The tracker and the answers")
    axes = figure.subplots()
    hota = np.array(column(table, "HOTA"))
    for name, colour, label in (
        ("oracle", _OTHER, "an oracle that knows the rules"),
        ("accuracy", _OWN, "a trained model"),
    ):
        axes.plot(hota, column(table, name), "o", color=colour, markersize=6, label=label)
    for number, (row, place, share) in enumerate(zip(table[1:], hota, column(table, "oracle"), strict=True)):
        if np.isfinite(place):
            # Above and below in turn, since two are close to each other.
            offset = (0, 6 if number % 2 else -14)
            axes.annotate(row[0], (place, share), offset, textcoords="offset points", fontsize=8, ha="center")
    for name, style, label in (
        ("without links", "-", "a model without links"),
        ("clips alone", "--", "a model of clips alone"),
    ):
        share = column(table, "accuracy")[[row[0] for row in table[1:]].index(name)]
        axes.axhline(share, color=_GREY, linewidth=1.2, linestyle=style, label=label)
    axes.set(xlim=(48, 98), ylim=(50, 102), xlabel="HOTA of the tracks, per cent", ylabel="correct answers, per cent")
    _tidy(axes)


def _axes_of_rows(figure: Figure, names: list[str]) -> Axes:
    axes = figure.subplots()
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))
    _tidy(axes)
    axes.grid(axis="y", visible=False)
    return axes


def _tidy(axes: Axes) -> None:
    axes.grid(color=_GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


_CHARTS = {  # the function, and the height in inches
    "leads": (draw_leads, 7.0),
    "speed": (draw_speed, 5.2),
    "gaps": (draw_gaps, 4.6),
    "questions": (draw_questions, 6.4),
    "negatives": (draw_negatives, 3.8),
    "trackers": (draw_trackers, 4.2),
}


def write(folder: Path) -> None:
    """Write all charts; repeated calls write the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "trajtrack", "font.family": "DejaVu Sans"}):
        for name, (draw, height) in _CHARTS.items():
            figure = Figure(figsize=(9, height), facecolor="white", layout="constrained")
            draw(figure)
            handles, labels = figure.axes[0].get_legend_handles_labels()
            if handles:
                figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
            figure.savefig(folder / f"results-{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
