"""From a video file to an answer, with tiny models."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from helpers.data_examples import small_experiment, write_data
from helpers.question_examples import make_questions
from helpers.videos import moving_square, write_video
from helpers.viewer_pages import read_page
from trajvqa import answer
from trajvqa.answering import open_answerer, write_answers_page
from trajvqa.data.folder import BERT, FRAME_FEATURES, QUESTIONS, TRAJECTORIES
from trajvqa.datasets.nextqa import write_questions
from trajvqa.extract import ExtractOptions, Extractor
from trajvqa.extract.text_features import write_text_features
from trajvqa.stores import write_frame_features, write_trajectories
from trajvqa.text.encoders import open_text_encoder
from trajvqa.training.trainer import train

pytest.importorskip("av")

ASKED = ("what does the dog do", ["run", "sing", "levitate"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, models):
    """Return a folder with models, a video, runs on extracted data, and the data."""
    folder = tmp_path_factory.mktemp("answer")
    for name in ("resnet", "bert", "clip", "detector"):
        shutil.copytree(models / name, folder / name)
    write_video(folder / "new.mp4", moving_square(30))
    data = folder / "data"
    extractor = Extractor(
        ExtractOptions(
            detector=str(folder / "detector"),
            appearance=folder / "resnet",
            text=folder / "bert",
            clips=3,
            frames_per_clip=2,
            fps=5,
            min_score=0.0,
            threads=1,
            device="cpu",
        )
    )
    data.mkdir()
    extractor.recipe.write(data)
    encoder = open_text_encoder(folder / "bert", "cpu")
    for split in ("train", "val"):
        questions = make_questions(videos=2, each=3)
        names = [f"{split}{video[-1]}" for video in questions.videos]
        questions = replace(questions, videos=tuple(names))
        write_questions(QUESTIONS.output(data, split), questions)
        found = [extractor.extract(write_video(folder / f"{name}.mp4", moving_square(20))) for name in sorted({*names})]
        write_frame_features(
            FRAME_FEATURES.output(data, split),
            [each.video for each in found],
            [each.clips for each in found],
            {"appearance_size": found[0].appearance_size},
        )
        classes = extractor.recipe.classes
        write_trajectories(TRAJECTORIES.output(data, split), [each.as_trajectories(classes) for each in found], classes)
        write_text_features(BERT.output(data, split), questions, encoder)
    for name, settings in {"full": {}, "base": {"streams": ("frame",)}, "bert": {"text": "bert"}}.items():
        train(small_experiment(epochs=1, **settings), data, folder / name)
    train(small_experiment("text-only", epochs=1), data, folder / "text")
    return folder


def test_a_model_that_reads_regions_cannot_answer_about_a_file(tmp_path):
    data = write_data(tmp_path / "data", regions=True)
    train(small_experiment("hq-gau", epochs=1), data, tmp_path / "run")
    with pytest.raises(ValueError, match=r"best\.pt: found model hq-gau, expected one that reads no regions"):
        open_answerer(tmp_path / "run/best.pt")


@pytest.mark.parametrize("run", ["full", "base", "bert", "text"])
def test_a_video_is_answered_and_shown(folder, tmp_path, run):
    found, video = open_answerer(folder / run / "best.pt", device="cpu", threads=1).ask(folder / "new.mp4", *ASKED)
    assert len(found.scores) == 3
    write_answers_page(tmp_path / "page.html", [(run, found)], video, images=folder / "new.mp4")
    page = read_page(tmp_path / "page.html")
    assert len(page.images) == page.description["numFrames"] == 30


def test_the_answer_to_a_training_video_is_that_from_the_data_folder(folder):
    from trajvqa.answering import explain_question
    from trajvqa.training.checkpoints import load_model
    from trajvqa.training.recipes import open_split_for

    for run in ("full", "bert"):
        path = folder / run / "best.pt"
        model, checkpoint = load_model(path)
        data = open_split_for(path, checkpoint, folder / "data", "val")
        stored = explain_question(model, data, 0, checkpoint.experiment.training)
        live = answer(folder / "val0.mp4", stored.question, stored.candidates, path, device="cpu", threads=1)
        assert live.scores == pytest.approx(stored.scores, abs=1e-4)


def test_only_what_the_model_reads_is_loaded(folder, monkeypatch):
    monkeypatch.setattr("trajvqa.extract.extracting.source_of", refuse_detectors)
    answer(folder / "new.mp4", *ASKED, folder / "base" / "best.pt", device="cpu", threads=1)
    with pytest.raises(AssertionError, match="detector was opened"):
        answer(folder / "new.mp4", *ASKED, folder / "full" / "best.pt", device="cpu", threads=1)


def refuse_detectors(detector):
    from trajtrack.detect.sources import source_of

    assert callable(detector), "a detector was opened"
    return source_of(detector)


def test_other_models_than_those_of_the_training_data_are_refused(folder):
    with pytest.raises(ValueError, match=r"best\.pt: recipe of the training data: found another recipe .*appearance"):
        open_answerer(folder / "base" / "best.pt", folders={"appearance": str(folder / "clip")}, device="cpu")
    with pytest.raises(ValueError, match=r"clip: found another text model than .*bert"):
        open_answerer(folder / "bert" / "best.pt", folders={"text": str(folder / "clip")}, device="cpu")


def test_a_folder_that_has_moved_is_named_and_can_be_given(folder, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.move(folder / "resnet", moved)
    try:
        with pytest.raises(
            ValueError, match=r"appearance: found no folder .*resnet, expected the model of the training"
        ):
            open_answerer(folder / "full" / "best.pt", device="cpu")
        given = {"appearance": str(moved)}
        assert answer(folder / "new.mp4", *ASKED, folder / "base" / "best.pt", folders=given, device="cpu").scores
    finally:
        shutil.move(moved, folder / "resnet")


def test_a_checkpoint_without_a_recipe_answers_only_if_it_reads_no_video(folder, tmp_path):
    data = shutil.copytree(folder / "data", tmp_path / "data")
    (data / "recipe.yaml").unlink()
    train(small_experiment(epochs=1), data, tmp_path / "full")
    train(small_experiment("text-only", epochs=1), data, tmp_path / "text")
    with pytest.raises(ValueError, match="found no recipe of its training data, such as published features"):
        open_answerer(tmp_path / "full" / "best.pt")
    assert answer(folder / "new.mp4", *ASKED, tmp_path / "text" / "best.pt").unknown_words == ("levitate",)
