from __future__ import annotations

import json

import numpy as np
import pytest

from helpers.data_examples import small_experiment, write_data
from trajvqa.answering.grounded import ground
from trajvqa.cli import main
from trajvqa.datasets.nextgqa import read_annotations, read_spans
from trajvqa.datasets.nextqa import read_questions
from trajvqa.evaluation.attended_spans import equal_parts, sampled_frames
from trajvqa.evaluation.grounding import score_grounding
from trajvqa.training.checkpoints import load_model
from trajvqa.training.recipes import open_split_for
from trajvqa.training.trainer import train

TIMES = np.arange(32) * 0.75


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with data, two runs, annotations of 20 seconds of all videos but one, and times of frames."""
    folder = tmp_path_factory.mktemp("ground")
    data = write_data(folder / "data")
    train(small_experiment(epochs=1), data, folder / "run")
    train(small_experiment("text-only", epochs=1), data, folder / "text")
    questions = read_questions(data / "test.csv")
    content: dict[str, dict[str, object]] = {}
    for video, qid in zip(questions.videos, questions.qids, strict=True):
        if video != "test-video5":
            entry = content.setdefault(video, {"duration": 20, "location": {}, "fps": 25})
            entry["location"][qid] = [[2.5, 7.5], [12, 13]]
    (folder / "gsub.json").write_text(json.dumps(content))
    (folder / "times.json").write_text(json.dumps(dict.fromkeys(content, TIMES.tolist())))
    (folder / "empty.json").write_text(json.dumps({"99": {"duration": 1, "location": {"0": [[0, 1]]}}}))
    return folder


def run_ground(folder, output, *words, run="run"):
    return main(["ground", str(folder / run), "--data", str(folder / "data"), "-o", str(output), *map(str, words)])


@pytest.mark.parametrize(
    ("words", "moments"),
    [
        (("--durations", "gsub.json"), equal_parts(20.0)),
        (("--frame-times", "times.json"), sampled_frames(TIMES)),
        (("--frame-rate", "5"), equal_parts(20.0)),
    ],
)
def test_spans_come_from_the_model_and_the_times_that_are_given(folder, tmp_path, capsys, monkeypatch, words, moments):
    monkeypatch.chdir(folder)
    assert run_ground(folder, tmp_path / "spans.json", *words) == 0
    model, checkpoint = load_model(folder / "run/best.pt")
    data = open_split_for(folder / "run/best.pt", checkpoint, folder / "data", "test")
    videos = {video for video in data.questions.videos if words[0] == "--frame-rate" or video != "test-video5"}
    expected = ground(model, data, checkpoint.experiment, dict.fromkeys(videos, moments))
    assert json.loads((tmp_path / "spans.json").read_text()) == {key: list(span) for key, span in expected.items()}
    output = capsys.readouterr()
    assert output.out == f"test: {4 * len(videos)} spans\nwrote {tmp_path / 'spans.json'}\n"
    left_out = f"{words[1]}: left out 4 questions about videos that are not in it\n"
    assert output.err == ("" if len(videos) == 6 else left_out)


def test_one_kind_of_attention_can_be_chosen(folder, tmp_path, capsys):
    found = []
    for kind in ("clips", "trajectories"):
        words = ["--durations", folder / "gsub.json", "--attention", kind, "--json"]
        assert run_ground(folder, tmp_path / f"{kind}.json", *words) == 0
        report = json.loads(capsys.readouterr().out)
        assert report == {"output": str(tmp_path / f"{kind}.json"), "split": "test", "spans": 20, "left_out": 4}
        found.append(json.loads((tmp_path / f"{kind}.json").read_text()))
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("words", "run", "code", "message"),
    [
        (["--frame-rate", "25"], "text", 1, "model 'text-only': found no attention to parts of the video, expected"),
        (["--frame-rate", "0"], "run", 2, "--frame-rate: found 0.0, expected a number above 0"),
        (["--frame-rate", "nan"], "run", 2, "--frame-rate: found nan, expected a number above 0"),
        (["--durations", "empty.json"], "run", 1, "empty.json: found none of the videos of"),
        (["--frame-times", "gsub.json"], "run", 1, "gsub.json: video test-video0: found {"),
    ],
)
def test_what_cannot_be_grounded_is_named(folder, tmp_path, capsys, monkeypatch, words, run, code, message):
    monkeypatch.chdir(folder)
    assert run_ground(folder, tmp_path / "spans.json", *words, run=run) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "spans.json").exists()


def test_times_are_required(folder, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        run_ground(folder, tmp_path / "spans.json")
    assert stop.value.code == 2
    assert "one of the arguments --durations --frame-times --frame-rate is required" in capsys.readouterr().err


def test_written_spans_can_be_scored(folder, tmp_path, capsys):
    assert run_ground(folder, tmp_path / "spans.json", "--frame-rate", "5") == 0
    capsys.readouterr()
    words = ["eval-grounding", tmp_path / "spans.json", folder / "gsub.json", "--json", "--answers"]
    assert main([*map(str, words), str(folder / "run/predictions_test.json"), str(folder / "data/test.csv")]) == 0
    output = capsys.readouterr()
    found = json.loads(output.out)
    annotations = read_annotations(folder / "gsub.json")
    expected = score_grounding(annotations, read_spans(tmp_path / "spans.json", annotations))
    assert 0 <= found["acc_gqa"] <= found["iop_50"]
    assert found == {
        "spans": str(tmp_path / "spans.json"),
        "annotations": str(folder / "gsub.json"),
        **(expected.to_dict() | {"acc_gqa": found["acc_gqa"]}),
    }
    assert output.err == (
        f"{tmp_path / 'spans.json'}: left out 4 spans for questions that are not in {folder / 'gsub.json'}\n"
    )
