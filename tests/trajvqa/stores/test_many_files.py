from __future__ import annotations

import pickle
import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from helpers.data_examples import small_experiment, write_data
from helpers.many_files import cut_frame_features, cut_regions, cut_split, cut_trajectories
from trajvqa.data.folder import FRAME_FEATURES, REGIONS, TRAJECTORIES
from trajvqa.doctor import examine
from trajvqa.stores import (
    VideoTrajectories,
    many_files,
    open_frame_features,
    open_region_features,
    open_trajectories,
    write_trajectories,
)
from trajvqa.stores.many_files import ManyFrameFeatures, ManyTrajectories
from trajvqa.training.trainer import train

COUNT = 4


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"), regions=True)


def videos_of(ids: tuple[str, ...]) -> list[str]:
    """Return all videos in another order, one of them twice."""
    return [*reversed(ids), ids[1]]


def test_clips_of_many_files_are_those_of_one(data, tmp_path):
    one = open_frame_features(FRAME_FEATURES.output(data, "train"))
    many = open_frame_features(cut_frame_features(one.path, tmp_path / "clips", COUNT))
    assert sorted(many.ids) == sorted(one.ids)
    assert (many.clips, many.size, many.appearance_size) == (one.clips, one.size, one.appearance_size)
    videos = videos_of(one.ids)
    assert np.array_equal(many.read(videos), one.read(videos))
    assert np.array_equal(many.read_frames(videos), one.read_frames(videos))


def test_segments_and_whole_trajectories_are_no_one_store(tmp_path):
    for name, owners in (("a", None), ("b", np.array([3, 3], np.int32))):
        spans = np.array([[0.0, 0.5], [0.5, 1.0]], np.float32)
        labels, scores = np.zeros(2, np.int32), np.ones(2, np.float32)
        video = VideoTrajectories(name, np.ones((2, 4), np.float32), spans, labels, scores, owners)
        write_trajectories(tmp_path / f"{name}.h5", [video], ["dog"])
    with pytest.raises(ValueError, match=r"b.h5: segments with owners: found True, expected False as in a.h5"):
        open_trajectories(tmp_path)


def test_regions_of_many_files_are_those_of_one(data, tmp_path):
    one = open_region_features(REGIONS.output(data, "train"))
    many = open_region_features(cut_regions(one.path, tmp_path / "regions", COUNT))
    videos = videos_of(one.ids)
    for name in ("features", "boxes"):
        assert np.array_equal(getattr(many.read(videos), name), getattr(one.read(videos), name))


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_trajectories_of_many_files_are_those_of_one(data, tmp_path, limit):
    one = open_trajectories(TRAJECTORIES.output(data, "train"))
    many = open_trajectories(cut_trajectories(one.path, tmp_path / "trajectories", COUNT))
    assert (many.classes, many.feature_size) == (one.classes, one.feature_size)
    assert dict(zip(many.ids, many.counts, strict=True)) == dict(zip(one.ids, one.counts, strict=True))
    assert many.left_out(2) == one.left_out(2) > 0
    videos = videos_of(one.ids)
    found, expected = many.read(videos, limit), one.read(videos, limit)
    for field in fields(expected):
        if field.name != "rows":
            assert np.array_equal(getattr(found, field.name), getattr(expected, field.name)), field.name
    for video in one.ids:
        assert np.array_equal(many.trajectories(video).features, one.trajectories(video).features)


def test_rows_count_through_all_files(data, tmp_path):
    many = ManyTrajectories(cut_trajectories(TRAJECTORIES.output(data, "train"), tmp_path / "many", COUNT))
    rows = many.read(many.ids, 100).rows
    assert rows[rows >= 0].tolist() == [*range(int(many.counts.sum()))]


def test_a_video_in_two_files_is_refused_with_their_names(data, tmp_path):
    folder = cut_frame_features(FRAME_FEATURES.output(data, "train"), tmp_path / "clips", COUNT)
    shutil.copy(folder / "1.h5", folder / "copy.h5")
    with pytest.raises(
        ValueError, match=r"clips: ids: found video .* in 1\.h5 and copy\.h5, expected each video in one"
    ):
        ManyFrameFeatures(folder)


def test_files_that_differ_are_refused_by_name(data, tmp_path):
    folder = cut_frame_features(FRAME_FEATURES.output(data, "train"), tmp_path / "clips", COUNT)
    other = write_data(tmp_path / "data", ("val",), image_text=True)
    shutil.copy(FRAME_FEATURES.output(other, "val"), folder / "3.h5")
    with pytest.raises(ValueError, match=r"3\.h5: size of a clip: found 6, expected 7 as in 0\.h5"):
        ManyFrameFeatures(folder)


def test_a_folder_without_files_is_no_store(tmp_path):
    (tmp_path / ".unfinished.h5").touch()
    with pytest.raises(ValueError, match=r"found no file that ends in \.h5, expected those of a store"):
        ManyTrajectories(tmp_path)


def test_missing_videos_are_counted_over_all_files(data, tmp_path):
    folder = cut_frame_features(FRAME_FEATURES.output(data, "train"), tmp_path / "clips", COUNT)
    (folder / "2.h5").unlink()
    with pytest.raises(ValueError, match=r"clips: ids: found 5 of 6 videos, expected all; 1 missing: train-video2"):
        ManyFrameFeatures(folder).require([f"train-video{number}" for number in range(6)])


def test_few_files_are_open_at_a_time(data, tmp_path, monkeypatch):
    closed = []
    close = many_files.FrameFeatures.close
    monkeypatch.setattr(many_files, "_MAX_OPEN", 2)
    monkeypatch.setattr(many_files.FrameFeatures, "close", lambda store: (closed.append(store.path.name), close(store)))
    many = ManyFrameFeatures(cut_frame_features(FRAME_FEATURES.output(data, "train"), tmp_path / "clips", COUNT))
    before = [many.read([video]) for video in many.ids]
    assert closed[:2] == ["0.h5", "1.h5"]
    assert all(np.array_equal(many.read([video]), features) for video, features in zip(many.ids, before, strict=True))


def test_a_store_can_be_pickled_for_other_processes(data, tmp_path):
    many = ManyTrajectories(cut_trajectories(TRAJECTORIES.output(data, "train"), tmp_path / "many", COUNT))
    many.read(many.ids, 3)
    assert np.array_equal(pickle.loads(pickle.dumps(many)).read(many.ids, 3).features, many.read(many.ids, 3).features)


@pytest.mark.parametrize("model", ["trajectory", "hq-gau"])
def test_training_on_many_files_is_that_on_one(tmp_path, model):
    data = write_data(tmp_path / "data", regions=True)
    train(small_experiment(model, epochs=1), data, tmp_path / "one")
    for split in ("train", "val", "test"):
        cut_split(data, split, COUNT)
    train(small_experiment(model, epochs=1), data, tmp_path / "many")
    assert (tmp_path / "one" / "log.jsonl").read_bytes() == (tmp_path / "many" / "log.jsonl").read_bytes()


def test_a_changed_file_among_many_is_named_when_a_run_resumes(tmp_path):
    data = write_data(tmp_path / "data")
    cut_split(data, "train", COUNT)
    train(small_experiment(epochs=1), data, tmp_path / "run")
    folder = FRAME_FEATURES.output(data, "train").with_suffix("")
    (folder / "2.h5").rename(folder / "5.h5")
    with pytest.raises(
        ValueError, match=r"data: found a run with another app_mot_train/\d\.h5, expected one with the pr"
    ):
        train(small_experiment(epochs=1), data, tmp_path / "run")


def test_a_file_and_a_folder_of_one_name_are_refused(data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "data")
    path = FRAME_FEATURES.output(copy, "train")
    cut_frame_features(path, path.with_suffix(""), COUNT)
    with pytest.raises(ValueError, match=r"app_mot_train: found this folder and .*app_mot_train\.h5, expected one"):
        open_frame_features(path)
    assert any("found this folder and" in problem for problem in examine(copy).problems)


def test_the_doctor_counts_the_videos_of_all_files(tmp_path):
    data = write_data(tmp_path / "data")
    cut_split(data, "train", COUNT)
    (files,) = [split.files for split in examine(data).splits if split.split == "train"]
    frames = next(file for file in files if file.name == FRAME_FEATURES.name)
    assert (frames.state, frames.facts[0]) == ("ok", "6 videos of 4 clips of 7 numbers")
