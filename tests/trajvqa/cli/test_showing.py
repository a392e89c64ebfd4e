from __future__ import annotations

import json

import pytest

from helpers.data_examples import small_experiment, write_data
from helpers.viewer_pages import read_page
from trajvqa.cli import main
from trajvqa.training.trainer import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("show")
    data = write_data(folder / "data")
    train(small_experiment(epochs=1), data, folder / "full")
    train(small_experiment("text-only", epochs=1), data, folder / "text")
    return folder


def test_runs_are_side_by_side_on_a_page(folder, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ["show", folder / "data", folder / "text", folder / "full", "--question", "test-video3_2", "-o", page]
    assert main(list(map(str, words))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["text", "full", f"wrote {page}"]
    shown = read_page(page).description["question"]
    assert [each["model"] for each in shown["answers"]] == ["text", "full"]
    assert [each["weights"] is None for each in shown["answers"]] == [True, False]
    assert "The file of trajectories has no boxes, so that the scene is empty." in shown["notes"]


def test_json_has_the_answer_of_each_run(folder, tmp_path, capsys):
    words = ["show", folder / "data", folder / "full/best.pt", "--question", "test-video0_0"]
    assert main([*map(str, words), "-o", str(tmp_path / "page.html"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["model"] for each in found["answers"]] == ["full"]
    assert found["answers"][0]["video"] == "test-video0"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (["--question", "nobody_0"], 2, "--question: found no 'nobody_0', expected VIDEO_QID as in 'test-video0_0'"),
        (["-o", "page.mp4"], 2, "--output: found 'page.mp4', expected a name that ends in .html or .htm"),
        (["--max-width", "0"], 2, "--max-width: found 0, expected an integer of at least 1"),
    ],
)
def test_wrong_options_are_named(folder, tmp_path, capsys, monkeypatch, changes, code, message):
    monkeypatch.chdir(tmp_path)
    words = ["show", str(folder / "data"), str(folder / "full"), "--question", "test-video0_0", *changes]
    assert main(words) == code
    assert message in capsys.readouterr().err


def test_a_run_that_is_given_twice_is_refused(folder, capsys):
    runs = [str(folder / "full"), str(folder / "full/best.pt")]
    assert main(["show", str(folder / "data"), *runs, "--question", "test-video0_0"]) == 2
    assert "RUN: found the same checkpoint twice" in capsys.readouterr().err
