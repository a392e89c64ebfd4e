from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from helpers.videos import DETECTOR_FILE, moving_square, write_video
from trajvqa.cli import main
from trajvqa.data.folder import FRAME_FEATURES, TRAJECTORIES
from trajvqa.stores import FrameFeatures, TrajectoryStore, open_frame_features, open_trajectories

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
        process.communicate(timeout=300)
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
    outputs = [process.communicate(timeout=300) for process in processes]
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
    _, error = second.communicate(timeout=300)
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


def in_shards(models, output, count, *more):
    return [main(words(models, output, "--shard", f"{number}/{count}", *more)) for number in range(1, count + 1)]


@pytest.fixture
def classes():
    Path("classes.txt").write_text("square\n")
    return ("--classes", "classes.txt")


def test_shards_are_read_together_as_one_file(models, classes, capsys):
    assert main(words(models, "whole", *classes)) == 0
    assert in_shards(models, "data", 2, *classes) == [0, 0]
    assert "shard 2/2 of train has" in capsys.readouterr().out
    for kind, opening in ((FRAME_FEATURES, open_frame_features), (TRAJECTORIES, open_trajectories)):
        found = kind.find(Path("data"), "train")
        assert sorted(path.name for path in found.iterdir()) == ["00001-of-00002.h5", "00002-of-00002.h5"]
        assert sorted(opening(found).ids) == ["video0", "video1", "video2"]
    many, one = (open_trajectories(TRAJECTORIES.find(Path(data), "train")) for data in ("data", "whole"))
    for video in one.ids:
        assert np.array_equal(many.trajectories(video).features, one.trajectories(video).features)


def test_shards_without_a_video_write_no_file(models, classes, capsys):
    assert in_shards(models, "data", 4, *classes) == [0] * 4
    assert "has none of the 3 videos" in capsys.readouterr().err
    assert len(open_frame_features(FRAME_FEATURES.find(Path("data"), "train")).ids) == 3


def test_a_shard_without_a_video_is_reported_as_json_too(models, classes, capsys):
    reports = []
    for number in range(1, 5):
        assert main(words(models, "data", "--shard", f"{number}/4", "--json", *classes)) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert sum(report["extracted"] for report in reports) == 3
    assert [report for report in reports if report["videos"] == 0]
    assert all(report.keys() == reports[0].keys() for report in reports)


def test_a_shard_that_is_extracted_again_takes_new_videos(models, classes):
    first = words(models, "data", "--shard", "1/1", *classes, videos=VIDEOS[:2])
    assert main(first) == 0
    seen = len(Path("calls").read_text())
    assert in_shards(models, "data", 1, *classes) == [0]
    assert len(Path("calls").read_text()) == seen + 14
    assert len(open_trajectories(TRAJECTORIES.find(Path("data"), "train")).ids) == 3


@pytest.mark.parametrize("after", [("--shard", "1/1"), ("--shard", "1/3"), ()])
def test_stores_of_another_number_of_shards_are_refused(models, classes, capsys, after):
    path = FRAME_FEATURES.shard("data", "train", "00001-of-00002") if after != ("--shard", "1/1") else None
    (path or FRAME_FEATURES.output("data", "train")).touch()
    assert main(words(models, "data", *after, *classes)) == 1
    assert "found a store of another number of shards, expected" in capsys.readouterr().err


def test_shards_need_the_names_of_classes(models, capsys):
    assert main(words(models, "data", "--shard", "1/1")) == 1
    assert "classes: found a detector without names of classes, expected those of all shards (--classes)" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "one/two"])
def test_what_names_no_shard_is_refused(models, capsys, text):
    assert main(words(models, "data", "--shard", text)) == 2
    assert f"--shard: found '{text}', expected I/N, such as 3/8, with I from 1 to N" in capsys.readouterr().err


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
