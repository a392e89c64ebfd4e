"""The images of answers in docs/vqa.md, drawn here from other predictions than those of the demo and of NExT-QA."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from helpers.question_examples import make_questions, partly_right
from trajvqa.datasets.nextqa import write_questions
from trajvqa.evaluation.accuracy import write_predictions

pytest.importorskip("matplotlib")

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_image_is_drawn_and_shown(tmp_path, capsys):
    if not DOCS.is_dir():
        pytest.skip("a source distribution has no docs")
    questions = make_questions(videos=40, each=6)
    for table, predictions in (
        ("demo/worlds/test.csv", "demo/small-both-1-epochs/predictions_test.json"),
        ("demo/worlds/test.csv", "demo/small-text-only-1-epochs/predictions_test.json"),
        ("data/nextqa/val.csv", "data/nextqa/HGA-bert-ft-h256-val-example.json"),
    ):
        for path in (tmp_path / table, tmp_path / predictions):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_questions(tmp_path / table, questions)
        write_predictions(tmp_path / predictions, questions, partly_right(questions, 0.5))
    (tmp_path / "images").mkdir()
    write = runpy.run_path(str(DOCS / "answer_charts.py"))["write"]
    write(tmp_path / "images", tmp_path / "demo", tmp_path / "data")
    drawn = {path.name for path in (tmp_path / "images").iterdir()}
    assert drawn == {path.name for path in (DOCS / "images").glob("answers-*")}
    page = (DOCS / "vqa.md").read_text()
    assert [name for name in drawn if f"](images/{name})" not in page] == []
