"""The figures of a table as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence

import numpy as np

from trajtrack.files.atomic import atomic_output
from trajvqa.evaluation.statistics import p_text
from trajvqa.experiments.files import GROUPS, Table
from trajvqa.experiments.tables import RowResult

__all__ = ["interval_text", "table_text", "write_csv", "write_json", "write_markdown"]

_CSV_COLUMNS = ("row", "questions", "seeds", "mean", "deviation", "low", "high", "p", "paper")


def interval_text(seeds: Sequence[int]) -> str:
    """Return what the intervals of a table with these seeds are."""
    if len(seeds) > 1:
        return f"95 % interval of the mean over {len(seeds)} seeds (Student's t)"
    return "95 % interval of one seed (bootstrap over videos)"


def table_text(rows: Sequence[RowResult], columns: Sequence[str] = GROUPS) -> str:
    """Return the table in Markdown: mean ± standard deviation over the seeds, and the largest p of any seed.

    The paper's figures are in a column of their own; if there are more columns than the groups, in a line below each
    row.
    """
    below = len(columns) > len(GROUPS)
    with_paper = any(result.row.paper for result in rows) and not below
    with_p = any(result.p_values for result in rows)
    head = ["", *columns] + ["p"] * with_p + ["paper: " + " / ".join(columns)] * with_paper
    lines = [head, ["---", *("---:" for _ in head[1:])]]
    for result in rows:
        paper = result.row.paper or {}
        cells = [result.row.name]
        for name in columns:
            values = np.array(result.accuracies.get(name, ()))
            spread = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
            cells.append(f"{values.mean():.2f}{spread}" if len(values) else "")
        if with_p:
            cells.append(_largest_p(result))
        figures = [f"{paper[name]:.2f}" if name in paper else "" for name in columns]
        if with_paper:
            cells.append(" / ".join(figures) if paper else "")
        lines.append(cells)
        if below and paper:
            lines.append(["— paper", *figures, *[""] * with_p])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_markdown(path: str | os.PathLike[str], title: str, text: str) -> None:
    """Write the text of a table under its title."""
    with atomic_output(path) as file:
        file.write(f"{title}\n\n{text}\n".encode())


def write_csv(path: str | os.PathLike[str], seeds: Sequence[int], rows: Sequence[RowResult]) -> None:
    """Write the figures of a table as CSV, with a line for each row and each type and group of questions.

    ``mean``, ``deviation``, the interval from ``low`` to ``high`` (see `interval_text`) and ``paper`` are in percent;
    ``p`` is the largest of any seed, and only of all questions.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for result in rows:
        for name, values in result.accuracies.items():
            deviation = f"{np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
            p = repr(max(result.p_values)) if result.p_values and name == "All" else ""
            ends = [f"{end:.4f}" for end in result.intervals[name]]
            printed = (result.row.paper or {}).get(name)
            paper = "" if printed is None else f"{printed:.2f}"
            writer.writerow([result.row.name, name, len(seeds), f"{np.mean(values):.4f}", deviation, *ends, p, paper])
    with atomic_output(path) as file:
        file.write(text.getvalue().encode())


def write_json(path: str | os.PathLike[str], table: Table, seeds: Sequence[int], rows: Sequence[RowResult]) -> None:
    """Write the figures of a table as JSON."""
    content = {
        "title": table.title,
        "split": table.split,
        "seeds": list(seeds),
        "interval": interval_text(seeds),
        "rows": [
            {
                "name": result.row.name,
                "accuracies": {name: list(values) for name, values in result.accuracies.items()},
                "intervals": {name: list(ends) for name, ends in result.intervals.items()},
                "p_values": list(result.p_values),
                "paper": result.row.paper,
            }
            for result in rows
        ],
    }
    with atomic_output(path) as file:
        file.write(json.dumps(content, indent=2).encode() + b"\n")


def _largest_p(result: RowResult) -> str:
    return p_text(max(result.p_values)).removeprefix("= ") if result.p_values else ""
