"""The charts of docs/results.md are drawn from the tables on the pages below it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def charts():
    if not DOCS.is_dir():
        pytest.skip("a source distribution has no docs")
    return runpy.run_path(str(DOCS / "result_charts.py"))


def test_every_chart_is_drawn_and_shown(charts, tmp_path):
    charts["write"](tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in (DOCS / "images").glob("results-*")}
    page = (DOCS / "results.md").read_text()
    assert [name for name in drawn if f"](images/{name})" not in page] == []


def test_the_charts_show_the_figures_of_the_tables(charts, tmp_path):
    charts["write"](tmp_path)
    for drawn in tmp_path.iterdir():
        assert coordinates(drawn) == pytest.approx(coordinates(DOCS / "images" / drawn.name), abs=0.5)


def coordinates(chart: Path) -> list[float]:
    """Return the positions of all marks, bars and lines, which do not depend on Matplotlib's way of writing them."""
    return [
        float(number)
        for mark in re.findall(
            r'<use xlink:href="[^"]*" x="[^"]*" y="[^"]*"|<path d="M [^"]*" clip-path', chart.read_text()
        )
        for number in re.findall(r"-?\d+\.\d+", mark.partition(" ")[2])
    ]


def test_a_row_that_is_no_number_is_left_out(charts):
    table = [["", "300 x 300, ms"], ["one", "1,291"], ["two", "more than 60 s"], ["three", "72.2 ± 0.3"]]
    assert charts["column"](table, "300 x 300, ms") == pytest.approx([1291, float("nan"), 72.2], nan_ok=True)
