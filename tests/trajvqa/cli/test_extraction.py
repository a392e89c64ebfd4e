from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from helpers.question_examples import make_questions
from helpers.videos import DETECTOR_FILE, moving_square, write_video
from trajvqa.cli import main
from trajvqa.data.folder import BERT, FRAME_FEATURES, TRAJECTORIES
from trajvqa.datasets.nextqa import write_questions
from trajvqa.extract.recipe import find_recipe
from trajvqa.stores import BertFeatures, FrameFeatures, TrajectoryStore

pytest.importorskip("av")


@pytest.fixture(autouse=True)
def in_folder_with_a_detector(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (tmp_path / "detector.py").write_text(DETECTOR_FILE)
    (tmp_path / "videos").mkdir()


def video(name, count=12, **settings):
    return write_video(Path("videos") / name, moving_square(count), **settings)


def extract(*words, split="train"):
    detector = [] if "--detector" in words else ["--detector", "detector.py:find"]
    clips = ("--clips", "4", "--frames-per-clip", "4", "--threads", "1")
    return main(["extract", *detector, *clips, "--fps", "25", "-o", "data", "--split", split, *words])


def test_models_in_folders_make_all_that_training_reads(models, capsys):
    video("a.mp4")
    video("b.webm", 20)
    names = ("detector", "appearance", "motion")
    flags = [word for name in names for word in (f"--{name}", str(models / _FOLDERS[name]))]
    assert extract("videos", *flags) == 0
    assert capsys.readouterr().out.startswith("2 videos extracted; train has 2 videos with ")
    clips = FrameFeatures(FRAME_FEATURES.find(Path("data"), "train"))
    assert (clips.ids, clips.clips, clips.size, clips.appearance_size) == (("a", "b"), 4, 28, 16)
    tracks = TrajectoryStore(TRAJECTORIES.find(Path("data"), "train"))
    assert (tracks.ids, tracks.classes, tracks.feature_size) == (("a", "b"), ("cat", "dog"), 16)
    tracks.check_finite()
    recipe = find_recipe("data")
    assert (recipe.regions, recipe.fps, recipe.clips, recipe.classes) == ("queries", 25, 4, ("cat", "dog"))
    assert recipe.link["method"] == "seq-nms"


_FOLDERS = {"detector": "detector", "appearance": "resnet", "motion": "videomae"}


def test_broken_videos_are_listed_and_never_stored(models, capsys):
    video("fine.mp4")
    video("rotated.mp4", rotation=90)
    video("variable.mkv", times=[Fraction(index * index, 100) for index in range(12)])
    Path("videos", "broken.mp4").write_bytes(b"nothing" * 100)
    Path("videos", "empty.mp4").touch()
    truncated = video("truncated.mkv", 71)
    truncated.write_bytes(truncated.read_bytes()[: truncated.stat().st_size // 2])
    assert extract("videos", "--appearance", str(models / "resnet")) == 1
    output = capsys.readouterr()
    assert output.out.startswith("3 videos extracted; train has 3 videos with ")
    *errors, last = output.err.splitlines()
    assert [line.split(": ")[2] for line in errors] == [
        f"videos/{name}" for name in ("broken.mp4", "empty.mp4", "truncated.mkv")
    ]
    assert last == ("trajvqa: 3 videos skipped as broken: videos/broken.mp4, videos/empty.mp4, videos/truncated.mkv")
    clips = FrameFeatures(FRAME_FEATURES.find(Path("data"), "train"))
    assert clips.ids == ("fine", "rotated", "variable")
    assert (np.abs(clips.read(clips.ids)).max(axis=(1, 2)) > 0).all()
    assert TrajectoryStore(TRAJECTORIES.find(Path("data"), "train")).ids == clips.ids


def test_json_has_the_same_numbers(capsys):
    video("a.mp4")
    Path("videos", "broken.mp4").write_bytes(b"nothing")
    assert extract("videos", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert [each["input"] for each in report.pop("broken")] == ["videos/broken.mp4"]
    assert (report["extracted"], report["reused"], report["videos"], report["trajectories"]) == (1, 0, 1, 1)
    assert (report["classes"], report["clip_size"], report["trajectory_size"]) == (1, None, 7)
    assert (report["output"], report["empty"], report["missing"], report["others"]) == ("data", [], [], 0)


@pytest.mark.filterwarnings("default")
def test_a_video_without_trajectories_is_stored_with_a_warning(capsys):
    write_video(Path("videos/dark.mp4"), [np.zeros((64, 96, 3), np.uint8)] * 8)
    video("light.mp4")
    assert extract("videos") == 0
    error = capsys.readouterr().err
    assert "trajvqa: warning: videos/dark.mp4: found no box in 8 frames, expected some" in error
    assert error.endswith("trajvqa: warning: found no trajectory in 1 of 2 videos: dark\n")
    store = TrajectoryStore(TRAJECTORIES.find(Path("data"), "train"))
    assert dict(zip(store.ids, store.counts.tolist(), strict=True)) == {"dark": 0, "light": 1}


@pytest.mark.parametrize("name", ["bert", "clip"])
def test_questions_restrict_the_videos_and_give_text_features(models, capsys, name):
    questions = make_questions(videos=2, each=3, seed=0)
    first, second = dict.fromkeys(questions.videos)
    questions = replace(questions, videos=tuple({first: "a", second: "gone"}[each] for each in questions.videos))
    write_questions("questions.csv", questions)
    video("a.mp4")
    video("other.mp4")
    words = ("--questions", "questions.csv", "--text", str(models / name))
    assert extract("videos/*.mp4", *words) == 0
    output = capsys.readouterr()
    assert output.out.startswith("1 video extracted; 1 of no question; train has 1 video ")
    assert output.err == "trajvqa: 1 video of the questions missing: gone\n"
    BertFeatures(BERT.find(Path("data"), "train"), len(questions)).check_finite()
    assert find_recipe("data").text.path == str(models / name)


def test_a_later_split_of_another_recipe_is_refused_by_name(models, capsys):
    video("a.mp4")
    assert extract("videos", "--appearance", str(models / "resnet")) == 0
    capsys.readouterr()
    assert extract("videos", "--appearance", str(models / "dinov2"), split="val") == 1
    error = capsys.readouterr().err
    assert "data/recipe.yaml: found region features " in error
    assert f"appearance model {models / 'resnet'}, other than {models / 'dinov2'}" in error
    assert not Path("data", "extracted", "val").exists()
    assert extract("videos", "--appearance", str(models / "resnet"), split="val") == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("videos", "--text", "bert"), "--text: found without --questions, expected the questions"),
        (("empty",), "empty: found no video in the folder, expected files such as .mp4, or numbered images"),
        (
            ("videos", "videos2"),
            "videos/a.mp4 and videos2/a.mkv: found two videos of the same name, expected different",
        ),
        (("nothing*.mp4",), "nothing*.mp4: no file matches"),
        (("videos", "--clips", "0"), "--clips: found 0, expected an integer from 1 to 1024"),
        (("videos", "--regions", "nowhere"), "--regions: found 'nowhere', expected queries, geometry or an existing"),
        (("videos", "--detector", "nowhere"), "detector: found 'nowhere', expected the folder of"),
    ],
)
def test_a_command_that_means_nothing_is_refused_before_anything_is_loaded(capsys, words, message):
    video("a.mp4")
    Path("videos2").mkdir()
    write_video(Path("videos2/a.mkv"), moving_square(3))
    Path("empty").mkdir()
    assert extract(*words) == 2
    assert message in capsys.readouterr().err
    assert not Path("data").exists()


def test_a_folder_that_is_no_model_is_named(capsys):
    video("a.mp4")
    assert extract("videos", "--appearance", "models/resnet") == 1
    assert capsys.readouterr().err == (
        "trajvqa: error: models/resnet: found no such folder, expected a folder of Transformers\n"
    )


def test_a_split_that_is_no_name_is_refused(capsys):
    video("a.mp4")
    assert extract("videos", split="../train") == 2
    assert "--split: found '../train', expected letters, digits, - and _" in capsys.readouterr().err


def test_named_classes_are_those_of_all_splits(capsys):
    video("a.mp4")
    Path("classes.txt").write_text("circle\nsquare\n")
    assert extract("videos", "--classes", "classes.txt") == 0
    store = TrajectoryStore(TRAJECTORIES.find(Path("data"), "train"))
    assert store.classes == ("circle", "square") == find_recipe("data").classes
    Path("classes.txt").write_text("circle\n")
    shutil.rmtree("data")
    assert extract("videos", "--classes", "classes.txt") == 1
    assert "found 'square', expected one of the 1 classes; name all classes" in capsys.readouterr().err


def test_help_and_parsing_need_neither_av_nor_transformers():
    code = "import sys; sys.modules['av'] = sys.modules['transformers'] = None\nfrom trajvqa.cli import main\n"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}main(['extract', '--help'])"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert "--appearance FOLDER" in run.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_a_name_that_is_no_text_is_refused(capsys):
    video("a.mp4")
    os.rename(b"videos/a.mp4", b"videos/\xff.mp4")
    assert extract("videos") == 2
    assert "found a name that is not UTF-8, expected one that can be the ID of a video" in capsys.readouterr().err
