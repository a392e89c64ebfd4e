from __future__ import annotations

from collections import Counter

import pytest

from trajvqa.datasets.nextqa.questions import read_questions
from trajvqa.experiments.paper_results import PAPER_RESULTS, PaperResult

COUNTS = {
    "val": {"CW": 1924, "CH": 683, "TN": 895 + 54, "TC": 663, "DC": 177, "DL": 295, "DO": 305},
    "test": {"CW": 3329, "CH": 1173, "TN": 1399 + 93, "TC": 1165, "DC": 322, "DL": 483, "DO": 600},
}
"""Questions of NExT-QA by type, TP counted as TN."""
GROUPS = ("causal", "temporal", "descriptive")

MISPRINTS = {
    (1, "HGA", None): "its causal figure is Table 2's of a temporal type",
    (2, "PSAC", "GloVe"): "67.90 on location is no share of 295 questions",
    (2, "ST-VQA", "BERT-FT"): "44.52 on previous and next is no share of 949 questions",
    (3, "L-GCN", None): "its groups add up to one right answer less than its overall accuracy",
}
"""Rows whose figures do not agree with each other in the paper."""
OTHER_QUESTIONS = {(1, "Random", None), (1, "Human", None)}
"""Rows that are not of the validation questions, as their sums show."""


def key(row: PaperResult) -> tuple[int, str, str | None]:
    return row.table, row.name, row.text


def identity(row: PaperResult) -> str:
    return f"table {row.table}, {row.name}" + (f", {row.text}" if row.text else "")


def totals(split: str | None) -> list[int]:
    """Return how many questions are causal, temporal and descriptive."""
    return [sum(count for name, count in COUNTS[split or "val"].items() if name[0] == group) for group in "CTD"]


def possible(percent: float, total: int) -> set[int]:
    """Return how many right answers of so many questions make a printed percentage."""
    return {right for right in range(total + 1) if abs(100 * right / total - percent) < 0.00501}


def sums(parts: list[set[int]]) -> set[int]:
    total = {0}
    for part in parts:
        total = {before + right for before in total for right in part}
    return total


CONSISTENT = [row for row in PAPER_RESULTS if key(row) not in {*MISPRINTS, *OTHER_QUESTIONS}]
WEIGHED = [row for row in PAPER_RESULTS if key(row) not in {(1, "HGA", None), *OTHER_QUESTIONS}]


@pytest.mark.parametrize("row", WEIGHED, ids=identity)
def test_groups_weighed_by_their_questions_make_the_overall_accuracy(row):
    counts = totals(row.split)
    weighed = sum(getattr(row, group) * count for group, count in zip(GROUPS, counts, strict=True)) / sum(counts)
    # Each printed figure is half a hundredth off at most.
    assert weighed == pytest.approx(row.overall, abs=0.01)


@pytest.mark.parametrize("row", CONSISTENT, ids=identity)
def test_every_figure_of_a_row_is_a_number_of_right_answers_and_they_add_up(row):
    counts = totals(row.split)
    groups = [possible(getattr(row, group), count) for group, count in zip(GROUPS, counts, strict=True)]
    assert sums(groups) & possible(row.overall, sum(counts))
    for letter, group in zip("CTD", groups, strict=True):
        parts = [possible(share, COUNTS["val"][name]) for name, share in row.types.items() if name[0] == letter]
        assert not parts or sums(parts) & group


@pytest.mark.parametrize("row", [row for row in PAPER_RESULTS if key(row) in MISPRINTS], ids=identity)
def test_a_misprint_of_the_paper_is_kept(row):
    counts = totals(row.split)
    groups = [possible(getattr(row, group), count) for group, count in zip(GROUPS, counts, strict=True)]
    add_up = bool(sums(groups) & possible(row.overall, sum(counts)))
    types = all(possible(share, COUNTS["val"][name]) for name, share in row.types.items())
    assert not (add_up and types)


@pytest.mark.parametrize(("table", "rows"), [(1, 5), (2, 16), (3, 8), (4, 5), (5, 7), (6, 7)])
def test_each_row_of_a_table_is_there_once(table, rows):
    keys = [key(row) for row in PAPER_RESULTS if row.table == table]
    assert len(set(keys)) == len(keys) == rows


def test_only_table_2_has_figures_by_type():
    for row in PAPER_RESULTS:
        assert list(row.types) == (list(COUNTS["val"]) if row.table == 2 else [])


def test_only_table_3_is_of_the_test_questions():
    assert {row.table for row in PAPER_RESULTS if row.split == "test"} == {3}


def test_a_row_that_several_tables_have_is_the_same_in_all():
    best = (51.40, 52.17, 62.03, 53.30)
    for table in (2, 4, 5, 6):
        figures = [
            (row.causal, row.temporal, row.descriptive, row.overall) for row in PAPER_RESULTS if row.table == table
        ]
        assert best in figures


@pytest.mark.real_data
def test_the_questions_of_nextqa_are_as_many_as_the_rows_are_weighed_with(data_dir):
    types = Counter(read_questions(data_dir / "nextqa" / "val.csv").types)
    types["TN"] += types.pop("TP")
    assert types == COUNTS["val"]
