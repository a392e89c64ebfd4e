from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.data_examples import write_data
from trajvqa.cli import main
from trajvqa.data.file_reports import FileReport
from trajvqa.data.folder import FRAME_APPEARANCE, MOTION
from trajvqa.datasets.nextqa import read_questions
from trajvqa.doctor import Report, examine
from trajvqa.stores import VideoTrajectories, write_frame_features, write_region_features, write_trajectories
from trajvqa.text import Vocabulary, write_vocabulary


@pytest.fixture
def data(tmp_path):
    return write_data(tmp_path / "data", bert=True, regions=True)


def file_of(report: Report, split: str, name: str) -> FileReport:
    (found,) = [file for each in report.splits if each.split == split for file in each.files if file.name == name]
    return found


def keep_one_feature(paths: list[Path]) -> None:
    """Leave one feature of each candidate's text, as an image-text model has."""
    for path in paths:
        with h5py.File(path, "r+") as file:
            feat = file["feat"][:, :, :1]
            del file["feat"]
            file["feat"] = feat


def runs(report: Report) -> dict[str, tuple[str, ...]]:
    return {run.name: run.missing for run in report.runs}


def videos_of(data, split: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read_questions(data / f"{split}.csv").videos))


def test_a_complete_folder_has_no_problems(data):
    report = examine(data)
    assert report.problems == ()
    assert all(run.possible for run in report.runs if "zero-shot" not in run.name)


def test_questions_are_counted_by_type(data):
    facts = file_of(examine(data), "val", "questions").facts
    assert facts[0] == "24 questions about 6 videos"
    assert facts[1] == "CW 4  CH 4  TN 4  TP 0  TC 4  DC 4  DL 0  DO 4"


def test_frame_features_are_described(data):
    assert file_of(examine(data), "val", "frame features").facts == (
        "6 videos of 4 clips of 7 numbers",
        "6 of the 6 videos of the questions",
    )


def test_trajectories_are_described(data):
    assert file_of(examine(data), "val", "trajectories").facts == (
        "19 trajectories of 6 videos, 0 to 6, median 3.5; 5 numbers each, 3 classes",
        "videos without a trajectory: 1",
        "6 of the 6 videos of the questions",
    )


def test_regions_are_described(data):
    assert file_of(examine(data), "val", "regions").facts == (
        "6 videos of 2 clips of 2 frames of up to 3 regions of 3 numbers",
        "6 of the 6 videos of the questions",
    )


def test_missing_videos_of_regions_are_named(data):
    path = data / "region_feat_n/region_val.h5"
    write_region_features(path, ["a"], [(np.ones((1, 1, 1, 3)), np.ones((1, 1, 1, 4)))])
    named = ", ".join(videos_of(data, "val")[:5])
    check_problem(data, "val", "regions", f"ids: found 0 of 6 videos, expected all; 6 missing: {named}, ...")


def test_bert_features_are_described(data):
    assert file_of(examine(data), "val", "BERT features").facts == (
        "24 questions of 5 candidates of 9 words of 6 numbers; 24 questions checked",
    )


def test_vocabulary_and_word_vectors_are_compared_with_the_questions(data):
    write_vocabulary(data / "vocab.json", Vocabulary.from_texts(["what does the dog do", "run"]))
    (data / "glove.300d.txt").write_text("the 1 2\ndog 3 4\nhuman 5 6\n")
    vocabulary, vectors = examine(data).shared
    assert vocabulary.facts[0] == "10 words"
    assert vocabulary.facts[1].endswith("% of all words in the questions are in it")
    assert vectors.facts[0] == "of 2 numbers"
    assert vectors.facts[1] == "2 of the 6 words of the vocabulary have one"
    assert vectors.facts[2].endswith("% of all words in the questions have one")
    assert vectors.facts[3] == "2 of the 4 words of the classes have one"


def test_shares_of_words_are_counted_with_their_frequency(data):
    (data / "val.csv").unlink()
    (data / "test.csv").unlink()
    (data / "glove.300d.txt").write_text("what 1\ndoes 1\nthe 1\ndo 1\n")
    texts = read_questions(data / "train.csv")
    total = sum(len(text.split()) for row in texts.candidates for text in row) + sum(
        len(text.split()) for text in texts.questions
    )
    assert f"{4 * len(texts) / total:.1%} of all words in the questions have one" in examine(data).shared[1].facts


def test_absent_files_are_no_problems(tmp_path):
    report = examine(write_data(tmp_path / "data", splits=("val",)))
    assert report.problems == ()
    assert [split.empty for split in report.splits] == [True, False, True]
    assert file_of(report, "val", "BERT features").state == "absent"


def test_an_empty_folder_can_run_nothing(tmp_path):
    report = examine(tmp_path)
    assert report.problems == ()
    assert not any(run.possible for run in report.runs)


def test_missing_files_of_a_run_are_named(data):
    (data / "vid_feat/app_mot_val.h5").unlink()
    (data / "qas_bert/bert_ft_train.h5").unlink()
    missing = runs(examine(data))
    assert missing["text alone (GloVe): random, text-only"] == ()
    assert missing["text alone (BERT): random, text-only"] == ("qas_bert/bert_ft_train.h5",)
    clips = "clips (GloVe): co-mem, evqa, hcrn, hga, hme, psac, st-vqa, trajectory"
    assert missing[clips] == ("vid_feat/app_mot_val.h5",)
    assert missing["clips and trajectories (GloVe): l-gcn, trajectory"] == ("vid_feat/app_mot_val.h5",)
    assert missing["trajectories (GloVe): trajectory"] == ()
    assert missing["regions and clips (GloVe): hq-gau"] == ("vid_feat/app_mot_val.h5",)
    both = "clips and trajectories (BERT): l-gcn, trajectory"
    assert missing[both] == ("vid_feat/app_mot_val.h5", "qas_bert/bert_ft_train.h5")


def test_regions_need_no_clips_with_the_appearance_and_motion_of_hqga(data):
    for split in ("train", "val"):
        (data / f"vid_feat/app_mot_{split}.h5").unlink()
        for kind in (FRAME_APPEARANCE, MOTION):
            kind.output(data, split).touch()
    assert runs(examine(data))["regions and clips (GloVe): hq-gau"] == ()


def test_image_text_similarity_needs_one_embedding_of_each_candidate(data):
    found = {name: missing for name, missing in runs(examine(data)).items() if "zero-shot" in name}
    streams = ("clips", "trajectories", "clips and trajectories")
    assert list(found) == [f"{stream} (embeddings of one image-text model): zero-shot" for stream in streams]
    texts = [data / f"qas_bert/bert_ft_{split}.h5" for split in ("train", "val")]
    of_words = tuple(f"{path} (of words; needs one embedding of each candidate)" for path in texts)
    assert set(found.values()) == {of_words}
    keep_one_feature(texts)
    assert all(run.possible for run in examine(data).runs if "zero-shot" in run.name)
    assert examine(data).next_command == f"trajvqa train nextqa/zero-shot --data {data} -o run"


def test_the_next_command_leads_from_an_empty_folder_to_a_trained_model(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    again = f"then trajvqa doctor {folder}"
    assert examine(folder).next_command == f"put NExT-QA's train.csv into {folder}, {again}"
    write_data(folder)
    assert examine(folder).next_command == f"trajvqa train small/both --data {folder} -o run"
    for path in (folder / "traj_feat/trajectories_train.h5", folder / "vid_feat/app_mot_val.h5"):
        path.unlink()
    extract = f"trajvqa extract VIDEOS -o {folder} --split"
    assert examine(folder).next_command == f"{extract} train --questions {folder}/train.csv --detector FOLDER"
    write_data(folder, ("train",))
    assert examine(folder).next_command == (
        f"{extract} val --questions {folder}/val.csv --detector FOLDER --appearance FOLDER --motion FOLDER"
    )
    write_data(folder, bert=True)
    assert examine(folder).next_command == f"trajvqa train nextqa/bert-qa --data {folder} -o run"
    (folder / "vid_feat/app_mot_val.h5").write_text("no")
    assert examine(folder).next_command == f"replace the broken files, {again}"


def test_questions_alone_can_be_scored(tmp_path):
    data = write_data(tmp_path / "data", splits=("val",))
    missing = runs(examine(data))
    assert missing["scoring of predictions"] == ()
    assert missing["text alone (GloVe): random, text-only"] == ("train.csv",)


def check_problem(data, split: str, name: str, message: str) -> None:
    """Check that this is the only problem of the folder, and that it prevents runs."""
    report = examine(data)
    file = file_of(report, split, name)
    assert file.state == "broken"
    assert report.problems == file.problems == (f"{file.path}: {message}",)
    assert any(f"{file.path} (broken)" in run.missing for run in report.runs)


def test_broken_questions_are_named(data):
    (data / "val.csv").write_text("video,question\n")
    report = examine(data)
    (problem,) = report.problems
    assert problem.startswith(str(data / "val.csv"))
    assert file_of(report, "val", "BERT features").facts == ("not checked: the questions are missing",)


def test_frame_features_that_are_truncated_are_named(data):
    path = data / "vid_feat/app_mot_val.h5"
    path.write_bytes(path.read_bytes()[:-100])
    size = path.stat().st_size
    check_problem(data, "val", "frame features", f"found {size} bytes, expected more: the file is truncated")


def test_missing_videos_of_frame_features_are_named(data):
    videos = videos_of(data, "val")
    write_frame_features(data / "vid_feat/app_mot_val.h5", videos[2:], np.zeros((4, 4, 7), np.float32))
    message = f"ids: found 4 of 6 videos, expected all; 2 missing: {videos[0]}, {videos[1]}"
    check_problem(data, "val", "frame features", message)


def test_frame_features_that_are_not_finite_are_named(data):
    with h5py.File(data / "vid_feat/app_mot_val.h5", "r+") as file:
        file["feat"][2, 1, 3] = np.nan
    video = videos_of(data, "val")[2]
    message = f"feat: video {video}, clip 1: found a number that is not finite in float32, expected finite numbers"
    check_problem(data, "val", "frame features", message)


def test_frame_features_of_another_shape_than_those_of_training_are_named(data):
    videos = videos_of(data, "val")
    write_frame_features(data / "vid_feat/app_mot_val.h5", videos, np.zeros((6, 3, 7), np.float32))
    train = data / "vid_feat/app_mot_train.h5"
    message = f"found 3 clips of 7 numbers, expected 4 clips of 7 numbers as in {train}"
    check_problem(data, "val", "frame features", message)


def write_store(data, split: str, videos, classes, size: int = 5) -> None:
    none = np.zeros(0, np.float32)
    features, spans, labels = np.zeros((0, size), np.float32), none.reshape(0, 2), none.astype(np.int32)
    write_trajectories(
        data / f"traj_feat/trajectories_{split}.h5",
        [VideoTrajectories(video, features, spans, labels, none) for video in videos],
        classes,
    )


def test_missing_videos_of_trajectories_are_named(data):
    videos = videos_of(data, "val")
    write_store(data, "val", videos[1:], ("dog", "cat", "adult human"))
    message = f"ids: found 5 of 6 videos, expected all; 1 missing: {videos[0]}"
    check_problem(data, "val", "trajectories", message)


@pytest.mark.parametrize(
    ("classes", "place", "found", "expected"),
    [
        (("dog", "cow", "adult human"), 1, "cow", "cat"),
        (("dog", "cat"), 2, "no class", "adult human"),
        (("dog", "cat", "adult human", "cow"), 3, "cow", "no class"),
    ],
)
def test_classes_that_differ_from_those_of_training_are_named(data, classes, place, found, expected):
    write_store(data, "val", videos_of(data, "val"), classes)
    train = data / "traj_feat/trajectories_train.h5"
    check_problem(data, "val", "trajectories", f"class {place}: found {found}, expected {expected} as in {train}")


def test_trajectories_of_another_width_than_those_of_training_are_named(data):
    write_store(data, "val", videos_of(data, "val"), ("dog", "cat", "adult human"), size=6)
    train = data / "traj_feat/trajectories_train.h5"
    message = f"found features of 6 numbers, expected features of 5 numbers as in {train}"
    check_problem(data, "val", "trajectories", message)


def test_segments_beside_whole_trajectories_of_training_are_named(data):
    none = np.zeros(0, np.float32)
    features, spans, labels = np.zeros((0, 5), np.float32), none.reshape(0, 2), none.astype(np.int32)
    write_trajectories(
        data / "traj_feat/trajectories_val.h5",
        [VideoTrajectories(video, features, spans, labels, none, labels) for video in videos_of(data, "val")],
        ("dog", "cat", "adult human"),
        links="segments",
        clips=8,
    )
    message = "found segments of trajectories cut at the borders of 8 clips, expected whole trajectories as in "
    check_problem(data, "val", "trajectories", f"{message}{data / 'traj_feat/trajectories_train.h5'}")


def test_bert_features_of_another_number_of_questions_are_named(data):
    with h5py.File(data / "qas_bert/bert_ft_val.h5", "w") as file:
        file["feat"] = np.ones((23, 5, 9, 6), np.float32)
    message = f"found features of 23 questions, expected 24, one row for each question of {data / 'val.csv'}"
    check_problem(data, "val", "BERT features", message)


def test_bert_features_that_are_not_finite_are_named(data):
    with h5py.File(data / "qas_bert/bert_ft_val.h5", "r+") as file:
        file["feat"][3, 4, 1, 2] = np.inf
    message = "feat: row 3, candidate 4: found NaN or infinity, expected finite numbers"
    check_problem(data, "val", "BERT features", message)


def test_broken_word_vectors_are_named(data):
    (data / "glove.300d.txt").write_text("the 1 2\ndog 3\n")
    (problem,) = examine(data).problems
    assert problem.startswith(f"{data / 'glove.300d.txt'}: line 2")


def test_the_report_becomes_json(data):
    report = json.loads(json.dumps(examine(data).to_dict()))
    assert list(report["splits"]) == ["train", "val", "test"]
    assert report["splits"]["val"][0]["path"] == str(data / "val.csv")
    assert report["splits"]["val"][0]["state"] == "ok"
    assert report["runs"][0] == {"name": "scoring of predictions", "possible": True, "missing": []}


def test_the_command_prints_what_is_there(data, capsys):
    (data / "test.csv").unlink()
    assert main(["doctor", str(data)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(data)
    assert "  frame features  vid_feat/app_mot_val.h5" in lines
    assert "  questions       absent; expected test.csv" in lines
    assert "  vocabulary      absent; the words of train.csv are used" in lines
    assert "  yes  clips and trajectories (BERT): l-gcn, trajectory" in lines
    assert lines[-3] == "nothing is broken"


def test_the_command_fails_where_something_is_broken(data, capsys):
    path = data / "vid_feat/app_mot_val.h5"
    path.write_bytes(b"nothing")
    assert main(["doctor", str(data)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  frame features  vid_feat/app_mot_val.h5: broken, see below" in lines
    assert lines[-4:-2] == ["broken: 1", f"  {path}: found another format, expected an HDF5 file"]


def test_the_command_prints_json(data, capsys):
    assert main(["doctor", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []


def test_a_missing_folder_is_named(tmp_path, capsys):
    assert main(["doctor", str(tmp_path / "nowhere")]) == 1
    assert f"{tmp_path / 'nowhere'}: No such data folder" in capsys.readouterr().err


@pytest.mark.real_data
def test_the_questions_of_nextqa_alone_can_be_scored(data_dir, capsys):
    assert main(["doctor", str(data_dir / "nextqa")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "train: nothing" in lines
    assert f"{'':18}4,996 questions about 570 videos" in lines
    assert f"{'':18}CW 1,924  CH 683  TN 895  TP 54  TC 663  DC 177  DL 295  DO 305" in lines
    assert "  yes  scoring of predictions" in lines
    assert "       without train.csv" in lines


def test_a_checkout_of_intentqa_is_examined(tmp_path, capsys):
    path = tmp_path / "datasets" / "IntentQA" / "val.csv"
    path.parent.mkdir(parents=True)
    header = "video_id,frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4,action,lemma,lemma_id"
    path.write_text(f"{header}\n10,853,640,360,why did she wave,4,1,CW,a,b,c,d,to greet,wave,wave,5\n")
    assert main(["doctor", str(tmp_path)]) == 0
    assert f"{'':18}1 questions about 1 videos" in capsys.readouterr().out.splitlines()
    path.write_text(path.read_text().replace(",4,1,CW", ",to greeet,1,CW"))
    assert main(["doctor", str(tmp_path)]) == 1
    assert f"{path}: line 2: answer: found 'to greeet', expected" in capsys.readouterr().out


@pytest.mark.real_data
def test_the_questions_of_nextgqa_alone_can_be_scored(data_dir, capsys):
    assert main(["doctor", str(data_dir / "nextgqa")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{'':18}3,358 questions about 567 videos" in lines
    assert f"{'':18}CW 1,474  CH 481  TN 879  TP 52  TC 472  DC 0  DL 0  DO 0" in lines
