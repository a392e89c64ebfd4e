from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from helpers.question_examples import make_questions
from trajvqa.cli import main
from trajvqa.datasets.nextgqa import read_annotations, write_spans
from trajvqa.datasets.nextqa import write_questions
from trajvqa.evaluation.accuracy import write_predictions

QUESTIONS = make_questions(videos=4, each=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with annotations of four questions, spans of three, and answers, right but for the first."""
    content = {video: {"duration": 20, "location": {"0": [[5, 10]]}} for video in QUESTIONS.videos}
    (tmp_path / "gsub.json").write_text(json.dumps(content))
    spans = {"video0_0": (5, 10), "video1_0": (5, 10), "video2_0": (0, 20)}
    write_spans(tmp_path / "spans.json", spans)
    write_spans(tmp_path / "shares.json", {key: (start / 20, end / 20) for key, (start, end) in spans.items()})
    write_questions(tmp_path / "val.csv", QUESTIONS)
    chosen = QUESTIONS.answers.copy()
    chosen[0] = (chosen[0] + 1) % 5
    write_predictions(tmp_path / "answers.json", QUESTIONS, dict(zip(QUESTIONS.keys, chosen.tolist(), strict=True)))
    return tmp_path


def score(folder: Path, *words: str, spans: str = "spans.json") -> int:
    return main(["eval-grounding", str(folder / spans), str(folder / "gsub.json"), *words])


def test_it_prints_the_table_of_nextgqa(folder, capsys):
    assert score(folder, "--answers", str(folder / "answers.json"), str(folder / "val.csv")) == 0
    first, second, _, head, values = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'spans.json'} against {folder / 'gsub.json'}: 3 questions of 3 videos"
    assert second == "1 annotated question without a span does not count"
    assert head.split() == ["Acc@GQA", "mIoP", "IoP@0.3", "IoP@0.5", "mIoU", "IoU@0.3", "IoU@0.5"]
    assert values.split() == ["33.3", "75.0", "66.7", "66.7", "75.0", "66.7", "66.7"]


def test_without_answers_their_share_is_not_known(folder, capsys):
    assert score(folder) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[0] == "-"


def test_json_has_the_same_content(folder, capsys):
    assert score(folder, "--json", "--answers", str(folder / "answers.json"), str(folder / "val.csv")) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report)[:3] == ["spans", "annotations", "acc_gqa"]
    assert (report["acc_gqa"], report["mean_iop"], report["count"], report["missing"]) == (1 / 3, 0.75, 3, 1)


def test_shares_of_the_duration_are_the_same_as_seconds(folder, capsys):
    found = []
    for words, spans in (((), "spans.json"), (("--shares",), "shares.json")):
        assert score(folder, *words, spans=spans) == 0
        found.append(capsys.readouterr().out.splitlines()[1:])
    assert found[0] == found[1]


def test_seconds_are_no_shares(folder, capsys):
    assert score(folder, "--shares") == 1
    assert "expected shares of the duration, up to 1" in capsys.readouterr().err
    assert score(folder, spans="shares.json") == 0
    noted = "3 of 3 spans end in the first second; --shares reads shares"
    assert capsys.readouterr().err == f"{folder / 'shares.json'}: {noted}\n"


def test_shares_are_noted_though_a_rounded_duration_makes_one_longer_than_1(folder, capsys):
    questions = make_questions(videos=20, each=1)
    content = {video: {"duration": 20, "location": {"0": [[5, 10]]}} for video in questions.videos}
    (folder / "gsub.json").write_text(json.dumps(content))
    write_spans(
        folder / "shares.json", {key: (0.25, 0.5 if index else 1.02) for index, key in enumerate(questions.keys)}
    )
    assert score(folder, spans="shares.json") == 0
    assert "19 of 20 spans end in the first second; --shares reads shares" in capsys.readouterr().err


def test_frames_are_no_seconds(folder, capsys):
    write_spans(folder / "frames.json", {"video0_0": (125, 250), "video1_0": (20.5, 30)})
    assert score(folder, spans="frames.json") == 0
    noted = "1 of 2 spans start after the end of the video; expected seconds"
    assert capsys.readouterr().err == f"{folder / 'frames.json'}: {noted}\n"


def test_what_is_left_out_is_noted(folder, capsys):
    content = json.loads((folder / "spans.json").read_text())
    (folder / "spans.json").write_text(json.dumps(content | {"other_0": [0, 1]}))
    write_questions(folder / "val.csv", QUESTIONS.select([0, 1, 2]))
    assert score(folder, "--answers", str(folder / "answers.json"), str(folder / "val.csv")) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"{folder / 'spans.json'}: left out 1 span for questions that are not in {folder / 'gsub.json'}",
        f"{folder / 'answers.json'}: left out 1 prediction for questions that are not in {folder / 'val.csv'}",
    ]


def test_a_question_without_an_answer_is_named(folder, capsys):
    write_questions(folder / "val.csv", QUESTIONS.select([1, 2, 3]))
    assert score(folder, "--answers", str(folder / "answers.json"), str(folder / "val.csv")) == 1
    assert (
        f"{folder / 'val.csv'}: found no question video0_0, expected all 3 that have a span" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gsub.json", "{", r"gsub\.json: line 1: found the end of the file, expected JSON"),
        ("spans.json", "{}", r"spans\.json: found none of the 4 questions of .*, expected some, such as video0_0"),
        ("spans.json", '{"video0_0": [3, 1]}', r"spans\.json: question video0_0: found \[3, 1\], expected"),
        ("answers.json", "{}", r"answers\.json: found no prediction for 4 of 4 questions"),
    ],
)
def test_a_bad_file_is_named(folder, capsys, name, content, message):
    (folder / name).write_text(content)
    assert score(folder, "--answers", str(folder / "answers.json"), str(folder / "val.csv")) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert re.search(message, captured.err)


@pytest.mark.real_data
def test_the_whole_video_on_nextgqa(data_dir, tmp_path, capsys):
    path = data_dir / "nextgqa" / "gsub_val.json"
    annotations = read_annotations(path)
    durations = {key: annotations.durations[video] for key, video in annotations.videos.items()}
    write_spans(tmp_path / "whole.json", {key: (0, duration) for key, duration in durations.items()})
    assert main(["eval-grounding", str(tmp_path / "whole.json"), str(path)]) == 0
    output = capsys.readouterr().out
    assert "3358 questions of 567 videos" in output
    assert output.splitlines()[-1].split() == ["-", "21.3", "21.2", "10.6", "21.3", "21.2", "10.6"]
