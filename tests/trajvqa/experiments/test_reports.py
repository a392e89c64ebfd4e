from __future__ import annotations

import csv
import json

import pytest

from helpers.table_examples import make_results
from trajvqa.experiments.files import GROUPS, read_table
from trajvqa.experiments.reports import interval_text, table_text, write_csv, write_json, write_markdown


def cells_of(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_a_table_shows_mean_deviation_the_largest_p_and_the_papers_figures():
    table = read_table("4")
    head, _, first, *_ = cells_of(table_text(make_results(table), table.columns))
    assert head == ["", *GROUPS, "p", "paper: C / T / D / All"]
    assert first == ["trajectories", *["1.00 ± 0.71"] * 4, "0.5", "46.18 / 48.08 / 57.27 / 48.52"]


def test_a_table_by_type_has_the_papers_figures_below_each_row():
    table = read_table("2").only(["EVQA, GloVe", "Ours, GloVe"])
    head, _, *lines = cells_of(table_text(make_results(table), table.columns))
    assert head == ["", "CW", "CH", "C", "TN", "TC", "T", "DC", "DL", "DO", "D", "All"]
    assert [line[0] for line in lines] == ["EVQA, GloVe", "— paper", "Ours, GloVe", "— paper"]
    assert " ".join(lines[1][1:]) == "28.38 29.58 28.69 29.82 33.33 31.27 43.50 43.39 38.36 41.44 31.51"
    assert {len(line) for line in lines} == {len(head)}


def test_a_column_without_questions_is_empty():
    table = read_table("small")
    _, _, first, *_ = cells_of(table_text(make_results(table, columns=("D", "All")), table.columns))
    assert first == ["random", "", "", "1.00 ± 0.71", "1.00 ± 0.71", "0.5"]


def test_one_seed_has_no_deviation():
    table = read_table("1")
    assert cells_of(table_text(make_results(table, seeds=1), table.columns))[2][4] == "0.50"


def test_the_csv_has_a_line_for_each_row_and_type(tmp_path):
    table = read_table("4")
    write_csv(tmp_path / "table.csv", [0, 1], make_results(table, columns=("CW", "C", "All")))
    with open(tmp_path / "table.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["row"], line["questions"]) for line in lines[:4]] == [
        ("trajectories", "CW"),
        ("trajectories", "C"),
        ("trajectories", "All"),
        ("frames", "CW"),
    ]
    assert len(lines) == 3 * len(table.rows)
    assert lines[2] == {
        "row": "trajectories",
        "questions": "All",
        "seeds": "2",
        "mean": "1.0000",
        "deviation": "0.7071",
        "low": "0.2500",
        "high": "2.2500",
        "p": "0.5",
        "paper": "48.52",
    }
    assert (lines[0]["p"], lines[0]["paper"]) == ("", "")


def test_a_name_with_a_comma_stays_one_value_of_the_csv(tmp_path):
    write_csv(tmp_path / "table.csv", [0], make_results(read_table("2"), seeds=1))
    with open(tmp_path / "table.csv", newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["row"], first["deviation"]) == ("EVQA, GloVe", "")


def test_the_json_says_what_its_intervals_are(tmp_path):
    table = read_table("4")
    write_json(tmp_path / "table.json", table, [0, 1], make_results(table))
    content = json.loads((tmp_path / "table.json").read_text())
    assert content["interval"] == interval_text([0, 1])
    assert content["rows"][0]["intervals"]["All"] == [0.25, 2.25]
    assert content["rows"][0]["accuracies"]["CW"] == [0.5, 1.5]


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([0, 1, 2], "95 % interval of the mean over 3 seeds (Student's t)"),
        ([7], "95 % interval of one seed (bootstrap over videos)"),
    ],
)
def test_what_an_interval_is_depends_on_the_number_of_seeds(seeds, text):
    assert interval_text(seeds) == text


def test_the_text_is_written_under_its_title(tmp_path):
    write_markdown(tmp_path / "table.md", "Title", "| a |")
    assert (tmp_path / "table.md").read_text() == "Title\n\n| a |\n"
