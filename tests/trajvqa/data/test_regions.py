from __future__ import annotations

import h5py
import numpy as np
import pytest

from helpers.data_examples import CLIPS, FRAME_SIZE, REGION_SIZE, small_experiment, write_data
from helpers.question_examples import make_questions
from trajvqa.data.folder import FRAME_APPEARANCE, find_files
from trajvqa.data.regions import RegionStream, box_features
from trajvqa.data.splits import open_split, schema_of
from trajvqa.stores import FrameFeatures, RegionFeatures, write_frame_features, write_region_features
from trajvqa.training.trainer import train

RNG = np.random.Generator(np.random.PCG64(0))
FEAT = RNG.standard_normal((2, 2, 4, 3, 5)).astype(np.float32)
BBOX = (RNG.random((2, 2, 4, 3, 4)) * 100).astype(np.float32)
APPEARANCE = RNG.standard_normal((2, 4, 16, 6)).astype(np.float32)
MOTION = RNG.standard_normal((2, 4, 7)).astype(np.float32)


@pytest.fixture
def regions(tmp_path):
    write_region_features(tmp_path / "region.h5", ("a", "b"), zip(FEAT, BBOX, strict=True))
    return RegionFeatures(tmp_path / "region.h5")


def public(path, name: str, values) -> FrameFeatures:
    with h5py.File(path, "w") as file:
        file["ids"] = np.array([b"a", b"b"])
        file[name] = values
    return FrameFeatures(path)


def test_of_more_clips_and_frames_evenly_spaced_ones_are_read(tmp_path, regions):
    appearance = public(tmp_path / "app.h5", "resnet_features", APPEARANCE)
    motion = public(tmp_path / "mot.h5", "resnext_features", MOTION)
    stream = RegionStream(regions, appearance, motion, 3)
    found = stream.read(["b", "a"])
    np.testing.assert_array_equal(found.appearance, APPEARANCE[[1, 0], ::2, ::4])
    np.testing.assert_array_equal(found.motion, MOTION[[1, 0], ::2])
    np.testing.assert_array_equal(found.regions.features, FEAT[[1, 0]])
    assert (stream.appearance_size, stream.motion_size) == (6, 7)


def test_clips_that_contain_their_motion_stand_for_all_their_frames(tmp_path, regions):
    clips = RNG.standard_normal((2, 2, 9)).astype(np.float32)
    write_frame_features(tmp_path / "clips.h5", ("a", "b"), clips)
    stream = RegionStream(regions, FrameFeatures(tmp_path / "clips.h5"), None, 4)
    found = stream.read(["a"])
    np.testing.assert_array_equal(found.appearance, np.repeat(clips[:1, :, None, :4], 4, axis=2))
    np.testing.assert_array_equal(found.motion, clips[:1, :, 4:])
    assert (stream.appearance_size, stream.motion_size) == (4, 5)


@pytest.mark.parametrize("split_at", [9, 20])
def test_clips_no_wider_than_appearance_serve_as_both(tmp_path, regions, split_at):
    clips = RNG.standard_normal((2, 2, 9)).astype(np.float32)
    write_frame_features(tmp_path / "clips.h5", ("a", "b"), clips)
    stream = RegionStream(regions, FrameFeatures(tmp_path / "clips.h5"), None, split_at)
    found = stream.read(["a"])
    np.testing.assert_allclose(found.motion, clips[:1])
    assert (stream.appearance_size, stream.motion_size) == found.appearance.shape[-1:] + found.motion.shape[-1:]


def test_boxes_become_shares_of_the_image_of_their_question():
    questions = make_questions(videos=2, each=1, seed=0)
    rows = np.array([1])
    width, height = questions.widths[1], questions.heights[1]
    boxes = np.array([[[width / 4, height / 2, width - 1, height - 1]]], np.float32)
    (found,) = box_features(boxes, questions, rows)[0]
    expected = [0.25, 0.5, (width - 1) / width, (height - 1) / height, 0.75 * 0.5]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_hq_gau_trains_on_a_data_folder(tmp_path):
    data = write_data(tmp_path / "data", bert=True, regions=True)
    schema = schema_of(data, small_experiment("hq-gau"), ("region",))
    assert (schema.region_size, schema.region_appearance_size, schema.region_motion_size) == (REGION_SIZE, 7, 7)
    for text in ("glove", "bert"):
        train(small_experiment("hq-gau", text=text), data, tmp_path / text)
        assert (tmp_path / text / "predictions_test.json").exists()


def test_the_public_files_have_precedence_over_clips(tmp_path):
    data = write_data(tmp_path / "data", regions=True)
    for split in ("train", "val", "test"):
        ids = RegionFeatures(find_files(data, split).regions).ids
        for folder, name, shape in (("frame_feat/app", "resnet", (8, 16, 5)), ("mot_feat/mot", "resnext", (8, 4))):
            path = data / f"{folder}_feat_{split}.h5"
            path.parent.mkdir(exist_ok=True)
            with h5py.File(path, "w") as file:
                file["ids"] = list(ids)
                file[f"{name}_features"] = RNG.standard_normal((len(ids), *shape)).astype(np.float32)
    experiment = small_experiment("hq-gau")
    schema = schema_of(data, experiment, ("region",))
    batch = open_split(data, "val", experiment, schema)[np.array([3, 0])]
    assert batch.region_appearance.shape == (2, 2, 2, 5)
    assert batch.region_motion.shape == (2, 2, 4)
    assert batch.frames is None


def test_regions_of_another_width_than_in_training_are_named(tmp_path):
    data = write_data(tmp_path / "data", regions=True)
    experiment = small_experiment("hq-gau")
    schema = schema_of(data, experiment, ("region",))
    path = find_files(data, "val").regions
    ids = RegionFeatures(path).ids
    shape = (CLIPS, 1, 1)
    write_region_features(path, ids, ((np.ones((*shape, 2)), np.ones((*shape, 4))) for _ in ids))
    with pytest.raises(ValueError, match=f"{path}: region_size: found 2, expected {REGION_SIZE} as in the training"):
        open_split(data, "val", experiment, schema)


def test_missing_regions_are_named(tmp_path):
    data = write_data(tmp_path / "data")
    with pytest.raises(FileNotFoundError, match=r"found no region_feat_n/region_train.h5; 'trajvqa doctor' lists"):
        schema_of(data, small_experiment("hq-gau"), ("region",))


def test_clips_serve_where_the_two_public_files_are_missing(tmp_path):
    data = write_data(tmp_path / "data", regions=True)
    experiment = small_experiment("hq-gau", appearance_size=3)
    schema = schema_of(data, experiment, ("region",))
    assert (schema.region_appearance_size, schema.region_motion_size) == (3, FRAME_SIZE - 3)


def test_one_of_the_two_public_files_is_refused_without_the_other(tmp_path):
    data = write_data(tmp_path / "data", regions=True)
    FRAME_APPEARANCE.output(data, "train")
    clips = np.ones((1, CLIPS, 2), np.float32)
    write_frame_features(data / "frame_feat/app_feat_train.h5", ["a"], clips)
    with pytest.raises(FileNotFoundError, match=r"found no mot_feat/mot_feat_train.h5"):
        schema_of(data, small_experiment("hq-gau"), ("region",))
