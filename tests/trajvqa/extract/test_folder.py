from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.videos import DETECTOR_FILE, moving_square, write_video
from trajvqa.cli import main
from trajvqa.data.folder import FRAME_FEATURES, TRAJECTORIES
from trajvqa.stores import FrameFeatures, TrajectoryStore

pytest.importorskip("av")

VIDEOS = [f"video{number}.mp4" for number in range(3)]


@pytest.fixture(autouse=True)
def in_folder_with_videos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    for number, name in enumerate(VIDEOS):
        write_video(tmp_path / name, moving_square(12 + number))
    (tmp_path / "detector.py").write_text(DETECTOR_FILE)


def words(models, output, *more, videos=VIDEOS):
    return [
        *("extract", *videos, "-o", output, "--split", "train", "--detector", "detector.py:find", "--fps", "25"),
        *("--appearance", str(models / "resnet"), "--clips", "4", "--threads", "1", *more),
    ]


def start(*arguments):
    command = [sys.executable, "-m", "trajvqa", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_extraction_that_was_killed_goes_on_with_the_same_files(models):
    assert main(words(models, "whole")) == 0
    Path("stop").write_text(str(int(signal.SIGKILL)))
    # The detector is killed in its third call, in the first video, when the second process has begun the second.
    for _ in range(2):
        process = start(*words(models, "data"))
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    assert not FRAME_FEATURES.find(Path("data"), "train")
    Path("stop").unlink()
    assert main(words(models, "data")) == 0
    assert contents("data") == contents("whole")


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks")
def test_two_processes_share_a_folder_and_extract_each_video_once(models):
    assert main(words(models, "whole")) == 0
    Path("calls").unlink()
    processes = [start(*words(models, "data")) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert contents("data") == contents("whole")
    # Each frame of each video was seen once.
    assert len(Path("calls").read_text()) == 12 + 13 + 14
    assert sum("3 videos with" in output for output, _ in outputs) == 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs locks")
def test_a_video_of_a_process_that_dies_is_extracted_by_the_one_that_waits(models):
    Path("detector.py").write_text(
        DETECTOR_FILE.replace("    CALLS += 1\n", "    CALLS += 1\n    rest()\n")
        + "\ndef rest():\n    if Path('slow').exists():\n        import time\n        Path('slow').unlink()\n"
        + "        time.sleep(60)\n"
    )
    Path("slow").touch()
    first = start(*words(models, "data", videos=VIDEOS[:1]))
    lock = Path("data", "extracted", "train", "video0.lock")
    deadline = time.monotonic() + 60
    while Path("slow").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    second = start(*words(models, "data", videos=VIDEOS[:2]))
    second_part = Path("data", "extracted", "train", "video1.npz")
    while not second_part.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    first.kill()
    first.communicate()
    _, error = second.communicate(timeout=60)
    assert (second.returncode, error) == (0, "trajvqa: waiting for 1 video of another process\n")
    assert TrajectoryStore(TRAJECTORIES.find(Path("data"), "train")).ids == ("video0", "video1")
    assert not lock.exists()


def test_a_second_run_extracts_only_new_videos_and_assembles_all(models, capsys):
    assert main(words(models, "data", videos=VIDEOS[:1])) == 0
    seen = len(Path("calls").read_text())
    assert main(words(models, "data")) == 0
    assert len(Path("calls").read_text()) == seen + 13 + 14
    assert "2 videos extracted; 1 extracted before; train has 3 videos" in capsys.readouterr().out
    store = FrameFeatures(FRAME_FEATURES.find(Path("data"), "train"))
    assert (store.ids, store.clips, store.size, store.appearance_size) == (
        ("video0", "video1", "video2"),
        4,
        16,
        16,
    )


def test_another_file_of_the_same_name_is_refused(models, capsys):
    assert main(words(models, "data", videos=VIDEOS[:1])) == 0
    write_video(Path(VIDEOS[0]), moving_square(20))
    capsys.readouterr()
    assert main(words(models, "data", videos=VIDEOS[:1])) == 1
    assert "video0.npz of another file of that name; remove it to extract this one" in capsys.readouterr().err


def test_another_linker_needs_no_detector_after_the_recipe_is_removed(models, capsys):
    assert main(words(models, "data")) == 0
    seen = len(Path("calls").read_text())
    assert main(words(models, "data", "--min-length", "3")) == 1
    assert "recipe.yaml: found min_length 2 instead of 3; give the same for all splits" in capsys.readouterr().err
    Path("data", "recipe.yaml").unlink()
    assert main(words(models, "data", "--min-length", "3")) == 0
    assert len(Path("calls").read_text()) == seen


def test_a_part_of_another_recipe_is_refused(models, capsys):
    assert main(words(models, "data")) == 0
    Path("data", "recipe.yaml").unlink()
    assert main(words(models, "data", "--frames-per-clip", "2")) == 1
    assert "video0.npz of another recipe; remove it to extract the video again" in capsys.readouterr().err


def test_a_second_split_has_the_classes_of_the_first(models, capsys):
    assert main(words(models, "data", videos=VIDEOS[:1])) == 0
    Path("detector.py").write_text(DETECTOR_FILE)
    more = words(models, "data", videos=VIDEOS[1:])
    more[more.index("train")] = "val"
    assert main(more) == 0
    stores = [TrajectoryStore(TRAJECTORIES.find(Path("data"), split)) for split in ("train", "val")]
    assert stores[0].classes == stores[1].classes == ("square",)


def test_clips_of_motion_alone_have_no_width_of_appearance(models):
    extract = ["extract", VIDEOS[0], "-o", "data", "--split", "train", "--detector", "detector.py:find"]
    assert main([*extract, "--motion", str(models / "videomae"), "--clips", "2", "--fps", "25"]) == 0
    assert FrameFeatures(FRAME_FEATURES.output("data", "train")).appearance_size is None
