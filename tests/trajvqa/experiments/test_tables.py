"""The paper's figures in the tables: those of a row must agree with each other, except where the paper has misprints.

Accuracies in percent as printed in arXiv 2204.11544. A printed accuracy must be a whole number of correct answers
divided by the number of questions, and the correct answers of the parts must add up to those of the whole.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import product

import pytest

from trajvqa.datasets.nextqa import read_questions
from trajvqa.experiments.files import BY_TYPE, GROUPS, read_experiment, read_table

COUNTS = {
    "val": {"CW": 1924, "CH": 683, "TN": 895 + 54, "TC": 663, "DC": 177, "DL": 295, "DO": 305},
    "test": {"CW": 3329, "CH": 1173, "TN": 1399 + 93, "TC": 1165, "DC": 322, "DL": 483, "DO": 600},
}
"""Number of questions of NExT-QA by type; TP is counted as TN."""

NO_EXPERIMENT = {
    ("1", "Text+Visual"): (42.46, 46.34, 45.82, 44.24),
    ("1", "HGA"): (49.53, 50.74, 59.33, 49.74),
    ("1", "Human"): (87.61, 88.56, 90.40, 88.38),
}
"""Rows of the paper that no experiment reproduces, with accuracies in the order of `GROUPS`."""

MISPRINTS = {
    ("1", "HGA"): "its causal figure is Table 2's of a temporal type",
    ("2", "PSAC, GloVe"): "67.90 on location is not a share of 295 questions",
    ("2", "ST-VQA, BERT-FT"): "44.52 on previous and next is not a share of 949 questions",
    ("3", "L-GCN"): "its groups add up to one correct answer less than its overall accuracy",
}
"""Rows whose figures do not agree with each other in the paper."""

OTHER_QUESTIONS = {("1", "Random"), ("1", "Human")}
"""Rows that are not of the validation questions, as their sums show."""

TYPE_FIGURES = {row.name: row.paper for row in read_table("2").rows if row.paper}
"""The paper's accuracies by question type; no other table has them."""

FIGURES = NO_EXPERIMENT | {
    (table, row.name): tuple(row.paper[group] for group in GROUPS)
    for table in "123456"
    for row in read_table(table).rows
    if row.paper
}
CONSISTENT = [row for row in FIGURES if row not in MISPRINTS.keys() | OTHER_QUESTIONS]
WEIGHED = [row for row in FIGURES if row not in {("1", "HGA")} | OTHER_QUESTIONS]

Row = tuple[str, str]


def group_counts(row: Row) -> list[int]:
    """Return the number of causal, temporal and descriptive questions of a row's split."""
    counts = COUNTS[read_table(row[0]).split]
    return [sum(count for name, count in counts.items() if name[0] == group) for group in "CTD"]


def possible(percent: float, total: int) -> set[int]:
    """Return the numbers of correct answers of `total` that are printed as `percent`."""
    return {right for right in range(total + 1) if abs(100 * right / total - percent) < 0.00501}


def sums(parts: list[set[int]]) -> set[int]:
    """Return all sums with one number of each part."""
    return {sum(numbers) for numbers in product(*parts)}


def groups_of(row: Row) -> list[set[int]]:
    """Return the possible numbers of correct answers for each group."""
    return [possible(share, count) for share, count in zip(FIGURES[row][:3], group_counts(row), strict=True)]


def types_of(row: Row) -> dict[str, set[int]]:
    """Return the possible numbers of correct answers for each question type; empty except for Table 2."""
    shares = TYPE_FIGURES[row[1]] if row[0] == "2" else {}
    return {name: possible(shares[name], count) for name, count in COUNTS["val"].items() if shares}


def identity(row: Row) -> str:
    return f"table {row[0]}, {row[1]}"


@pytest.mark.parametrize("row", WEIGHED, ids=identity)
def test_groups_weighed_by_their_questions_make_the_overall_accuracy(row):
    *groups, overall = FIGURES[row]
    counts = group_counts(row)
    weighed = sum(share * count for share, count in zip(groups, counts, strict=True)) / sum(counts)
    # Each printed figure is off by at most half a hundredth.
    assert weighed == pytest.approx(overall, abs=0.01)


@pytest.mark.parametrize("row", CONSISTENT, ids=identity)
def test_each_figure_is_a_number_of_correct_answers_and_they_add_up(row):
    groups = groups_of(row)
    assert sums(groups) & possible(FIGURES[row][3], sum(group_counts(row)))
    for letter, group in zip("CTD", groups, strict=True):
        parts = [found for name, found in types_of(row).items() if name[0] == letter]
        assert not parts or sums(parts) & group


@pytest.mark.parametrize("row", MISPRINTS, ids=identity)
def test_a_misprint_of_the_paper_is_kept(row):
    add_up = bool(sums(groups_of(row)) & possible(FIGURES[row][3], sum(group_counts(row))))
    assert not (add_up and all(types_of(row).values()))


@pytest.mark.parametrize(("table", "rows"), [("1", 5), ("2", 16), ("3", 8), ("4", 5), ("5", 7), ("6", 7)])
def test_each_row_of_the_paper_is_there(table, rows):
    assert len([name for number, name in FIGURES if number == table]) == rows


def test_each_row_of_table_2_has_figures_by_type():
    table = read_table("2")
    assert table.columns == BY_TYPE
    assert [tuple(row.paper or ()) for row in table.rows] == [BY_TYPE] * 16
    assert set(COUNTS["val"]) == set(BY_TYPE) - set(GROUPS)


def test_only_table_3_is_of_the_test_questions():
    assert [table for table in "123456" if read_table(table).split == "test"] == ["3"]


def test_an_experiment_in_several_tables_has_the_same_figures_in_each():
    figures: dict[tuple[str, str], set[tuple[float, ...]]] = {}
    for table in "123456":
        content = read_table(table)
        for row in content.rows:
            if row.paper:
                figures.setdefault((row.experiment, content.split), set()).add(FIGURES[table, row.name])
    assert figures["nextqa/bert-qa", "val"] == {(51.40, 52.17, 62.03, 53.30)}
    assert [key for key, found in figures.items() if len(found) > 1] == []


def test_the_descriptions_of_experiments_quote_the_figures_of_the_tables():
    overall: dict[str, set[str]] = {}
    for table in "123456":
        for row in read_table(table).rows:
            if row.paper:
                overall.setdefault(row.experiment, set()).add(f"{row.paper['All']:.2f}")
    for name, figures in overall.items():
        assert set(re.findall(r"(\d+\.\d+) %", read_experiment(name).description)) == figures, name


@pytest.mark.real_data
def test_the_questions_of_nextqa_are_as_many_as_the_rows_are_weighed_with(data_dir):
    types = Counter(read_questions(data_dir / "nextqa" / "val.csv").types)
    types["TN"] += types.pop("TP")
    assert types == COUNTS["val"]
