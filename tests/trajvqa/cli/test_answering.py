from __future__ import annotations

import json

import pytest

from helpers.data_examples import small_experiment, write_data
from helpers.videos import moving_square, write_video
from helpers.viewer_pages import read_page
from trajvqa.cli import main
from trajvqa.training.trainer import train

pytest.importorskip("av")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a video and two runs on data without a recipe; one of them reads no video."""
    folder = tmp_path_factory.mktemp("answer")
    data = write_data(folder / "data")
    train(small_experiment("text-only", epochs=1), data, folder / "text")
    train(small_experiment(epochs=1), data, folder / "full")
    write_video(folder / "in.mp4", moving_square(8))
    return folder


def words(folder, *more, run="text"):
    asked = ["-q", "what does the zebra do?", "-a", "run", "-a", "sing"]
    return ["answer", str(folder / "in.mp4"), *asked, "-c", str(folder / run), *map(str, more)]


def test_scores_and_unknown_words_are_printed_and_a_page_written(folder, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main(words(folder, "-o", page)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["video in", "what does the zebra do?"]
    assert sorted(line.split()[1] for line in lines[3:5]) == ["run", "sing"]
    assert "outside the vocabulary: zebra" in lines
    assert lines[-1] == f"wrote {page}"
    shown = read_page(page)
    assert len(shown.images) == 8
    assert shown.description["question"]["notes"] == [
        "The model reads nothing of the video.",
        "Outside the vocabulary: “zebra”.",
    ]


def test_json_has_the_answer(folder, capsys):
    assert main(words(folder, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["page"], found["candidates"], found["unknown_words"]) == (None, ["run", "sing"], ["zebra"])
    assert found["prediction"] in (0, 1)


def test_a_model_that_reads_video_needs_the_recipe_of_its_data(folder, capsys):
    assert main(words(folder, run="full")) == 1
    assert "found no recipe of its training data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["-o", "page.mp4"], "--output: found 'page.mp4', expected a name that ends in .html or .htm"),
        (["--max-width", "0"], "--max-width: found 0"),
    ],
)
def test_wrong_options_are_named(folder, capsys, more, message):
    assert main(words(folder, *more)) == 2
    assert message in capsys.readouterr().err


def test_one_candidate_is_not_enough(folder, capsys):
    asked = ["answer", str(folder / "in.mp4"), "-q", "what", "-a", "run", "-c", str(folder / "text")]
    assert main(asked) == 2
    assert "--candidate: found 1, expected at least 2" in capsys.readouterr().err


def test_a_missing_video_is_named(folder, capsys):
    asked = ["answer", str(folder / "no.mp4"), "-q", "what", "-a", "run", "-a", "sing", "-c", str(folder / "text")]
    assert main(asked) == 1
    assert "no.mp4" in capsys.readouterr().err
