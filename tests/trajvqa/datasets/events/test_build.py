from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from trajtrack import Scene, Trajectories
from trajvqa.cli import main
from trajvqa.datasets.events import EventsOptions, make_events
from trajvqa.datasets.events.build import seed_of
from trajvqa.datasets.events.timeline import ACTIONS
from trajvqa.datasets.events.video import FRAME_RATE, FRAMES_PER_CLIP, World, linked_by, make_world
from trajvqa.datasets.nextgqa import read_annotations
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.worlds.video import COLOURS
from trajvqa.stores import FrameFeatures, RegionFeatures, TrajectoryStore

SPLITS = ("train", "val", "test")
SIZES = {"train": 100, "val": 4, "test": 4}
OPTIONS = EventsOptions(**SIZES, tracks="true")
SMALL = EventsOptions(train=2, val=1, test=2)
IDENTITY = ("why", "after", "before", "while", "does", "coat", "count")
"""Kinds of questions that take who it is over time."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a data folder with true tracks, and its statistics."""
    folder = tmp_path_factory.mktemp("events")
    return folder, make_events(folder, OPTIONS)


@pytest.fixture(scope="module")
def oracles(made):
    return made[1]["train"]["oracles"]


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_are_at_least_1200_training_videos():
    assert EventsOptions().train >= 1200


def test_the_truth_answers_every_question(oracles):
    assert set(oracles["truth"].values()) == {1.0}


@pytest.mark.parametrize("kind", IDENTITY)
def test_true_tracks_answer_what_objects_without_links_do_not(oracles, kind):
    assert oracles["linked"][kind] > 0.9
    assert max(oracles[name][kind] for name in ("segments", "detections", "clips")) < 0.65


@pytest.mark.parametrize("kind", ["does", "coat"])
def test_the_mean_of_a_track_tells_what_belongs_to_one_object(oracles, kind):
    assert oracles["pooled"][kind] > 0.9


@pytest.mark.parametrize("kind", ["why", "after", "before", "while", "count"])
def test_the_mean_of_a_track_does_not_tell_the_order(oracles, kind):
    assert oracles["pooled"][kind] < oracles["linked"][kind] - 0.2


def test_few_objects_are_told_apart_by_their_class_more_often(oracles, tmp_path):
    few = make_events(tmp_path, replace(OPTIONS, objects="few"))["train"]
    assert few["trajectories_per_video"] < 5
    assert few["oracles"]["segments"]["does"] > oracles["segments"]["does"] + 0.1
    assert few["oracles"]["truth"]["all"] == 1


def test_which_coats_there_are_shows_without_links(oracles):
    assert oracles["segments"]["coat"] > 0.3


def test_the_place_takes_no_objects(oracles):
    assert oracles["clips"]["place"] > 0.95


def test_broken_trajectories_answer_less_than_true_ones(oracles, tmp_path):
    linked = make_events(tmp_path, replace(OPTIONS, tracks="seq-nms"))["train"]["oracles"]
    assert linked["linked"]["all"] < oracles["linked"]["all"] - 0.03


def test_every_question_has_five_different_candidates(made):
    questions = read_questions(made[0] / "train.csv")
    assert all(len(set(candidates)) == len(candidates) == 5 for candidates in questions.candidates)
    shares = np.bincount(questions.answers, minlength=5) / len(questions)
    np.testing.assert_allclose(shares, 0.2, atol=0.05)


@pytest.mark.slow
def test_the_text_is_at_chance(tmp_path):
    statistics = make_events(tmp_path, EventsOptions(train=600, val=1, test=200))
    assert statistics["test"]["text"] == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize("kind", ["DC", "CW", "DO", "TC"])
def test_no_answer_of_a_type_is_frequent(made, kind):
    questions = read_questions(made[0] / "train.csv")
    rows = [row for row, found in enumerate(questions.types) if found == kind]
    correct = Counter(questions.candidates[row][questions.answers[row]] for row in rows)
    offered = Counter(text for row in rows for text in questions.candidates[row])
    for text, count in offered.items():
        if count >= 40:
            assert 0.05 < correct[text] / count < 0.4, text


def test_streams_hold_the_videos_that_are_asked_about(made):
    for split in SPLITS:
        videos = read_questions(made[0] / f"{split}.csv").videos
        FrameFeatures(made[0] / f"vid_feat/app_mot_{split}.h5").require(videos)
        TrajectoryStore(made[0] / f"traj_feat/trajectories_{split}.h5").require(videos)
        assert RegionFeatures(made[0] / f"region_feat_n/region_{split}.h5").read(videos).mask.any(axis=(1, 2, 3)).all()


def shown(world: World, clip: int) -> set[str]:
    """Return the actions and the coats that are seen in a clip."""
    actions = {ACTIONS[actor.actions[clip]] for actor in world.actors if clip in actor.actions}
    return actions | {COLOURS[actor.colour] for actor in world.actors if clip in actor.coat_clips}


def test_the_answer_is_seen_all_the_time_that_is_annotated(made):
    questions, annotations = read_questions(made[0] / "train.csv"), read_annotations(made[0] / "gsub_train.json")
    answers = [texts[int(answer)] for texts, answer in zip(questions.candidates, questions.answers, strict=True)]
    seconds = FRAMES_PER_CLIP / FRAME_RATE
    for index in range(20):
        world = make_world(f"train{index:05}", seed_of(OPTIONS, "train", index), "true")
        for row in np.flatnonzero([video == world.name for video in questions.videos]):
            answer = answers[row].split()[-1].removesuffix("s")  # of "a cat sings", "sing" and "red"
            for start, end in annotations.spans.get(questions.keys[row], ()):
                assert all(answer in shown(world, clip) for clip in range(round(start / seconds), round(end / seconds)))


def test_counts_and_places_take_the_whole_video(made):
    questions, annotations = read_questions(made[0] / "test.csv"), read_annotations(made[0] / "gsub_test.json")
    rows = zip(questions.keys, questions.types, strict=True)
    assert {kind for key, kind in rows if key not in annotations.spans} == {"DC", "DL"}
    assert set(annotations.durations.values()) == {15.0}


def test_options_and_statistics_are_kept_beside_the_data(made):
    kept = json.loads((made[0] / "worlds.json").read_text())
    assert kept["statistics"] == made[1]
    assert kept["options"].items() >= {**SIZES, "tracks": "true", "test_seed": 2027}.items()


def test_the_same_options_write_the_same_files(tmp_path):
    make_events(tmp_path / "first", SMALL)
    make_events(tmp_path / "second", SMALL)
    first, second = contents(tmp_path / "first"), contents(tmp_path / "second")
    assert {path: text for path, text in first.items() if path.suffix != ".h5"} == {
        path: text for path, text in second.items() if path.suffix != ".h5"
    }


def test_the_test_videos_depend_on_their_own_seed_alone(tmp_path):
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    make_events(first, SMALL)
    make_events(second, replace(SMALL, seed=1))
    make_events(third, replace(SMALL, test_seed=1))
    assert (second / "test.csv").read_bytes() == (first / "test.csv").read_bytes()
    assert (second / "train.csv").read_bytes() != (first / "train.csv").read_bytes()
    assert (third / "train.csv").read_bytes() == (first / "train.csv").read_bytes()
    assert (third / "test.csv").read_bytes() != (first / "test.csv").read_bytes()


@pytest.mark.parametrize("changes", [{"tracks": "flow"}, {"tracks": "true"}, {"links": "clips"}, {"links": "none"}])
def test_whatever_the_tracks_the_questions_and_clips_are_the_same(tmp_path, changes):
    make_events(tmp_path / "first", SMALL)
    make_events(tmp_path / "second", replace(SMALL, **changes))
    for name in ("train.csv", "vid_feat/app_mot_train.h5", "region_feat_n/region_train.h5"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_the_command_prints_what_each_input_tells(tmp_path, capsys):
    assert main(["worlds", str(tmp_path), "--version", "2", "--train", "2", "--val", "1", "--test", "1"]) == 0
    shown = capsys.readouterr().out
    assert "train: 2 videos" in shown
    cells = [[cell.strip() for cell in line.split("|")] for line in shown.splitlines() if line.startswith("|")]
    assert [row[1] for row in cells[2:9]] == ["truth", "linked", "pooled", "segments", "detections", "clips", "text"]
    assert set(cells[2][2:-1]) == {"100.0"}


def test_options_of_the_second_version_are_none_of_the_first(tmp_path, capsys):
    assert main(["worlds", str(tmp_path), "--tracks", "true"]) == 2
    assert "--tracks: found 'true', expected none: it is an option of version 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tracks": "best"}, "^tracks: found 'best', expected one of seq-nms, flow, true"),
        ({"links": "some"}, "^links: found 'some', expected one of all, segments, clips, none"),
        ({"test": 0}, "^test: found 0, expected an integer from 1"),
    ],
)
def test_an_option_out_of_its_range_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        EventsOptions(**changes)


def test_the_videos_of_a_split_have_the_given_linkers_in_turn(tmp_path):
    def alone(scene: Scene) -> Trajectories:
        return linked_by(scene, np.arange(len(scene.detections)) // 4)

    def together(scene: Scene) -> Trajectories:
        return linked_by(scene, np.zeros(len(scene.detections), np.int64))

    make_events(tmp_path, replace(SMALL, train=3), {"alone": alone, "together": together})
    store = TrajectoryStore(tmp_path / "traj_feat" / "trajectories_train.h5")
    assert store.counts[1] == 1 < min(store.counts[0], store.counts[2])
    assert json.loads((tmp_path / "worlds.json").read_text())["options"]["tracks"] == "alone and together"
