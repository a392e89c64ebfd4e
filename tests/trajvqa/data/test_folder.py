from __future__ import annotations

import re

import pytest

from trajvqa.data.folder import DataFiles, available_splits, find_files


def touch(folder, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_the_own_layout_has_precedence_wherever_it_lies(tmp_path):
    own, other = tmp_path / "feats/vid_feat/app_mot_val.h5", tmp_path / "CLIPL/CLIPL_I_val.h5"
    for path in (own, other):
        path.parent.mkdir(parents=True)
        path.touch()
    assert find_files(tmp_path, "val").frame_features == own


def test_the_own_layout_is_found_completely(tmp_path):
    files = DataFiles(
        questions=tmp_path / "val.csv",
        frame_features=tmp_path / "vid_feat/app_mot_val.h5",
        trajectories=tmp_path / "traj_feat/trajectories_val.h5",
        regions=tmp_path / "region_feat_n/region_val.h5",
        frame_appearance=tmp_path / "frame_feat/app_feat_val.h5",
        motion=tmp_path / "mot_feat/mot_feat_val.h5",
        bert=tmp_path / "qas_bert/bert_ft_val.h5",
        word_vectors=tmp_path / "glove.6B.300d.txt",
        vocabulary=tmp_path / "vocab.json",
    )
    touch(tmp_path, *(str(path.relative_to(tmp_path)) for path in vars(files).values()))
    assert find_files(tmp_path, "val") == files


def test_an_empty_folder_has_nothing(tmp_path):
    assert find_files(tmp_path, "val") == DataFiles()
    assert available_splits(tmp_path) == ()


def test_files_of_another_split_are_not_taken(tmp_path):
    touch(tmp_path, "train.csv", "vid_feat/app_mot_train.h5")
    assert find_files(tmp_path, "val") == DataFiles()


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("questions", "dataset/nextqa/val.csv"),
        ("questions", "nextqa/val.csv"),
        ("questions", "NExT-QA/dataset/nextqa/val.csv"),
        ("questions", "datasets/nextqa/val.csv"),
        ("questions", "datasets/nextgqa/val.csv"),
        ("questions", "NExT-GQA/datasets/nextgqa/val.csv"),
        ("questions", "datasets/IntentQA/val.csv"),
        ("questions", "datasets/intentqa/val.csv"),
        ("questions", "MC/val-00000-of-00001.parquet"),
        ("frame_features", "feats/vid_feat/app_mot_val.h5"),
        ("frame_features", "data/feats/vid_feat/app_mot_val.h5"),
        ("frame_features", "data/nextqa/frame_feat/app_feat_val.h5"),
        ("frame_features", "frame_feat/app_feat_val.h5"),
        ("frame_features", "data/nextqa/CLIPL/CLIPL_I_val.h5"),
        ("frame_features", "CLIP/CLIP_I_val.h5"),
        ("frame_features", "CLIPL_I_val.h5"),
        ("regions", "data/nextqa/region_feat_n/region_16c20b_val.h5"),
        ("regions", "region_feat_n/acregion_8c20b_val.h5"),
        ("regions", "region_8c10b_val.h5"),
        ("frame_appearance", "data/nextqa/frame_feat/app_feat_val.h5"),
        ("motion", "data/nextqa/mot_feat/mot_feat_val.h5"),
        ("trajectories", "feats/traj_feat/trajectories_val.h5"),
        ("trajectories", "trajectories_val.h5"),
        ("bert", "feats/qas_bert/bert_ft_val.h5"),
        ("bert", "data/nextqa/qas_bert/bert_ft_val.h5"),
        ("bert", "qas_bert/bert_ft_val.fp16.npy"),
        ("vocabulary", "dataset/nextqa/vocab.pkl"),
        ("word_vectors", "glove/glove.6B.300d.txt"),
        ("word_vectors", "glove.840B.300d.txt"),
    ],
)
def test_layouts_of_public_code_are_found(tmp_path, field, name):
    touch(tmp_path, name)
    assert getattr(find_files(tmp_path, "val"), field) == tmp_path / name


def test_features_next_to_a_checkout_are_found(tmp_path):
    touch(tmp_path, "NExT-QA/dataset/nextqa/val.csv", "data/feats/vid_feat/app_mot_val.h5")
    found = find_files(tmp_path / "NExT-QA", "val").frame_features
    assert found is not None
    assert found.samefile(tmp_path / "data/feats/vid_feat/app_mot_val.h5")


@pytest.mark.parametrize(
    ("questions", "features"),
    [
        ("datasets/nextgqa/val.csv", "data/nextqa/CLIPL/CLIPL_I_val.h5"),
        ("datasets/IntentQA/val.csv", "data/feats/intentqa/frame_feat/app_feat_val.h5"),
    ],
)
def test_features_next_to_a_checkout_of_other_questions_are_found(tmp_path, questions, features):
    touch(tmp_path, f"code/{questions}", features)
    found = find_files(tmp_path / "code", "val")
    assert found.questions == tmp_path / "code" / questions
    assert found.frame_features is not None
    assert found.frame_features.samefile(tmp_path / features)


def test_a_split_that_nextqa_lacks_is_not_taken_from_intentqa(tmp_path):
    touch(tmp_path, "datasets/nextqa/val.csv", "datasets/intentqa/test.csv")
    assert available_splits(tmp_path) == ("val",)


def test_data_next_to_a_folder_that_is_no_checkout_are_ignored(tmp_path):
    touch(tmp_path, "mine/val.csv", "data/feats/vid_feat/app_mot_val.h5")
    assert find_files(tmp_path / "mine", "val").frame_features is None


def test_the_own_layout_comes_before_others(tmp_path):
    touch(tmp_path, "frame_feat/app_feat_val.h5", "feats/vid_feat/app_mot_val.h5", "vid_feat/app_mot_val.h5")
    assert find_files(tmp_path, "val").frame_features == tmp_path / "vid_feat/app_mot_val.h5"


def test_word_vectors_of_300_numbers_come_before_others(tmp_path):
    touch(tmp_path, "glove.6B.100d.txt", "glove.6B.300d.txt")
    assert find_files(tmp_path, "val").word_vectors == tmp_path / "glove.6B.300d.txt"


def test_splits_are_those_that_have_questions(tmp_path):
    touch(tmp_path, "test.csv", "dataset/nextqa/train.csv", "vid_feat/app_mot_val.h5")
    assert available_splits(tmp_path) == ("train", "test")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "nowhere"))):
        find_files(tmp_path / "nowhere", "val")


def test_a_file_is_no_data_folder(tmp_path):
    touch(tmp_path, "val.csv")
    with pytest.raises(NotADirectoryError, match=re.escape(str(tmp_path / "val.csv"))):
        find_files(tmp_path / "val.csv", "val")


@pytest.mark.real_data
def test_the_questions_of_nextqa_are_found(data_dir):
    assert find_files(data_dir / "nextqa", "val") == DataFiles(questions=data_dir / "nextqa" / "val.csv")
    assert available_splits(data_dir / "nextqa") == ("val",)
