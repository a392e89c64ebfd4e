from __future__ import annotations

import json
import shlex
import warnings
from pathlib import Path

import pytest

import trajtrack
from trajtrack.cli import PROGRAM, main
from trajtrack.cli.link_flags import link_options

pytest.importorskip("trackeval")


@pytest.fixture(autouse=True)
def in_folder_with_two_scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write two scenes with many false boxes, of which Seq-NMS makes trajectories if nothing is set."""
    monkeypatch.chdir(tmp_path)
    for seed in range(2):
        scene = trajtrack.make_scene(num_frames=30, objects_per_frame=3, false_positives=5, num_classes=1, seed=seed)
        trajtrack.write(f"{seed}-found.txt", scene.detections)
        trajtrack.write(f"{seed}-truth.txt", scene.truth)


BOTH = ["tune", "*-found.txt", "--gt", "*-truth.txt", "--method", "seq-nms"]
ONE = ["tune", "0-found.txt", "--gt", "0-truth.txt", "--method", "seq-nms"]


def report_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_tune_finds_better_options_and_says_so(capsys):
    assert main(BOTH) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["HOTA", "gain", "gain", "by", "part"]
    assert [line[9:36].strip() for line in lines[1:4]] == [
        "defaults",
        "tuned, on the same videos",
        "tuned, on videos held out",
    ]
    assert lines[5].startswith("seq-nms: use the tuned options, better than the defaults in 2 of 2 parts held out")
    assert lines[-1].startswith("best flags for trajtrack link: --method seq-nms --")


def test_the_flags_are_those_of_trajtrack_link(capsys):
    flags = report_of(BOTH, capsys)["flags"]
    assert main(["link", "0-found.txt", "-o", "tracks.txt", *shlex.split(flags)]) == 0
    arguments = PROGRAM.parser().parse_args(["link", "0-found.txt", "-o", "tracks.txt", *shlex.split(flags)])
    assert link_options(arguments) != trajtrack.LinkOptions()


def test_scores_are_those_of_trajtrack_eval_after_trajtrack_link(capsys):
    report = report_of([*BOTH, "--metric", "mota"], capsys)
    (method,) = report["methods"]
    for flags, score in (("--method seq-nms", method["default"]), (method["tuned_flags"], method["tuned"])):
        assert main(["link", "*-found.txt", "-o", "linked", "--output-format", "csv", *shlex.split(flags)]) == 0
        capsys.readouterr()
        assert main(["eval", "--gt", "*-truth.txt", "linked/*", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["metrics"]["mota"] == pytest.approx(score, abs=1e-3)


def test_the_report_has_the_parts_and_the_number_of_linkings(capsys):
    report = report_of(BOTH, capsys)
    assert report["files"][1] == {"gt": "1-truth.txt", "detections": "1-found.txt", "preset": "none"}
    assert (report["metric"], report["method"]) == ("hota", "seq-nms")
    assert 0 < report["linkings"] <= report["most_linkings"]
    (method,) = report["methods"]
    assert [part["held_out"] for part in method["parts"]] == [["0-found.txt"], ["1-found.txt"]]
    assert method["better"] is True


def test_tune_is_deterministic(capsys):
    assert report_of([*BOTH, "--threads", "1"], capsys) == report_of([*BOTH, "--threads", "2"], capsys)


def test_both_methods_are_tuned_unless_one_is_chosen(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", trajtrack.TrajtrackWarning)  # short scenes cannot be calibrated
        report = report_of(BOTH[:-2], capsys)
    assert [each["method"] for each in report["methods"]] == ["flow", "seq-nms"]


def test_with_one_video_a_warning_says_that_others_are_unknown(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(ONE) == 0
    output = capsys.readouterr()
    assert output.err.startswith("trajtrack: warning: 0-found.txt: found one video, expected several")
    assert "held out" not in output.out
    assert "seq-nms: the tuned options suit this video, which says nothing about others\n  --method" in output.out


def test_where_nothing_is_better_the_defaults_are_kept(capsys):
    for seed in range(2):
        for name, identity in (("found", -1), ("truth", 1)):
            still = "".join(f"{frame},{identity},0,0,10,10,0.9\n" for frame in range(1, 30))
            Path(f"{seed}-{name}.txt").write_text(still)
    assert main([*BOTH, "--preset", "none"]) == 0
    output = capsys.readouterr().out
    assert "seq-nms: keep the defaults, nothing better was found\n  --method seq-nms\n" in output
    assert output.endswith("best flags for trajtrack link: --method seq-nms\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["tune", "0-found.txt", "--gt", "*-truth.txt"], 2, "found 2 files of ground truth and 1 of detections"),
        ([*ONE, "--threads", "0"], 2, "--threads: found 0, expected an integer from 1 to 1024"),
        (["tune", "0-found.txt", "--gt", "0-found.txt"], 1, "0-found.txt: found boxes without identities"),
        (["tune", "missing.txt", "--gt", "0-truth.txt"], 1, "missing.txt: No such file"),
        ([*BOTH, "--classes", "dog"], 1, "classes: found 'dog', expected some of 0"),
        ([*BOTH, "--classes", "0", "--class-agnostic"], 2, "--classes: found with --class-agnostic"),
    ],
)
def test_what_cannot_be_tuned_is_named(words, code, message, capsys):
    assert main(words) == code
    assert f"trajtrack: error: {message}" in capsys.readouterr().err


def test_identities_found_twice_are_named_by_the_numbers_of_their_file(capsys):
    with Path("0-truth.txt").open("a") as file:
        file.write("3,99,0,0,9,9\n3,99,50,0,9,9\n")
    assert main(BOTH) == 1
    assert "0-truth.txt: found two boxes of identity 99 in frame 3, expected at most one" in capsys.readouterr().err
