from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.videos import DETECTOR_FILE, SIDE, moving_square, write_video
from trajtrack import read
from trajtrack.cli import main
from trajtrack.decoding import open_frames
from trajtrack.viewer.colours import track_colours

pytest.importorskip("av")
pytest.importorskip("pyarrow")

COUNT = 24


@pytest.fixture(autouse=True)
def in_folder_with_a_video(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    write_video(tmp_path / "video.mp4", moving_square(COUNT, (192, 128)))
    (tmp_path / "detector.py").write_text(DETECTOR_FILE)


def track(*words):
    return main(["track", "video.mp4", "--detector", "detector.py:find", *words])


def calls():
    return len(Path("calls").read_text()) if Path("calls").exists() else 0


@pytest.mark.parametrize("name", ["tracks.txt", "tracks.json", "tracks.parquet"])
def test_tracks_are_written_in_the_format_of_the_suffix(name, capsys):
    assert track("-o", name) == 0
    expected = f"video.mp4: {COUNT} detections, 1 trajectory in {COUNT} frames -> {name}\n"
    assert capsys.readouterr() == (expected, "")
    tracks = read(name)
    assert set(tracks.track_ids.tolist()) == {0}
    assert np.abs(tracks.boxes[:, 0] - 2 * tracks.frames).max() <= 1.5
    assert read("tracks.detections.parquet").label_names == {0: "square"}


def test_a_page_shows_every_frame_of_the_video(capsys):
    assert track("-o", "page.html", "--fps", "5") == 0
    expected = (
        f"video.mp4: 5 detections, 1 trajectory in {COUNT} frames, {COUNT} of {COUNT} with an image -> page.html\n"
    )
    assert capsys.readouterr().out == expected
    page = Path("page.html").read_text()
    assert page.count('<script type="image/jpeg;base64"') == COUNT
    assert "<title>video</title>" in page


@pytest.mark.parametrize("words", [[], ["--fps", "5"]], ids=["every frame", "sampled"])
def test_an_annotated_video_has_the_boxes_in_every_frame(words):
    assert track("-o", "annotated.mp4", *words) == 0
    video = open_frames("annotated.mp4")
    assert video.size == (192, 128)
    colour = track_colours([0])[0].astype(int)
    seen = 0
    for frame in video.frames():
        # The right side of the box, which is neither bright nor dark.
        pixels = frame.pixels()[30:36, 2 * frame.index + SIDE - 2 : 2 * frame.index + SIDE + 2].astype(int)
        seen += bool(np.abs(pixels - colour).max(axis=2).min() < 90)
    assert seen >= COUNT - 4
    assert video.num_read == COUNT


def test_a_second_output_beside_the_first_needs_no_detector(capsys):
    assert track("-o", "page.html") == 0
    assert calls() == COUNT
    assert track("-o", "page.txt", "--max-gap", "3") == 0
    assert calls() == COUNT
    assert f"video.mp4: {COUNT} detections kept in page.detections.parquet, 1 trajectory" in capsys.readouterr().out


def test_detections_of_another_command_can_be_named(capsys):
    assert main(["detect", "video.mp4", "--detector", "detector.py:find", "-o", "found.parquet"]) == 0
    assert track("-o", "tracks.txt", "--detections", "found.parquet") == 0
    assert calls() == COUNT
    assert not Path("tracks.detections.parquet").exists()


def test_kept_detections_of_other_options_are_refused_by_name(capsys):
    assert track("-o", "tracks.txt") == 0
    assert track("-o", "tracks.txt", "--fps", "5") == 1
    assert capsys.readouterr().err == (
        "trajtrack: error: video.mp4: tracks.detections.parquet: found detections of fps unset instead of 5; "
        "remove the file to detect again, or name another\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_stopped_run_goes_on_where_it_stopped():
    assert track("-o", "whole.txt") == 0
    command = [sys.executable, "-m", "trajtrack", "track", "video.mp4", "--detector", "detector.py:find"]
    command += ["-o", "tracks.txt"]
    Path("stop").write_text(str(int(signal.SIGKILL)))
    assert subprocess.run(command, timeout=300).returncode == -signal.SIGKILL
    Path("stop").unlink()
    run = subprocess.run(command, timeout=300, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "trajtrack: video.mp4: going on after 8 frames of a stopped run\n")
    for name in ("{}.txt", "{}.detections.parquet"):
        assert Path(name.format("tracks")).read_bytes() == Path(name.format("whole")).read_bytes()


def test_json_names_all_files(capsys):
    assert track("-o", "out/tracks.txt", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "input": "video.mp4",
        "output": "out/tracks.txt",
        "detections": "out/tracks.detections.parquet",
        "reused": False,
        "num_detections": COUNT,
        "num_frames": COUNT,
        "num_tracks": 1,
        "num_linked": COUNT,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["-o", "tracks.doc"],
            "--output: found 'tracks.doc', expected one of the suffixes .html, .htm, .mp4, ",
        ),
        (
            ["-o", "tracks.txt", "--title", "T"],
            "--title: found an output with suffix .txt, to which this option",
        ),
        (
            ["-o", "t.txt", "--max-width", "9"],
            "--max-width: found an output with suffix .txt, to which this option",
        ),
        (["-o", "p.html", "--no-interpolate"], "--no-interpolate: found an output with suffix .html, to which this"),
        (["-o", "video.mp4"], "video.mp4: the output would overwrite an input"),
        (["-o", "t.txt", "--detections", "t.csv"], "--detections: found 't.csv', expected the suffix .parquet"),
        (["-o", "t.parquet", "--detections", "t.parquet"], "--detections: found 't.parquet', which is the output, "),
        (["-o", "t.txt", "--max-gap", "-1"], "--max-gap: found -1, expected"),
        (["-o", "t.txt", "--end", "0"], "--end: found 0.0, expected a number above 0"),
    ],
)
def test_invalid_options_are_named_before_anything_is_done(words, message, capsys):
    assert track(*words) == 2
    assert capsys.readouterr().err.startswith(f"trajtrack: error: {message}")
    assert calls() == 0


def test_a_missing_video_is_named(capsys):
    assert main(["track", "missing.mp4", "--detector", "detector.py:find", "-o", "tracks.txt"]) == 1
    assert capsys.readouterr().err == "trajtrack: error: missing.mp4: No such file or directory\n"
