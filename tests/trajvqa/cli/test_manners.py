"""Help, examples and JSON output of the program, beyond what the tests of trajtrack's program cover."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers.cli_examples import examples_in, help_texts
from helpers.data_examples import write_data
from helpers.vidvrd_examples import write_videos
from trajvqa.cli import PROGRAM, main
from trajvqa.datasets.nextqa import read_questions, write_questions
from trajvqa.stores import write_region_features

SMALL = [
    f"settings.{each}" for each in ("hidden_size=16", "word_size=8", "fusion_size=64", "trajectory_feed_forward=16")
]


SMALLER = {
    "train": ["--set", "training.epochs=1"],
    "table": ["--set", "training.epochs=1"],
    "vidvrd-questions": ["--val-videos", "1", "--test-videos", "1"],
}
"""Arguments added to the examples of commands to make them quick and their input small."""

NEED_MODELS = ("answer", "extract")
"""Commands whose examples need models of pixels."""


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a data folder ``worlds`` and a run ``first``."""
    folder = tmp_path_factory.mktemp("examples")
    data = write_data(folder / "worlds")
    settings = [word for setting in [*SMALL, "training.epochs=1"] for word in ("--set", setting)]
    assert main(["train", "small/both", "--data", str(data), "-o", str(folder / "first"), *settings]) == 0
    return folder


def test_each_help_ends_with_examples_and_fits_80_columns():
    for name, text in help_texts(PROGRAM.parser()):
        assert examples_in(text), name
        assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.slow
def test_the_examples_of_all_helps_run(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder / "worlds", "worlds")
    # Of one type, so that its answers are few and the same ones are offered again and again.
    questions = read_questions("worlds/test.csv")
    write_questions("worlds/test.csv", replace(questions, types=("DO",) * len(questions)))
    shutil.copy(folder / "first" / "predictions_test.json", "text.json")
    shutil.copy(folder / "first" / "predictions_test.json", "answers.json")
    shutil.copy("worlds/test.csv", "test.csv")
    location = {"0": [[0, 2]]}
    Path("gsub.json").write_text(json.dumps({"test-video0": {"duration": 4, "location": location}}))
    Path("in").mkdir()
    Path("in/one.txt").write_text("1,-1,0,0,10,10,0.9\n2,-1,0,0,10,10,0.8\n")
    boxes = np.tile(np.array([0.0, 0, 10, 10]), (2, 2, 1, 1))
    write_region_features("region_val.h5", ["one"], [(np.ones((2, 2, 1, 3)), boxes)])
    shutil.make_archive("VidVRD-dataset", "zip", write_videos(tmp_path / "annotations", 4))
    for name, text in help_texts(PROGRAM.parser()):
        for example in examples_in(text):
            words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", example))[1:]
            if words[0] in NEED_MODELS:
                continue
            assert main([*words, *SMALLER.get(words[0], [])]) == 0, f"{name}: {example}\n{capsys.readouterr().err}"


def test_the_help_of_the_program_says_what_each_command_says():
    assert PROGRAM.parser([]).format_help() == PROGRAM.parser().format_help()


def test_without_a_command_the_help_goes_to_standard_error(capsys):
    assert main([]) == 2
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", PROGRAM.parser().format_help())


def test_vidvrd_questions_of_too_few_videos_fail_without_a_traceback(tmp_path, capsys):
    source = write_videos(tmp_path / "annotations", 4)
    assert main(["vidvrd-questions", str(source), str(tmp_path / "out")]) == 1
    assert "trajvqa: error: test_videos, val_videos: found 240 and 80, expected fewer" in capsys.readouterr().err


def json_of(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_train_prints_accuracies_as_json(folder, capsys):
    run = folder / "first"
    found = json_of(capsys, "train", run / "experiment.json", "--data", folder / "worlds", "-o", run)
    assert found["run"] == str(run)
    assert sum(found["accuracies"]["test"]["counts"].values()) == 24


def test_predict_prints_the_accuracy_as_json(folder, tmp_path, capsys):
    output = tmp_path / "predictions.json"
    found = json_of(capsys, "predict", folder / "first" / "best.pt", "--data", folder / "worlds", "-o", output)
    assert (found["output"], found["split"]) == (str(output), "test")
    assert sum(found["accuracy"]["right"].values()) / 24 == found["accuracy"]["overall"]


def test_predict_prints_one_question_as_json(folder, capsys):
    words = ["predict", folder / "first" / "best.pt", "--data", folder / "worlds", "--question", "test-video3_2"]
    found = json_of(capsys, *words)
    assert (found["video"], found["qid"], len(found["candidates"])) == ("test-video3", "2", 5)
    assert max(found["scores"]) == found["scores"][found["prediction"]]
    weights = [each["weight"] for each in found["attention"]]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) <= found["trajectories"]


def test_models_prints_names_as_json(capsys):
    found = json_of(capsys, "models")
    assert found["models"] == [
        "co-mem",
        "evqa",
        "hcrn",
        "hga",
        "hme",
        "hq-gau",
        "l-gcn",
        "psac",
        "random",
        "st-vqa",
        "text-only",
        "trajectory",
        "zero-shot",
    ]
    assert "small/both" in found["experiments"]
    assert "small" in found["tables"]


def test_build_trajectories_prints_its_counts_as_json(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("1,-1,0,0,10,10,0.9\n2,-1,0,0,10,10,0.8\n")
    (tmp_path / "b.txt").write_text("1,-1,0,zero,10,10,0.9\n")
    inputs = [tmp_path / "a.txt", tmp_path / "b.txt"]
    output = tmp_path / "store.h5"
    words = ["build-trajectories", *inputs, "-o", output, "--image-size", "64x48", "--skip-broken"]
    found = json_of(capsys, *words)
    assert (found["output"], found["videos"], found["trajectories"]) == (str(output), 1, 1)
    (broken,) = found["broken"]
    assert broken["input"] == str(inputs[1])
    assert "line 1" in broken["error"]
