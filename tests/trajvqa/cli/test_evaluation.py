from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers.question_examples import make_questions
from helpers.vector_images import texts_of
from trajvqa.cli import main
from trajvqa.datasets.nextqa import read_questions, write_questions
from trajvqa.evaluation.accuracy import is_right, read_predictions, write_predictions
from trajvqa.evaluation.confusion import confusions
from trajvqa.evaluation.statistics import bootstrap_interval, difference_interval, mcnemar

QUESTIONS = make_questions(videos=20, each=6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with questions and three files of predictions; a is the most accurate and c the least."""
    write_questions(tmp_path / "val.csv", QUESTIONS)
    rng = np.random.Generator(np.random.PCG64(0))
    for name, share in (("a", 0.8), ("b", 0.6), ("c", 0.2)):
        wrong = rng.random(len(QUESTIONS)) >= share
        chosen = (QUESTIONS.answers + wrong) % 5
        write_predictions(tmp_path / f"{name}.json", QUESTIONS, dict(zip(QUESTIONS.keys, chosen.tolist(), strict=True)))
    return tmp_path


def right_in(path: Path) -> np.ndarray:
    return is_right(QUESTIONS, read_predictions(path, QUESTIONS))


def evaluate(folder: Path, *words: str) -> int:
    return main(["eval", str(folder / "a.json"), str(folder / "val.csv"), *words])


def test_it_prints_accuracy_by_type_and_an_interval(folder, capsys):
    assert evaluate(folder) == 0
    first, _, head, shares, counts, _, overall, explanation = capsys.readouterr().out.splitlines()
    right = right_in(folder / "a.json")
    low, high = bootstrap_interval(right, QUESTIONS.videos)
    assert first == f"{folder / 'a.json'} against {folder / 'val.csv'}: 120 questions of 20 videos"
    assert head.split()[:3] == ["Why", "How", "Bef&Aft"]
    assert shares.split()[-1] == f"{100 * right.mean():.2f}"
    assert counts.split() == ["questions", "20", "20", "20", "20", "20", "0", "20", "40", "40", "40", "120"]
    assert overall == f"accuracy: {100 * right.mean():.2f} %, {100 * low:.2f} to {100 * high:.2f}"
    assert explanation == (
        "Intervals hold 95 % of 2000 bootstrap draws of whole videos, since questions about one video are not "
        "independent."
    )


def test_it_compares_with_other_predictions(folder, capsys):
    assert evaluate(folder, "--compare", str(folder / "b.json")) == 0
    lines = capsys.readouterr().out.splitlines()
    right, other = right_in(folder / "a.json"), right_in(folder / "b.json")
    low, high = difference_interval(right, other, QUESTIONS.videos)
    assert lines[4].startswith("compare, % ")
    assert lines[4].endswith(f"{100 * other.mean():.2f}")
    assert lines[8] == (
        f"difference from {folder / 'b.json'}: {100 * (right.mean() - other.mean()):+.2f} points, {100 * low:+.2f} to "
        f"{100 * high:+.2f}; McNemar's p = {mcnemar(right, other):.2g} ({(right & ~other).sum()} correct here only, "
        f"{(other & ~right).sum()} there only)"
    )


def test_it_prints_the_gain_over_text_alone(folder, capsys):
    assert evaluate(folder, "--text-only", str(folder / "c.json")) == 0
    lines = capsys.readouterr().out.splitlines()
    gap = right_in(folder / "a.json").mean() - right_in(folder / "c.json").mean()
    assert lines[4].startswith("text only, % ")
    assert lines[8].startswith(f"gain over text alone, {folder / 'c.json'}: {100 * gap:+.2f} points, ")


def test_predictions_do_not_differ_from_themselves(folder, capsys):
    assert evaluate(folder, "--compare", str(folder / "a.json")) == 0
    assert (
        "+0.00 points, +0.00 to +0.00; McNemar's p = 1 (0 correct here only, 0 there only)" in capsys.readouterr().out
    )


def test_json_has_the_same_content(folder, capsys):
    words = ["--json", "--compare", str(folder / "b.json"), "--text-only", str(folder / "c.json")]
    assert evaluate(folder, *words) == 0
    report = json.loads(capsys.readouterr().out)
    right, other, text = (right_in(folder / f"{name}.json") for name in "abc")
    names = ["predictions", "answers", "accuracy", "compare", "text_only", "by_type", "confusions", "intervals"]
    assert list(report) == names
    assert report["accuracy"]["overall"] == right.mean()
    assert report["accuracy"]["interval"] == list(bootstrap_interval(right, QUESTIONS.videos))
    assert report["accuracy"]["counts"] == {"CW": 20, "CH": 20, "TN": 20, "TC": 20, "DC": 20, "DO": 20}
    assert sum(report["accuracy"]["right"].values()) == right.sum()
    assert report["accuracy"]["groups"].keys() == {"C", "T", "D"}
    assert report["compare"]["predictions"] == str(folder / "b.json")
    assert report["compare"]["accuracy"]["overall"] == other.mean()
    assert report["compare"]["p"] == mcnemar(right, other)
    assert report["text_only"]["difference"] == right.mean() - text.mean()
    assert report["text_only"]["interval"] == list(difference_interval(right, text, QUESTIONS.videos))
    assert report["intervals"] == {"level": 0.95, "resamples": 2000, "seed": 0, "drawn": "videos"}


def test_json_has_what_the_images_show(folder, capsys):
    assert evaluate(folder, "--json", "--compare", str(folder / "b.json")) == 0
    report = json.loads(capsys.readouterr().out)
    right, other = right_in(folder / "a.json"), right_in(folder / "b.json")
    first = report["by_type"][0]
    assert (first["title"], first["questions"], first["videos"]) == ("all", 120, 20)
    assert [first["accuracy"]["low"], first["accuracy"]["high"]] == report["accuracy"]["interval"]
    difference, agreement = first["compare"]["difference"], first["compare"]["agreement"]
    assert [difference["low"], difference["high"]] == report["compare"]["interval"]
    assert agreement["both"] == (right & other).mean()
    titles = [row["title"] for row in report["by_type"]]
    assert "count (DC)" in titles
    expected = confusions(QUESTIONS, read_predictions(folder / "a.json", QUESTIONS))
    assert list(report["confusions"]) == [each.kind for each in expected]
    assert [each["chosen"] for each in report["confusions"].values()] == [each.chosen.tolist() for each in expected]


def test_predictions_of_more_questions_are_scored_on_those_of_the_table(folder, capsys):
    some = QUESTIONS.select(np.arange(0, 120, 2))
    write_questions(folder / "val.csv", some)
    assert evaluate(folder, "--compare", str(folder / "b.json"), "--json") == 0
    output = capsys.readouterr()
    right = right_in(folder / "a.json")[::2]
    assert json.loads(output.out)["accuracy"]["overall"] == right.mean()
    assert output.err.splitlines() == [
        f"{folder / name}: left out 60 predictions for questions that are not in {folder / 'val.csv'}"
        for name in ("a.json", "b.json")
    ]


def test_questions_can_come_from_standard_input(folder):
    command = [sys.executable, "-m", "trajvqa", "eval", str(folder / "a.json"), "-"]
    text = (folder / "val.csv").read_text()
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300, check=True)
    assert result.stdout.startswith(f"{folder / 'a.json'} against -: 120 questions of 20 videos\n")


def test_a_chart_shows_the_types_and_names_the_files_compared(folder, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(folder)
    words = ["--compare", "b.json", "--text-only", "c.json", "--chart", "new/chart.svg"]
    assert main(["eval", "a.json", "val.csv", *words]) == 0
    texts = texts_of(folder / "new" / "chart.svg")
    assert {"a.json", "compare: b.json", "text only: c.json", "count (DC): 20 questions"} <= texts


def test_a_confusion_shows_the_chosen_answers_of_types_with_few(folder, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(folder)
    assert main(["eval", "a.json", "val.csv", "--confusion", "new/confusion.svg"]) == 0
    assert {"a.json", "count (DC): 20 questions", "chosen"} <= texts_of(folder / "new" / "confusion.svg")


def test_images_leave_what_is_printed_as_it_is(folder, capsys):
    pytest.importorskip("matplotlib")
    evaluate(folder)
    printed = capsys.readouterr()
    evaluate(folder, "--chart", str(folder / "chart.png"), "--confusion", str(folder / "confusion.pdf"))
    assert capsys.readouterr() == printed
    assert (folder / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "confusion.pdf").read_bytes().startswith(b"%PDF")


def test_a_confusion_of_no_type_is_one_line_after_the_accuracy(folder, capsys):
    candidates = tuple(tuple(f"{text} {row}" for text in texts) for row, texts in enumerate(QUESTIONS.candidates))
    write_questions(folder / "val.csv", replace(QUESTIONS, candidates=candidates))
    assert evaluate(folder, "--confusion", str(folder / "confusion.svg")) == 1
    output = capsys.readouterr()
    assert "accuracy, %" in output.out
    assert output.err.startswith("trajvqa: error: --confusion: found no question type whose candidates are nearly all")
    assert output.err.count("\n") == 1
    assert not (folder / "confusion.svg").exists()


@pytest.mark.parametrize("flag", ["--chart", "--confusion"])
def test_an_image_of_another_suffix_is_refused_before_anything_is_read(folder, capsys, flag):
    (folder / "a.json").unlink()
    assert evaluate(folder, flag, "a.gif") == 2
    expected = f"trajvqa: error: {flag}: found 'a.gif', expected one of the suffixes .png, .svg, .pdf\n"
    assert capsys.readouterr().err == expected


def test_both_images_in_one_file_are_refused(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert evaluate(folder, "--chart", "a.svg", "--confusion", "./a.svg") == 2
    assert "--confusion: found './a.svg', expected another file than that of --chart" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--chart", "--confusion"])
def test_the_accuracy_is_printed_even_if_an_image_cannot_be_written(folder, capsys, flag):
    pytest.importorskip("matplotlib")
    (folder / "file").touch()
    assert evaluate(folder, flag, str(folder / "file" / "a.svg")) == 1
    output = capsys.readouterr()
    assert "accuracy, %" in output.out
    assert output.err == f"trajvqa: error: {folder / 'file'}: Is a file, expected a folder\n"


def test_a_full_disk_leaves_the_earlier_image(folder, capsys, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure")
    (folder / "a.svg").write_text("earlier")

    def fill(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(figure.Figure, "savefig", fill)
    assert evaluate(folder, "--chart", str(folder / "a.svg")) == 1
    output = capsys.readouterr()
    assert "accuracy, %" in output.out
    assert output.err == f"trajvqa: error: {folder / 'a.svg'}: No space left on device\n"
    assert (folder / "a.svg").read_text() == "earlier"


def test_without_matplotlib_the_accuracy_is_printed_and_the_error_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert evaluate(folder, "--chart", str(folder / "a.svg")) == 1
    output = capsys.readouterr()
    assert "accuracy, %" in output.out
    assert output.err == "trajvqa: error: images need matplotlib: pip install 'trajtrack[view]'\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", r"a\.json: found no JSON that can be read"),
        ("b.json", "{}", r"b\.json: found no prediction for 120 of 120 questions, the first video0_0"),
        ("c.json", "[]", r"c\.json: found a JSON list, expected"),
        ("val.csv", "", r"val\.csv: found an empty file"),
    ],
)
def test_a_bad_file_is_named(folder, capsys, name, content, message):
    (folder / name).write_text(content)
    assert evaluate(folder, "--compare", str(folder / "b.json"), "--text-only", str(folder / "c.json")) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"trajvqa: error: {folder}")
    assert captured.err.count("\n") == 1
    assert re.search(message, captured.err)


@pytest.mark.parametrize("name", ["a.json", "val.csv"])
def test_a_missing_file_is_named(folder, capsys, name):
    (folder / name).unlink()
    assert evaluate(folder) == 1
    assert capsys.readouterr().err == f"trajvqa: error: {folder / name}: No such file or directory\n"


@pytest.mark.real_data
def test_the_published_predictions_of_hga_score_as_published(data_dir, capsys):
    path, answers = data_dir / "nextqa" / "HGA-bert-ft-h256-val-example.json", data_dir / "nextqa" / "val.csv"
    assert main(["eval", str(path), str(answers)]) == 0
    output = capsys.readouterr().out
    assert "46.99  44.22    49.53  52.49  44.07  72.54  55.41  46.26  50.74  59.33  49.74\n" in output
    assert "4996 questions of 570 videos" in output
    questions = read_questions(answers)
    low, high = bootstrap_interval(is_right(questions, read_predictions(path, questions)), questions.videos)
    assert f"accuracy: 49.74 %, {100 * low:.2f} to {100 * high:.2f}\n" in output
