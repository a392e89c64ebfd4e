from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from trajvqa.cli import main
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import Questions
from trajvqa.datasets.worlds import WorldsOptions, make_worlds
from trajvqa.stores import FrameFeatures, RegionFeatures, TrajectoryStore

SPLITS = ("train", "val", "test")
SIZES = {"train": 120, "val": 10, "test": 60}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Return a data folder and its statistics."""
    folder = tmp_path_factory.mktemp("worlds")
    return folder, make_worlds(folder, WorldsOptions(**SIZES))


@pytest.fixture(scope="module")
def asked(worlds):
    return {split: read_questions(worlds[0] / f"{split}.csv") for split in SPLITS}


def test_the_same_seed_writes_the_same_files(tmp_path):
    small = {"train": 3, "val": 2, "test": 2}
    make_worlds(tmp_path / "first", WorldsOptions(**small, seed=5))
    make_worlds(tmp_path / "second", WorldsOptions(**small, seed=5))
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


@pytest.mark.parametrize("links", ["clips", "none"])
def test_without_links_only_the_trajectories_differ(tmp_path, links):
    small = {"train": 2, "val": 1, "test": 1}
    make_worlds(tmp_path / "whole", WorldsOptions(**small))
    make_worlds(tmp_path / "cut", WorldsOptions(**small, links=links))
    whole, cut = (tmp_path / name for name in ("whole", "cut"))
    for name in ("train.csv", "vid_feat/app_mot_train.h5", "region_feat_n/region_train.h5"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    counts = [TrajectoryStore(folder / "traj_feat/trajectories_train.h5").counts for folder in (cut, whole)]
    assert ((counts[0] > counts[1]) if links == "clips" else (counts[0] == counts[1])).all()


def test_another_seed_asks_other_questions(tmp_path):
    small = {"train": 3, "val": 2, "test": 2}
    make_worlds(tmp_path / "first", WorldsOptions(**small, seed=5))
    make_worlds(tmp_path / "second", WorldsOptions(**small, seed=6))
    assert (tmp_path / "first/train.csv").read_bytes() != (tmp_path / "second/train.csv").read_bytes()


def test_the_truth_answers_every_question(worlds):
    assert {split: numbers["oracle_truth"] for split, numbers in worlds[1].items()} == dict.fromkeys(SPLITS, 1.0)


@pytest.mark.parametrize("split", SPLITS)
def test_linked_trajectories_answer_at_least_nine_questions_of_ten(worlds, split):
    assert worlds[1][split]["oracle_trajectories"] >= 0.9


@pytest.mark.parametrize("split", SPLITS)
def test_every_question_has_five_different_candidates(asked, split):
    assert all(len(set(candidates)) == len(candidates) == 5 for candidates in asked[split].candidates)


def test_the_correct_candidate_may_be_at_any_index(asked):
    answers = asked["train"].answers
    shares = np.bincount(answers, minlength=5) / len(answers)
    np.testing.assert_allclose(shares, 0.2, atol=0.05)


def test_no_word_gives_the_answer_away(asked):
    """Among the questions of a type, a frequently offered word is correct in about one of five cases."""
    for kind, rows in rows_by_type(asked["train"]).items():
        offered: Counter[str] = Counter()
        correct: Counter[str] = Counter()
        for row in rows:
            candidates = asked["train"].candidates[row]
            offered.update(word for text in candidates for word in text.split())
            correct.update(candidates[asked["train"].answers[row]].split())
        for word, count in offered.items():
            if count >= 200:
                assert 0.1 < correct[word] / count < 0.35, (kind, word)


def test_the_text_alone_answers_no_more_than_it_does_in_nextqa(asked):
    assert text_accuracy(asked["train"], asked["test"]) < 0.45


def test_causal_temporal_and_descriptive_questions_have_about_the_shares_of_nextqa(asked):
    groups = Counter(kind[0] for kind in asked["train"].types)
    shares = {group: count / groups.total() for group, count in groups.items()}
    assert shares == {
        "C": pytest.approx(0.48, abs=0.08),
        "T": pytest.approx(0.29, abs=0.08),
        "D": pytest.approx(0.23, abs=0.08),
    }


def test_every_type_of_nextqa_is_asked(asked):
    assert set(asked["train"].types) == {"CW", "CH", "TN", "TP", "TC", "DC", "DL", "DO"}


def test_all_counts_are_about_equally_frequent(asked):
    questions = asked["train"]
    rows = [row for row, kind in enumerate(questions.types) if kind == "DC"]
    counts = Counter(questions.candidates[row][questions.answers[row]] for row in rows)
    assert set(counts) == {"two", "three", "four", "five", "six"}
    assert max(counts.values()) < 0.3 * len(rows)


def test_splits_share_no_video(asked):
    videos = [set(questions.videos) for questions in asked.values()]
    assert len(set.union(*videos)) == sum(len(each) for each in videos)


@pytest.mark.parametrize("split", SPLITS)
def test_every_video_that_is_asked_about_has_features_of_its_clips(worlds, asked, split):
    features = FrameFeatures(worlds[0] / f"vid_feat/app_mot_{split}.h5")
    features.require(asked[split].videos)
    features.check_finite()
    assert len(features) == SIZES[split]


@pytest.mark.parametrize("split", SPLITS)
def test_every_video_that_is_asked_about_has_regions(worlds, asked, split):
    regions = RegionFeatures(worlds[0] / f"region_feat_n/region_{split}.h5")
    assert (regions.clips, regions.frames, regions.regions, regions.size) == (8, 2, 6, 64)
    found = regions.read(sorted(set(asked[split].videos)))
    assert 1 < found.mask.sum(axis=-1).mean() < 5
    assert (found.boxes[found.mask][:, 2:] > found.boxes[found.mask][:, :2]).all()


@pytest.mark.parametrize("split", SPLITS)
def test_every_video_that_is_asked_about_has_trajectories(worlds, asked, split):
    store = TrajectoryStore(worlds[0] / f"traj_feat/trajectories_{split}.h5")
    store.require(asked[split].videos)
    store.check_finite()
    assert min(len(store.trajectories(video)) for video in set(asked[split].videos)) > 0


def test_statistics_are_those_of_the_files(worlds, asked):
    for split, numbers in worlds[1].items():
        assert numbers["videos"] == SIZES[split]
        assert numbers["questions"] == len(asked[split])
        assert numbers["types"] == Counter(asked[split].types)


def test_options_and_statistics_are_kept_beside_the_data(worlds):
    folder, statistics = worlds
    kept = json.loads((folder / "worlds.json").read_text())
    assert kept["statistics"] == statistics
    assert kept["options"].items() >= {**SIZES, "seed": 0}.items()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"train": 0}, r"^train: found 0, expected an integer from 1 to 1000000$"),
        ({"seed": -1}, r"^seed: found -1, expected an integer from 0 to 2147483647$"),
    ],
)
def test_an_option_out_of_its_range_is_named(option, message):
    with pytest.raises(ValueError, match=message):
        WorldsOptions(**option)


def test_the_command_writes_the_folder_and_prints_its_statistics(tmp_path, capsys):
    assert main(["worlds", str(tmp_path / "made"), "--train", "3", "--val", "2", "--test", "2", "--seed", "4"]) == 0
    printed = capsys.readouterr().out
    assert "train: 3 videos" in printed
    assert "test: 2 videos" in printed
    assert (tmp_path / "made/test.csv").exists()


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows_by_type(questions: Questions) -> dict[str, list[int]]:
    rows = defaultdict(list)
    for row, kind in enumerate(questions.types):
        rows[kind].append(row)
    return rows


def text_accuracy(train: Questions, test: Questions) -> float:
    """Accuracy of choosing by how often pairs of a word in the question and in a candidate were correct."""
    offered: Counter[tuple[str, str]] = Counter()
    correct: Counter[tuple[str, str]] = Counter()
    for row, text in enumerate(train.questions):
        for place, candidate in enumerate(train.candidates[row]):
            found = pairs(text, candidate)
            offered.update(found)
            if place == train.answers[row]:
                correct.update(found)

    def score(text: str, candidate: str) -> float:
        return float(np.mean([np.log((correct[pair] + 1) / (offered[pair] + 5)) for pair in pairs(text, candidate)]))

    chosen = [
        int(np.argmax([score(text, candidate) for candidate in candidates]))
        for text, candidates in zip(test.questions, test.candidates, strict=True)
    ]
    return float(np.mean(np.array(chosen) == test.answers))


def pairs(text: str, candidate: str) -> list[tuple[str, str]]:
    return [(asked, word) for asked in dict.fromkeys(text.split()) for word in candidate.split()]
