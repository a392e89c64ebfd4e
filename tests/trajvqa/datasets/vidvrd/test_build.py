from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from helpers.data_examples import small_experiment
from helpers.vidvrd_examples import write_videos
from trajtrack.console.errors import UsageError
from trajtrack.console.parser import CommandParser
from trajvqa.cli import vidvrd
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.vidvrd.annotations import read_annotations
from trajvqa.datasets.vidvrd.build import VidvrdOptions, film, make_vidvrd_questions, split_videos
from trajvqa.datasets.vidvrd.candidates import MultipleChoice, choose_questions, collect_answers, with_candidates
from trajvqa.datasets.vidvrd.claims import Claim
from trajvqa.datasets.vidvrd.detections import DetectorOptions, link_video
from trajvqa.datasets.vidvrd.oracles import TrajectoryOracle, answer_from_annotations
from trajvqa.datasets.vidvrd.questions import draft_questions
from trajvqa.datasets.vidvrd.timeline import Timeline
from trajvqa.stores import FrameFeatures, RegionFeatures, TrajectoryStore
from trajvqa.training.trainer import train

SPLITS = ("train", "val", "test")
SMALL = VidvrdOptions(val_videos=3, test_videos=5)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_videos(tmp_path_factory.mktemp("annotations") / "videos", 20)


@pytest.fixture(scope="module")
def made(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "vidvrd"
    return folder, make_vidvrd_questions(source, folder, SMALL)


@pytest.fixture(scope="module")
def asked(source):
    videos = list(read_annotations(source))
    drafts = [draft for video in videos for draft in draft_questions(Timeline(video, 90))]
    rng = np.random.Generator(np.random.PCG64(0))
    return videos, with_candidates(choose_questions(drafts, 15, 1.0, rng), collect_answers(drafts), 2, rng)


def test_every_question_has_five_different_candidates(made):
    for split in SPLITS:
        for texts in read_questions(made[0] / f"{split}.csv").candidates:
            assert len(set(texts)) == 5


def test_streams_hold_the_videos_that_are_asked_about(made):
    for split in SPLITS:
        videos = set(read_questions(made[0] / f"{split}.csv").videos)
        frames = FrameFeatures(made[0] / "vid_feat" / f"app_mot_{split}.h5")
        store = TrajectoryStore(made[0] / "traj_feat" / f"trajectories_{split}.h5")
        assert set(frames.ids) == set(store.ids) == videos
        assert (frames.clips, store.classes) == (8, ("ball", "dog"))
        store.check_finite()
        regions = RegionFeatures(made[0] / "region_feat_n" / f"region_{split}.h5")
        assert set(regions.ids) == videos
        assert (regions.clips, regions.size) == (8, 2 + 22)
        assert regions.read(sorted(videos)).mask.any(axis=(1, 2, 3)).all()


def test_hq_gau_trains_on_the_regions(made, tmp_path):
    experiment = small_experiment("hq-gau", epochs=1)
    result = train(experiment, made[0], tmp_path / "run", max_steps=1)
    assert set(result.accuracies) == {"val", "test"}


def test_options_and_statistics_are_written(made):
    document = json.loads((made[0] / "vidvrd.json").read_text())
    assert document["options"]["detector"]["dropout"] == 0.1
    assert document["statistics"] == made[1]
    assert document["statistics"]["test"]["oracle_annotations"] == 1


def test_the_same_seed_writes_the_same_files(made, source, tmp_path):
    make_vidvrd_questions(source, tmp_path, SMALL)
    for path in sorted(made[0].rglob("*.*")):
        other = tmp_path / path.relative_to(made[0])
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest(), path.name


@pytest.mark.parametrize("links", ["clips", "none"])
def test_without_links_only_the_trajectories_differ(made, source, tmp_path, links):
    make_vidvrd_questions(source, tmp_path, replace(SMALL, links=links))
    for name in ("test.csv", "vid_feat/app_mot_test.h5", "region_feat_n/region_test.h5"):
        assert (tmp_path / name).read_bytes() == (made[0] / name).read_bytes()
    cut, whole = (TrajectoryStore(folder / "traj_feat/trajectories_test.h5") for folder in (tmp_path, made[0]))
    assert ((cut.counts > whole.counts) if links == "clips" else (cut.counts == whole.counts)).all()
    assert cut.attributes["links"] == links


def test_another_seed_splits_otherwise(source):
    videos = list(read_annotations(source))
    parts = [split_videos(videos, VidvrdOptions(val_videos=3, test_videos=5, seed=seed)) for seed in (0, 1)]
    assert parts[0]["test"] != parts[1]["test"]


def test_shots_of_a_film_are_not_divided(source):
    assert film("ILSVRC2015_train_00010021") == film("ILSVRC2015_train_00010024") != film("ILSVRC2015_val_00010021")
    assert film("2793806282") == "2793806282"


def test_no_video_left_for_training_is_refused(source):
    with pytest.raises(ValueError, match="of 20 videos none is left for training"):
        split_videos(list(read_annotations(source)), VidvrdOptions(test_videos=20))


def test_the_annotations_answer_every_question(asked):
    assert all(answer_from_annotations(question) == question.answer for question in asked[1])


def test_two_correct_candidates_are_an_error(asked):
    question = asked[1][0]
    double = MultipleChoice(question.draft, (question.draft.answer,) * 2, 0)
    with pytest.raises(ValueError, match="found 2 correct candidates"):
        answer_from_annotations(double)


def test_geometry_answers_questions_about_relations(asked):
    videos, questions = asked
    oracles = {
        video.name: TrajectoryOracle(
            link_video(video, {"ball": 0, "dog": 1}, DetectorOptions(), np.random.Generator(np.random.PCG64(1))),
            ("ball", "dog"),
        )
        for video in videos
    }
    relations = [question for question in questions if question.draft.family == "relation"]
    rights = [oracles[question.draft.video].answer(question) == question.answer for question in relations]
    assert len(rights) >= 20
    assert np.mean(rights) > 0.9


def test_an_answer_about_the_other_one_has_wrong_candidates_about_it_too(asked):
    for question in asked[1]:
        if isinstance(question.draft.answer, Claim) and question.draft.family == "relation":
            about = Counter(candidate.other for candidate in question.candidates)
            if question.draft.answer.other == question.draft.subject.category:
                assert about[question.draft.answer.other] >= 3


def test_a_bad_option_is_named():
    with pytest.raises(ValueError, match="near: found 5, expected an integer from 0 to 4"):
        VidvrdOptions(near=5)


def run_command(*words):
    parser = CommandParser()
    vidvrd.add_command(parser.add_subparsers())
    arguments = parser.parse_args(["vidvrd-questions", *map(str, words)])
    return arguments.run(arguments)


def test_the_command_writes_the_folder_and_prints_statistics(source, tmp_path, capsys):
    assert run_command(source, tmp_path / "out", "--val-videos", 3, "--test-videos", 5) is False
    output = capsys.readouterr()
    assert "test: 5 videos" in output.out
    assert "an oracle answers 100.0% from the annotations" in output.out
    assert "reading annotations" in output.err
    assert (tmp_path / "out" / "test.csv").exists()


def test_a_bad_flag_is_named(source, tmp_path):
    with pytest.raises(UsageError, match="--seed: found -1, expected an integer from 0"):
        run_command(source, tmp_path / "out", "--seed", -1)


@pytest.fixture(scope="module")
def real(data_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    options = VidvrdOptions(val_videos=60, test_videos=240, most_training_questions=8)
    return folder, make_vidvrd_questions(data_dir / "vidvrd" / "VidVRD-dataset.zip", folder, options)


@pytest.mark.slow
@pytest.mark.real_data
def test_real_annotations_give_over_2000_test_questions(real):
    folder, found = real
    questions = read_questions(folder / "test.csv")
    assert len(questions) == found["test"]["questions"] > 2000
    assert max(Counter(questions.videos).values()) <= 15


@pytest.mark.real_data
def test_real_splits_share_no_film(real):
    films = [{film(video) for video in read_questions(real[0] / f"{split}.csv").videos} for split in SPLITS]
    assert sum(len(each) for each in films) == len(set.union(*films))


@pytest.mark.real_data
def test_real_trajectories_hold_what_the_text_does_not(real):
    test = real[1]["test"]
    assert test["oracle_annotations"] == 1
    assert test["oracle_trajectories_by_family"]["relation"] > 0.8
    assert test["text_prior"] < 0.36
