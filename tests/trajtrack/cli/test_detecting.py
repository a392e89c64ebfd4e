from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.videos import DETECTOR_FILE, moving_square, write_video
from trajtrack import read
from trajtrack.cli import main

pytest.importorskip("av")
pytest.importorskip("pyarrow")

COUNT = 24


@pytest.fixture(autouse=True)
def in_folder_with_a_video(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    write_video(tmp_path / "video.mp4", moving_square(COUNT))
    (tmp_path / "detector.py").write_text(DETECTOR_FILE)


def program(*words):
    command = [sys.executable, "-m", "trajtrack", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def detect(*words):
    return main(["detect", "video.mp4", "--detector", "detector.py:find", *words])


@pytest.mark.parametrize("name", ["found.txt", "found.csv", "found.parquet"])
def test_the_boxes_of_the_video_are_written(name, capsys):
    assert detect("-o", name) == 0
    assert capsys.readouterr().out == f"video.mp4: {COUNT} detections in {COUNT} frames -> {name}\n"
    found = read(name)
    assert found.frames.tolist() == list(range(COUNT))
    assert np.abs(found.boxes[:, 0] - 2 * found.frames).max() <= 1
    assert list(Path().glob("*.unfinished")) == []


def test_names_of_classes_are_kept_where_the_format_can():
    assert detect("-o", "found.parquet") == 0
    assert read("found.parquet").label_names == {0: "square"}


def test_json_tells_how_many_frames_were_looked_at(capsys):
    assert detect("-o", "found.txt", "--fps", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "files": [{"input": "video.mp4", "output": "found.txt", "detections": 5, "frames": COUNT, "looked_at": 5}],
        "failed": [],
    }


def test_several_videos_go_into_a_folder_and_a_faulty_one_does_not_end_the_others(capsys):
    Path("a.mp4").write_bytes(b"nothing")
    Path("video.mp4").rename("b.mp4")
    words = ["detect", "*.mp4", "-o", "out", "--detector", "detector.py:find", "--output-format", "parquet"]
    assert main(words) == 1
    output = capsys.readouterr()
    assert output.out == f"b.mp4: {COUNT} detections in {COUNT} frames -> out/b.parquet\n"
    assert output.err == (
        "trajtrack: error: a.mp4: found an unreadable file (Invalid data found when processing input), expected a "
        "video\ntrajtrack: 1 of 2 videos failed\n"
    )
    assert os.listdir("out") == ["b.parquet"]


@pytest.mark.filterwarnings("default")
def test_a_truncated_video_warns_and_succeeds(capsys):
    path = write_video(Path("video.mkv"), moving_square(71))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert main(["detect", "video.mkv", "--detector", "detector.py:find", "-o", "found.txt"]) == 0
    error = capsys.readouterr().err
    assert error.startswith("trajtrack: warning: video.mkv: found frames up to ")
    assert "expected a video of 2.84 s" in error


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["kill", "term", "int"]
)
@pytest.mark.parametrize("name", ["found.parquet", "found.txt"])
def test_a_stopped_run_goes_on_where_it_stopped_with_the_same_result(number, code, name):
    assert detect("-o", f"whole-{name}") == 0
    words = ["detect", "video.mp4", "--detector", "detector.py:find", "-o", name]
    Path("stop").write_text(str(int(number)))
    assert program(*words).returncode == code
    assert not Path(name).exists()
    Path("stop").unlink()
    run = program(*words)
    assert (run.returncode, run.stderr) == (0, "trajtrack: video.mp4: going on after 8 frames of a stopped run\n")
    assert Path(name).read_bytes() == Path(f"whole-{name}").read_bytes()
    assert list(Path().glob("*.unfinished")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_stopped_run_with_other_options_is_refused_by_name(capsys):
    Path("stop").write_text(str(int(signal.SIGKILL)))
    program("detect", "video.mp4", "--detector", "detector.py:find", "-o", "found.txt")
    Path("stop").unlink()
    assert detect("-o", "found.txt", "--fps", "5", "--min-score", "0.3") == 1
    assert capsys.readouterr().err == (
        "trajtrack: error: video.mp4: found.txt.unfinished: found unfinished detections of fps unset instead of 5, "
        "min_score unset instead of 0.3; give the same again to go on, or remove the file\n"
    )
    with open("detector.py", "a") as file:
        file.write("\n")
    assert detect("-o", "found.txt") == 1
    assert "found unfinished detections of another detector;" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--fps", "0"], "--fps: found 0.0, expected a number above 0"),
        (["--start", "-1"], "--start: found -1.0, expected a number of at least 0"),
        (["--start", "2", "--end", "1"], "--end: found 1, expected a time after start=2"),
        (["--batch-size", "0"], "--batch-size: found 0, expected an integer of at least 1"),
        (["--threads", "0"], "--threads: found 0, expected an integer from 1 to 1024"),
        (["--frame-rate", "0"], "--frame-rate: found 0.0, expected frames per second above 0 and up to 1000"),
        (["-o", "found.doc"], "--output: found 'found.doc', expected one of the suffixes"),
        (["--detector", "x.py:f"], "--detector: found 'x.py:f', but no file x.py, expected an existing one"),
        (["-o", "video.mp4"], "video.mp4: the output would overwrite an input"),
    ],
)
def test_invalid_options_are_named_before_anything_is_done(words, message, capsys):
    assert detect("-o", "found.txt", *words) == 2
    assert capsys.readouterr().err.startswith(f"trajtrack: error: {message}")
    assert not Path("found.txt").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--start", "9"],
            "--start: found 9 s, expected the time of a frame of video.mp4, whose last frame is at 0.92 s",
        ),
        (["--frame-rate", "9"], "--frame-rate: found 9.0 with video.mp4, expected None for a video file"),
        (["--device", "cpu"], "--device: found 'cpu' with a function as detector, which chooses its own device"),
        (
            ["--detector", "detector.py:fail"],
            "detector, frames 0 to 3: found ZeroDivisionError: division by zero (detector.py, line 18)",
        ),
    ],
)
def test_what_does_not_suit_the_video_is_an_error_of_the_video(words, message, capsys):
    assert detect("-o", "found.txt", *words) == 1
    assert capsys.readouterr().err == f"trajtrack: error: video.mp4: {message}\n"
    assert list(Path().glob("found*")) == []


def test_a_format_without_a_library_is_an_error_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert detect("-o", "found.parquet") == 1
    expected = "trajtrack: error: kept detections need pyarrow: pip install 'trajtrack[io]'\n"
    assert capsys.readouterr().err == expected


def test_without_its_libraries_the_help_is_shown_and_errors_say_what_to_install():
    script = (
        "import sys; sys.modules.update(av=None, torch=None, transformers=None, PIL=None, onnxruntime=None)\n"
        "from trajtrack.cli import main; sys.exit(main(sys.argv[1:]))"
    )

    def run(*words):
        return subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=300)

    assert run("detect", "--help").returncode == 0
    failed = run("detect", "video.mp4", "--detector", "detector.py:find", "-o", "found.txt")
    assert (failed.returncode, failed.stderr) == (
        1,
        "trajtrack: error: video.mp4: videos need PyAV: pip install 'trajtrack[video]'\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_a_terminal_is_shown_the_time_left(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert detect("-o", "found.txt") == 0
    shown = capsys.readouterr().err
    assert f"\rvideo.mp4: frame 8 of {COUNT}, 0:00 left\r" in shown
    assert shown.endswith(" \r")
