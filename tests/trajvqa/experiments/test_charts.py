from __future__ import annotations

import pytest

from helpers.table_examples import make_results
from helpers.vector_images import texts_of
from trajvqa.experiments.charts import draw_table
from trajvqa.experiments.files import read_table

pytest.importorskip("matplotlib")


def test_a_chart_names_rows_groups_and_what_its_marks_are(tmp_path):
    table = read_table("4")
    draw_table(tmp_path / "table.svg", table, [0, 1], make_results(table))
    texts = texts_of(tmp_path / "table.svg")
    assert {row.name for row in table.rows} | {"C", "T", "D", "All"} <= texts
    assert (
        "dot: mean; bar: 95 % interval of the mean over 2 seeds (Student's t); dashed: chance; "
        "diamond: the paper, on NExT-QA"
    ) in texts


def test_the_chart_of_one_seed_says_that_its_intervals_are_of_videos(tmp_path):
    table = read_table("small")
    draw_table(tmp_path / "table.svg", table, [0], make_results(table, seeds=1))
    caption = "dot: accuracy; bar: 95 % interval of one seed (bootstrap over videos); dashed: chance"
    assert caption in texts_of(tmp_path / "table.svg")


def test_a_chart_by_type_has_a_panel_for_each_type(tmp_path):
    table = read_table("2")
    draw_table(tmp_path / "table.svg", table, [0, 1], make_results(table))
    assert set(table.columns) <= texts_of(tmp_path / "table.svg")


def test_groups_without_questions_have_no_panel(tmp_path):
    table = read_table("small")
    draw_table(tmp_path / "table.svg", table, [0, 1], make_results(table, columns=("T", "D", "All")))
    assert texts_of(tmp_path / "table.svg") & {"C", "T", "D", "All"} == {"T", "D", "All"}


def test_a_sweep_is_a_line_for_each_experiment_over_the_values(tmp_path):
    table = read_table("negatives")
    draw_table(tmp_path / "table.svg", table, [0, 1], make_results(table))
    texts = texts_of(tmp_path / "table.svg")
    assert {"both, GloVe", "qa-, BERT-FT", "M", "1", "2", "5", "10", "15", "20"} <= texts
    assert "both, GloVe, M = 5" not in texts


def test_a_part_of_a_sweep_is_drawn_too(tmp_path):
    table = read_table("negatives").only(["both, GloVe, M = 5"])
    draw_table(tmp_path / "table.svg", table, [0], make_results(table, seeds=1))
    assert "qa-, BERT-FT" not in texts_of(tmp_path / "table.svg")


def test_a_chart_of_other_suffix_or_without_rows_is_refused(tmp_path):
    table = read_table("4")
    with pytest.raises(ValueError, match=r"path: found '.*table\.gif', expected one of the suffixes \.png, "):
        draw_table(tmp_path / "table.gif", table, [0], make_results(table, seeds=1))
    with pytest.raises(ValueError, match="rows: found none, expected at least one"):
        draw_table(tmp_path / "table.png", table, [0], [])
