from __future__ import annotations

import gzip
import json
import os
import shlex
import signal
import subprocess
import sys
import warnings
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.coco_examples import write_two_videos
from trajtrack import Detections, LinkOptions
from trajtrack.cli import main
from trajtrack.io import FORMATS

STILL = "1,-1,0,0,10,10,0.9\n2,-1,0,0,10,10,0.8\n3,-1,0,0,10,10,0.7\n"


@pytest.fixture
def detections_file(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text(STILL)
    return path


def run(*words: object, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trajtrack", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **settings)


def test_link_writes_the_trajectories(detections_file, tmp_path, capsys):
    assert main(["link", str(detections_file), "-o", str(tmp_path / "out.txt")]) == 0
    found = trajtrack.read(tmp_path / "out.txt")
    assert len(found) == 3
    assert len(np.unique(found.track_ids)) == 1
    output = capsys.readouterr().out
    assert "3 detections in 3 frames, 1 trajectory with 100.0% of them" in output
    assert output.endswith(f"-> {tmp_path / 'out.txt'}\n")


def test_every_option_of_linking_is_a_flag_with_its_documentation(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["link", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for field in fields(LinkOptions):
        assert f"--{field.name.replace('_', '-')}" in text
    assert "0 is classic Seq-NMS. Default: 10." in text


def test_flags_reach_the_linking(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("1,-1,0,0,10,10,0.9\n3,-1,0,0,10,10,0.9\n4,-1,50,0,10,10,0.1\n")
    out = tmp_path / "out.txt"
    assert main(["link", str(path), "-o", str(out), "--max-gap", "0", "--min-score", "0.5"]) == 0
    assert len(np.unique(trajtrack.read(out).track_ids)) == 2


def test_the_method_can_be_chosen(tmp_path):
    path, out = tmp_path / "detections.txt", tmp_path / "tracks.txt"
    detections = trajtrack.make_scene(num_frames=60).detections
    trajtrack.write(path, detections)
    assert main(["link", str(path), "-o", str(out), "--method", "seq-nms"]) == 0
    expected = trajtrack.link(trajtrack.read(path), method="seq-nms").to_detections()
    np.testing.assert_array_equal(trajtrack.read(out).track_ids, expected.track_ids)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--method", "seq-nms", "--smooth"], "--smooth: found with --method seq-nms, expected --method flow"),
        (["--method", "flow", "--max-gap", "3"], "--max-gap: found with --method flow, expected --method seq-nms"),
    ],
    ids=["smooth", "max-gap"],
)
def test_a_flag_of_another_method_is_refused(detections_file, tmp_path, capsys, flags, message):
    assert main(["link", str(detections_file), "-o", str(tmp_path / "out.txt"), *flags]) == 2
    assert capsys.readouterr().err == f"trajtrack: error: {message}\n"


def test_a_warning_is_one_line(tmp_path, capsys):
    path = tmp_path / "scattered.txt"
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 1000, (60, 2))
    trajtrack.write(path, Detections(np.hstack([corners, corners + 10]), rng.uniform(size=60), np.arange(60) // 3))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["link", str(path), "-o", str(tmp_path / "out.txt")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith(f"trajtrack: warning: {path}: scores: found that even the") for line in lines] == [True]


def test_interpolated_boxes_are_written_unless_left_out(tmp_path):
    path, out = tmp_path / "in.txt", tmp_path / "out.txt"
    path.write_text("1,-1,0,0,10,10,0.9\n3,-1,0,0,10,10,0.9\n")
    main(["link", str(path), "-o", str(out)])
    assert len(trajtrack.read(out)) == 3
    main(["link", str(path), "-o", str(out), "--no-interpolate"])
    assert len(trajtrack.read(out)) == 2


def test_the_output_format_can_be_named(detections_file, tmp_path):
    out = tmp_path / "out.txt"
    assert main(["link", str(detections_file), "-o", str(out), "--output-format", "kitti"]) == 0
    assert len(out.read_text().splitlines()[0].split()) == 18


def test_json_reports_the_same(detections_file, tmp_path, capsys):
    main(["link", str(detections_file), "-o", str(tmp_path / "out.txt"), "--json"])
    report = json.loads(capsys.readouterr().out)
    (file,) = report["files"]
    assert (file["detections"], file["frames"], file["trajectories"], file["linked"]) == (3, 3, 1, 3)
    assert report["failed"] == []


def test_several_inputs_go_to_a_folder_that_is_created(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(STILL)
    out = tmp_path / "made" / "here"
    assert main(["link", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "-o", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.txt", "b.txt"]


def test_a_pattern_goes_to_a_folder_even_when_one_file_matches(detections_file, tmp_path):
    assert main(["link", str(tmp_path / "*.txt"), "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "in.txt").is_file()


def test_outputs_of_inputs_of_the_same_name_have_folder_names_too(tmp_path):
    for name in ("02", "04"):
        (tmp_path / name / "det").mkdir(parents=True)
        (tmp_path / name / "det" / "det.txt").write_text(STILL)
    assert main(["link", str(tmp_path / "*" / "det" / "det.txt"), "-o", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["02-det-det.txt", "04-det-det.txt"]


def test_a_file_named_twice_is_linked_once(detections_file, tmp_path, capsys):
    main(["link", str(detections_file), str(tmp_path / "*.txt"), "-o", str(tmp_path / "out")])
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_inputs_that_differ_only_in_their_suffix_are_refused(tmp_path, capsys):
    for name in ("a.txt", "a.csv"):
        (tmp_path / name).write_text(STILL)
    assert main(["link", str(tmp_path / "a.txt"), str(tmp_path / "a.csv"), "-o", str(tmp_path / "out")]) == 2
    assert "a.csv: found two inputs of the same name" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["in.txt", "link.txt", "."])
def test_an_input_is_never_overwritten(detections_file, tmp_path, capsys, output):
    (tmp_path / "link.txt").symlink_to(detections_file)
    assert main(["link", str(detections_file), "-o", str(tmp_path / output)]) == 2
    assert "the output would overwrite an input" in capsys.readouterr().err
    assert detections_file.read_text() == STILL


def test_several_inputs_do_not_go_to_one_file(detections_file, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert main(["link", str(tmp_path / "*.txt"), "-o", str(tmp_path / "out")]) == 2
    assert "out: found a file, expected a folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


def test_a_broken_input_is_reported_and_the_others_are_linked(tmp_path, capsys):
    for name, text in (("a", STILL), ("b", "1,-1,0,zero,10,10,0.9\n"), ("c", STILL)):
        (tmp_path / f"{name}.txt").write_text(text)
    assert main(["link", str(tmp_path / "*.txt"), "-o", str(tmp_path / "out")]) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "c.txt"]
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"trajtrack: error: {tmp_path / 'b.txt'}, line 1")
    assert errors[1] == "trajtrack: 1 of 3 inputs failed"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_damaged_does_not_end_the_others(tmp_path, capsys, method):
    archive, paths = tmp_path / "all.zip", []
    with zipfile.ZipFile(archive, "w", method) as files:
        for name in ("a", "b", "c"):
            files.writestr(f"{name}.txt", STILL * 20)
            paths.append(f"{archive}/{name}.txt")
        # Behind the properties of LZMA.
        start = files.getinfo("b.txt").header_offset + 30 + len("b.txt") + 9
    content = bytearray(archive.read_bytes())
    content[start : start + 20] = b"\xff" * 20
    archive.write_bytes(content)
    assert main(["link", *paths, "-o", str(tmp_path / "out")]) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "c.txt"]
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"trajtrack: error: {paths[1]}: {archive}: found an unreadable file (")
    assert errors[1:] == ["trajtrack: 1 of 3 inputs failed"]


def test_a_fault_of_any_kind_is_that_of_its_video(tmp_path, capsys, monkeypatch):
    def fail(path, *arguments, **options):
        raise RecursionError("too deep") if path.endswith("b.txt") else OSError("no such luck")

    monkeypatch.setattr("trajtrack.many_videos.read_file", fail)
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(STILL)
    assert main(["link", str(tmp_path / "*.txt"), "-o", str(tmp_path / "out")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors == [
        f"trajtrack: error: {tmp_path / 'a.txt'}: no such luck",
        f"trajtrack: error: {tmp_path / 'b.txt'}: too deep",
        "trajtrack: 2 of 2 inputs failed",
    ]


def test_a_missing_input_is_named(tmp_path, capsys):
    missing = tmp_path / "missing.txt"
    assert main(["link", str(missing), "-o", str(tmp_path / "out.txt")]) == 1
    assert capsys.readouterr().err == f"trajtrack: error: {missing}: No such file or directory\n"
    assert list(tmp_path.iterdir()) == []


def test_a_pattern_without_a_match_is_named(tmp_path, capsys):
    assert main(["link", str(tmp_path / "*.txt"), "-o", "out"]) == 2
    assert capsys.readouterr().err == f"trajtrack: error: {tmp_path / '*.txt'}: no file matches\n"


def test_an_option_out_of_its_range_is_named_as_the_flag(detections_file, capsys):
    assert main(["link", str(detections_file), "-o", "out", "--iou-threshold", "2"]) == 2
    assert capsys.readouterr().err == "trajtrack: error: --iou-threshold: found 2.0, expected a number from 0 to 1\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lnik"], "trajtrack: error: argument COMMAND: found 'lnik', expected one of link, "),
        (["link"], "trajtrack link: error: the following arguments are required: IN (see 'trajtrack link --help')"),
        (
            ["link", "in.txt", "--max-gaps", "3"],
            "trajtrack link: error: found '--max-gaps', which is not an option (did you mean '--max-gap'?) (see",
        ),
        (
            ["link", "in.txt", "--method", "flwo"],
            "trajtrack link: error: argument --method: found 'flwo', expected one of flow, seq-nms (did you mean",
        ),
        (["info", "more"], "trajtrack info: error: found 'more', expected no more arguments (see"),
        (
            ["link", "in.txt", "--min-length", "x"],
            "trajtrack link: error: argument --min-length: found 'x', expected an integer (see",
        ),
        (
            ["link", "in.txt", "--min-score", "x"],
            "trajtrack link: error: argument --min-score: found 'x', expected a number (see",
        ),
    ],
)
def test_words_that_are_not_a_command_are_refused_in_one_line_with_the_nearest(words, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_an_output_that_would_show_tracks_is_answered_by_the_command_that_shows_them(detections_file, capsys):
    assert main(["link", str(detections_file), "-o", "my page.html"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("trajtrack: error: --output: found 'my page.html', expected one of the suffixes .txt, ")
    assert error.endswith("; 'trajtrack view TRACKS -o 'my page.html'' shows tracks\n")


def test_an_output_in_a_file_names_the_file(detections_file, capsys):
    assert main(["link", str(detections_file), "-o", f"{detections_file}/tracks.txt"]) == 1
    assert capsys.readouterr().err == f"trajtrack: error: {detections_file}: Is a file, expected a folder\n"


def test_the_output_is_named_after_the_input_by_default(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("in.txt").write_text("1,-1,0,0,10,10,0.9\n")
    assert main(["link", "in.txt"]) == 0
    assert capsys.readouterr().out.endswith(" -> in.tracks.txt\n")
    assert Path("in.tracks.txt").is_file()


def test_the_folder_of_several_outputs_must_be_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        Path(name).write_text("1,-1,0,0,10,10,0.9\n")
    assert main(["link", "a.txt", "b.txt"]) == 2
    assert capsys.readouterr().err == (
        "trajtrack: error: --output: found none, expected a folder for the outputs of 2 inputs\n"
    )


@pytest.mark.filterwarnings("default")
def test_a_file_without_detections_is_linked_with_a_warning(tmp_path, capsys):
    (tmp_path / "in.txt").touch()
    assert main(["link", str(tmp_path / "in.txt"), "-o", str(tmp_path / "out.txt")]) == 0
    assert "warning: " in (error := capsys.readouterr().err)
    assert "in.txt: found no detections, expected some" in error


def test_the_layouts_of_all_formats_are_shown(capsys):
    assert main(["info", "--formats"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FORMATS)


def test_eval_prints_a_table(tmp_path, capsys):
    pytest.importorskip("trackeval")
    tracks = Detections(np.tile([0, 0, 10, 10], (9, 1)), np.ones(9), range(9), track_ids=np.zeros(9, int))
    for name in ("gt.txt", "tracks.txt"):
        trajtrack.write(tmp_path / name, tracks)
    assert main(["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt")]) == 0
    first, _, header, total = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path / 'tracks.txt'} against {tmp_path / 'gt.txt'}, preset none"
    assert header.split()[:2] == ["HOTA", "DetA"]
    assert total.split()[:2] == ["all", "100.00"]


def test_eval_draws_hota_over_overlaps(tmp_path, capsys):
    pytest.importorskip("trackeval")
    pytest.importorskip("matplotlib")
    tracks = Detections(np.tile([0, 0, 10, 10], (9, 1)), np.ones(9), range(9), track_ids=np.zeros(9, int))
    for name in ("gt.txt", "tracks.txt"):
        trajtrack.write(tmp_path / name, tracks)
    words = ["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt"), "--chart"]
    assert main([*words, str(tmp_path / "new" / "hota.svg")]) == 0
    assert "association" in (tmp_path / "new" / "hota.svg").read_text()
    assert main([*words, "hota.gif"]) == 2
    assert "--chart: found 'hota.gif', expected one of the suffixes .png, .svg, .pdf" in capsys.readouterr().err


def test_eval_prints_what_it_measured_before_it_draws(tmp_path, capsys):
    pytest.importorskip("trackeval")
    pytest.importorskip("matplotlib")
    tracks = Detections(np.tile([0, 0, 10, 10], (9, 1)), np.ones(9), range(9), track_ids=np.zeros(9, int))
    for name in ("gt.txt", "tracks.txt"):
        trajtrack.write(tmp_path / name, tracks)
    (tmp_path / "file").touch()
    words = ["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt"), "--chart"]
    assert main([*words, str(tmp_path / "file" / "hota.svg")]) == 1
    assert "all" in capsys.readouterr().out


def test_eval_of_several_videos_has_a_row_for_each(tmp_path, capsys):
    pytest.importorskip("trackeval")
    truths, tracks = [], []
    for name, count in (("a", 5), ("b", 7)):
        boxes = np.tile([0, 0, 10, 10], (count, 1))
        walk = Detections(boxes, np.ones(count), range(count), track_ids=np.ones(count))
        trajtrack.write(tmp_path / f"{name}.txt", walk)
        truths += ["--gt", str(tmp_path / f"{name}.txt")]
        tracks += [str(tmp_path / f"{name}.txt")]
    assert main(["eval", *truths, *tracks, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [video["true_positives"] for video in report["metrics"]["videos"]] == [5, 7]
    assert report["metrics"]["true_positives"] == 12
    assert dict(zip(report["overlaps"], report["metrics"]["curves"]["hotas"], strict=True))[0.05] == 1


def test_eval_recognises_motchallenge_ground_truth_by_its_flags_and_classes(tmp_path, capsys):
    pytest.importorskip("trackeval")
    (tmp_path / "gt.txt").write_text("1,1,0,0,10,10,1,1,1\n1,2,50,0,10,10,0,7,1\n")
    (tmp_path / "tracks.txt").write_text("1,1,0,0,10,10,0.9,-1,-1,-1\n1,2,50,0,10,10,0.9,-1,-1,-1\n")
    words = ["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt"), "--json"]
    main(words)
    ruled = json.loads(capsys.readouterr().out)
    assert ruled["files"][0]["preset"] == "mot"
    assert (ruled["metrics"]["true_positives"], ruled["metrics"]["false_positives"]) == (1, 0)
    main([*words, "--preset", "none", "--class-agnostic"])
    assert json.loads(capsys.readouterr().out)["metrics"]["true_positives"] == 2


@pytest.mark.parametrize("position", ["-1,-1,-1", "-4.5,2.25,0"])
def test_eval_ignores_rows_with_flag_zero_in_ten_columns(tmp_path, capsys, position):
    pytest.importorskip("trackeval")
    (tmp_path / "gt.txt").write_text(f"1,1,0,0,10,10,1,{position}\n1,2,50,0,10,10,0,{position}\n")
    (tmp_path / "tracks.txt").write_text("1,1,0,0,10,10,0.9,-1,-1,-1\n")
    main(["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (report["files"][0]["preset"], report["metrics"]["hota"]) == ("mot", 1)


KITTI = "{} {} {} 0 0 -10 {} 0 {} 40 -1 -1 -1 -1000 -1000 -1000 -10\n"


def test_eval_uses_one_preset_for_all_files(tmp_path, capsys):
    pytest.importorskip("trackeval")
    cars = KITTI.format(0, 1, "Car", 0, 40)
    (tmp_path / "gt0.txt").write_text(cars)
    (tmp_path / "gt1.txt").write_text(cars + KITTI.format(0, 2, "Van", 100, 140))
    (tmp_path / "tracks.txt").write_text(cars)
    words = ["eval", "--gt", str(tmp_path / "gt*.txt"), str(tmp_path / "tracks.txt"), str(tmp_path / "tracks.txt")]
    assert main([*words, "--json"]) == 0
    assert {file["preset"] for file in json.loads(capsys.readouterr().out)["files"]} == {"kitti"}
    (tmp_path / "gt0.txt").write_text("1,1,0,0,10,10,0.5\n")
    assert main(words) == 2
    message = capsys.readouterr().err
    assert all(name in message for name in ("gt0.txt", "gt1.txt", "--preset"))


@pytest.mark.parametrize("others", ["", "5,0,0,0,9,9\n"], ids=["from 1", "from 0"])
def test_eval_names_the_file_and_its_own_numbers_of_an_identity_twice_in_a_frame(tmp_path, capsys, others):
    pytest.importorskip("trackeval")
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("3,4,0,0,9,9\n")
    bad.write_text(f"3,4,0,0,9,9\n{others}3,4,50,0,9,9\n")
    message = f"{bad}: found two boxes of identity 4 in frame 3, expected at most one\n"
    for words in (["--gt", good, bad], ["--gt", bad, good], ["--gt", good, "--gt", good, good, bad]):
        assert main(["eval", *map(str, words)]) == 1
        assert capsys.readouterr().err == f"trajtrack: error: {message}"


def test_eval_of_ground_truth_without_a_box_to_evaluate_is_a_warning_with_the_file(tmp_path, capsys):
    pytest.importorskip("trackeval")
    (tmp_path / "gt.txt").write_text("1,1,0,0,9,9,0\n2,1,0,0,9,9,0\n")
    (tmp_path / "tracks.txt").write_text("1,1,0,0,9,9\n")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt")]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"trajtrack: warning: {tmp_path / 'gt.txt'}: found no box to evaluate")


@pytest.mark.parametrize("method", ["seq-nms", "flow"])
def test_each_file_of_which_nothing_is_linked_is_a_warning(tmp_path, capsys, method):
    for name in ("a", "b"):
        trajtrack.write(tmp_path / f"{name}.txt", trajtrack.make_scene(num_frames=60).detections)
    words = ["link", str(tmp_path / "*.txt"), "-o", str(tmp_path / "out"), "--min-score", "200", "--method", method]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(words) == 0
    lines = capsys.readouterr().err.splitlines()
    starts = [
        f"trajtrack: warning: {tmp_path / name}: min_score: found 200, expected at most" for name in ("a.txt", "b.txt")
    ]
    assert [line[: len(start)] for line, start in zip(sorted(lines), starts, strict=True)] == starts


def test_eval_can_be_limited_to_classes(tmp_path, capsys):
    pytest.importorskip("trackeval")
    cars = KITTI.format(0, 1, "Car", 0, 40)
    (tmp_path / "gt.txt").write_text(cars + KITTI.format(0, 2, "Pedestrian", 100, 140))
    (tmp_path / "tracks.txt").write_text(cars)
    words = ["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt"), "--preset", "kitti"]
    assert main([*words, "--classes", "Car", "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert (list(metrics["classes"]), metrics["recall"]) == (["0"], 1)
    assert main([*words[:-1], "mot", "--classes", "Car"]) == 2
    assert "--classes: found with preset mot, which ignores labels" in capsys.readouterr().err
    assert main([*words, "--classes", "0,dog"]) == 1
    assert "classes: found 'dog', expected some of 'Car', 'Pedestrian'" in capsys.readouterr().err


def test_link_chooses_a_video_of_several_by_its_name(tmp_path):
    write_two_videos(tmp_path / "two.json")
    output = tmp_path / "tracks.txt"
    assert main(["link", str(tmp_path / "two.json"), "-o", str(output), "--video-name", "b"]) == 0
    assert trajtrack.read(output).frames.tolist() == [4]


def test_several_videos_in_a_file_are_an_error_that_names_the_flag(tmp_path, capsys):
    write_two_videos(tmp_path / "two.json")
    assert main(["link", str(tmp_path / "two.json"), "-o", str(tmp_path / "tracks.txt")]) == 1
    assert "expected video= or --video-name to choose one of 'a', 'b'" in capsys.readouterr().err


def test_eval_chooses_a_video_of_several_for_tracks_in_a_file_of_one(tmp_path, capsys):
    pytest.importorskip("trackeval")
    write_two_videos(tmp_path / "two.json")
    tracks = Detections([[10, 20, 50, 80]], [1], [4], [7], track_ids=[3])
    trajtrack.write(tmp_path / "tracks.txt", tracks)
    command = ["eval", "--gt", str(tmp_path / "two.json"), str(tmp_path / "tracks.txt"), "--video-name", "b", "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["mota"] == 1


def test_eval_of_boxes_without_identities_fails_by_name(detections_file, capsys):
    assert main(["eval", "--gt", str(detections_file), str(detections_file)]) == 1
    expected = f"trajtrack: error: {detections_file}: found boxes without identities, expected tracks\n"
    assert capsys.readouterr().err == expected


def test_eval_needs_as_many_tracks_as_truths(detections_file, capsys):
    assert main(["eval", "--gt", str(detections_file), "x", "y"]) == 2
    assert "found 1 files of ground truth and 2 of tracks" in capsys.readouterr().err


def test_demo_writes_a_scene_its_tracks_and_an_image(tmp_path, capsys):
    pytest.importorskip("trackeval")
    pytest.importorskip("matplotlib")
    assert main(["demo", "-o", str(tmp_path / "demo")]) == 0
    names = ["detections.txt", "tracks.txt", "trajectories.png", "truth.txt"]
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == names
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    (classic,) = (float(line[2]) for line in lines if line[:2] == ["classic", "Seq-NMS"])
    (bridged,) = (float(line[4]) for line in lines if line[:3] == ["Seq-NMS", "with", "gaps"])
    (default,) = (float(line[2]) for line in lines if line[:2] == ["nothing", "set"])
    assert default > bridged > classic


def test_demo_ends_with_a_command_that_shows_its_tracks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "-o", "my demo"]) == 0
    command = capsys.readouterr().out.splitlines()[-1].partition(": ")[2]
    program, *words = shlex.split(command)
    assert program == "trajtrack"
    assert main(words) == 0
    assert Path("tracks.html").is_file()


def test_demo_reports_the_same_as_json(tmp_path, capsys):
    pytest.importorskip("trackeval")
    pytest.importorskip("matplotlib")
    assert main(["demo", "-o", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    names = ("detections.txt", "truth.txt", "tracks.txt", "trajectories.png")
    assert report["files"] == [str(tmp_path / name) for name in names]
    assert report["metrics"]["default"]["hota"] > report["metrics"]["classic"]["hota"]
    assert report["missing"] == []


def test_demo_without_optional_packages_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['trackeval'] = sys.modules['matplotlib'] = None\n"
        "from trajtrack.cli import main\n"
        f"sys.exit(main(['demo', '-o', {str(tmp_path)!r}]))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'trajtrack[eval]'" in result.stdout
    assert "pip install 'trajtrack[view]'" in result.stdout


def test_info_lists_versions_and_optional_packages(capsys):
    assert main(["info"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"trajtrack", "threads", "compiler", "cuda", "numpy", "trackeval", "pillow", "shtab"} <= set(names)
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trajtrack"] == trajtrack.__version__


def test_the_module_is_the_program():
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"trajtrack {trajtrack.__version__}\n")


def test_an_error_has_no_traceback(tmp_path):
    result = run("link", tmp_path / "missing.txt", "-o", tmp_path / "out.txt")
    assert result.returncode == 1
    assert result.stderr == f"trajtrack: error: {tmp_path / 'missing.txt'}: No such file or directory\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_leaves_nothing_and_says_nothing(tmp_path, number, code):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "trajtrack", "link", str(pipe), "-o", str(tmp_path / "out" / "out.txt")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(pipe, "wb"):  # returns when the command opens its input
        process.send_signal(number)
    # Closed, since Python raises a signal that came just before a blocking read only when that read ends.
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, output, errors) == (code, b"", b"")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")
def test_a_closed_pipe_is_not_an_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "trajtrack", "info"]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=300)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.real_data
def test_mot17_from_detections_to_metrics(data_dir, tmp_path, capsys):
    pytest.importorskip("trackeval")
    folder = data_dir / "mot17" / "MOT17-09"
    tracks = str(tmp_path / "tracks.txt")
    assert main(["link", str(folder / "det_yolox_val_half" / "det.txt"), "-o", tracks, "--min-score", "0.3"]) == 0
    capsys.readouterr()
    assert main(["eval", "--gt", str(folder / "gt_val_half" / "gt.txt"), tracks, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["files"][0]["preset"] == "mot"
    assert report["metrics"]["hota"] > 0.5


def test_frames_may_count_from_zero_and_in_steps(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("0,-1,0,0,10,10,0.9\n12,-1,0,0,10,10,0.9\n")
    out = tmp_path / "out.txt"
    assert main(["link", str(path), "-o", str(out), "--first-frame", "0", "--frame-step", "12"]) == 0
    assert trajtrack.read(out).frames.tolist() == [0, 1]


def test_eval_counts_the_frames_of_each_side_as_its_flags_say(tmp_path, capsys):
    pytest.importorskip("trackeval")
    # Every third frame has truth, numbered from 0; the tracks are numbered from 1, one by one.
    truth = [f"{3 * k},1,{10 + k},20,30,40,1,1,1\n" for k in range(20)]
    tracks = [f"{k + 1},7,{10 + k},20,30,40,0.9,-1,-1,-1\n" for k in range(20)]
    (tmp_path / "gt.txt").write_text("".join(truth))
    (tmp_path / "tracks.txt").write_text("".join(tracks))
    command = ["eval", "--gt", str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt"), "--json"]
    assert main([*command, "--gt-first-frame", "0", "--gt-frame-step", "3", "--first-frame", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["hota"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--frame-step", "0"], "--frame-step: found 0.0, expected a number above 0"),
        (["--image-size", "1920"], "--image-size: found '1920', expected a width and a height such as 1920x1080"),
    ],
)
def test_reading_flags_out_of_range_are_usage_errors(detections_file, tmp_path, capsys, words, message):
    assert main(["link", str(detections_file), "-o", str(tmp_path / "out.txt"), *words]) == 2
    assert message in capsys.readouterr().err


def test_sequences_of_motchallenge_are_linked_and_evaluated(tmp_path, capsys):
    pytest.importorskip("trackeval")
    for name, row in (("det", STILL), ("gt", "1,1,0,0,10,10,1,1,1\n")):
        (tmp_path / "MOT17-02" / name).mkdir(parents=True)
        (tmp_path / "MOT17-02" / name / f"{name}.txt").write_text(row)
    assert main(["link", str(tmp_path / "MOT17-*"), "-o", str(tmp_path / "out")]) == 0
    tracks = tmp_path / "out" / "MOT17-02.txt"
    assert len(trajtrack.read(tracks)) == 3
    capsys.readouterr()
    assert main(["eval", "--gt", str(tmp_path / "MOT17-02"), str(tracks), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["preset"] == "mot"


def test_the_outputs_of_compressed_files_are_named_without_the_suffix(tmp_path):
    (tmp_path / "in.txt.gz").write_bytes(gzip.compress(STILL.encode()))
    assert main(["link", str(tmp_path / "in.txt.gz"), "-o", f"{tmp_path}/out/"]) == 0
    assert (tmp_path / "out" / "in.txt").is_file()
