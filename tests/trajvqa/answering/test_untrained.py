"""From a video file to an answer without training, with a tiny image-text model."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.tiny_encoders import siglip
from helpers.videos import moving_square, write_video
from trajvqa.answering.untrained import open_zero_shot
from trajvqa.cli import main

pytest.importorskip("av")

ASKED = ("what does the dog do", ["run", "sing", "jump"])


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("video") / "new.mp4", moving_square(12), rate=2)


def test_clips_alone_are_compared_without_a_detector(models, video):
    answer, shown = open_zero_shot(models / "clip", device="cpu", threads=1).ask(video, *ASKED)
    assert np.isfinite(answer.scores).all()
    assert max(abs(value) for value in answer.scores) <= 1
    assert answer.attended is None
    assert "The model reads no trajectories." in shown.notes


def test_with_a_detector_the_most_similar_trajectory_of_each_candidate_is_told(models, video):
    answerer = open_zero_shot(models / "clip", str(models / "detector"), device="cpu", threads=1)
    answer, _ = answerer.ask(video, *ASKED)
    assert len(answer.scores) == 3
    assert answer.attended is not None
    assert set(answer.attended.weights.sum(axis=1).tolist()) <= {0.0, 1.0}


def test_siglip_answers_too(tmp_path, video):
    answer, _ = open_zero_shot(siglip(tmp_path / "siglip"), device="cpu", threads=1).ask(video, *ASKED)
    assert len(answer.scores) == 3


def test_a_model_of_text_alone_is_refused(models, video):
    with pytest.raises(ValueError, match="bert"):
        open_zero_shot(models / "bert", device="cpu", threads=1)


def test_the_command_needs_no_checkpoint(models, video, capsys):
    asked = ["--question", ASKED[0], "-a", "run", "-a", "sing"]
    assert main(["answer", str(video), "--image-text", str(models / "clip"), "--device", "cpu", *asked]) == 0
    assert "<- chosen" in capsys.readouterr().out


def test_the_command_refuses_a_second_model_of_images(models, video, capsys):
    asked = ["-q", ASKED[0], "-a", "run", "-a", "sing", "--image-text", str(models / "clip")]
    assert main(["answer", str(video), *asked, "--appearance", "x"]) == 2
    assert "--appearance: found with --image-text" in capsys.readouterr().err
