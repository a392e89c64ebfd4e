from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from helpers.data_examples import small_experiment, write_data
from trajvqa.training.checkpoints import load_checkpoint
from trajvqa.training.trainer import Progress, train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"), bert=True)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path).weights


def assert_same_run(one: Path, other: Path) -> None:
    assert (one / "log.jsonl").read_bytes() == (other / "log.jsonl").read_bytes()
    for name in ("last.pt", "best.pt"):
        first, second = weights_of(one / name), weights_of(other / name)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_writes_its_experiment_log_checkpoints_and_predictions(data, tmp_path):
    result = train(small_experiment(), data, tmp_path / "run")
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    answers = ["predictions_test.json", "predictions_val.json"]
    assert names == ["best.pt", "experiment.json", "last.pt", "log.jsonl", *answers]
    assert set(result.accuracies) == {"val", "test"}
    records = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [record["event"] for record in records] == ["start", "epoch", "epoch"]
    assert records[1].keys() >= {"epoch", "loss", "val_accuracy", "learning_rate", "best"}


def test_the_validation_accuracy_is_that_of_the_best_epoch(data, tmp_path):
    result = train(small_experiment(epochs=4), data, tmp_path / "run")
    records = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert result.accuracies["val"].overall == max(record["val_accuracy"] for record in records[1:])


@pytest.mark.parametrize("negatives", ["a", "qa", "both"])
@pytest.mark.parametrize("text", ["glove", "bert"])
def test_negatives_work_with_words_and_with_features(data, tmp_path, negatives, text):
    train(small_experiment(negatives=negatives, text=text, epochs=1), data, tmp_path / "run")
    assert (tmp_path / "run" / "best.pt").exists()


@pytest.mark.parametrize("model", ["random", "text-only"])
def test_models_that_see_nothing_need_only_the_questions(tmp_path, model):
    data = write_data(tmp_path / "data")
    for path in (*data.glob("vid_feat/*"), *data.glob("traj_feat/*")):
        path.unlink()
    result = train(small_experiment(model), data, tmp_path / "run")
    assert result.accuracies["test"].count == 24


def test_the_same_seed_gives_the_same_run(data, tmp_path):
    for name in ("one", "two"):
        train(small_experiment(negatives="both"), data, tmp_path / name)
    assert_same_run(tmp_path / "one", tmp_path / "two")


def test_another_seed_gives_another_run(data, tmp_path):
    experiment = small_experiment()
    train(experiment, data, tmp_path / "one")
    train(replace(experiment, training=replace(experiment.training, seed=4)), data, tmp_path / "two")
    assert (tmp_path / "one" / "log.jsonl").read_bytes() != (tmp_path / "two" / "log.jsonl").read_bytes()


def test_a_test_split_is_not_needed(tmp_path):
    data = write_data(tmp_path / "data", ("train", "val"))
    assert set(train(small_experiment(), data, tmp_path / "run").accuracies) == {"val"}


class Stopped(Exception):
    pass


@pytest.mark.parametrize("when", [(1, 1), (2, 3), (3, 2)])
def test_an_interrupted_run_resumes_with_identical_results(data, tmp_path, when):
    def stop(progress: Progress) -> None:
        if (progress.epoch, progress.step) == when and progress.val_accuracy is None:
            raise Stopped

    experiment = small_experiment(negatives="both", epochs=4)
    with pytest.raises(Stopped):
        train(experiment, data, tmp_path / "stopped", stop)
    train(experiment, data, tmp_path / "stopped")
    train(experiment, data, tmp_path / "whole")
    assert_same_run(tmp_path / "stopped", tmp_path / "whole")


PROGRAM = """
import sys
sys.path[:0] = {paths!r}
from helpers.data_examples import small_experiment
from trajvqa.training.trainer import train
import torch
torch.set_num_threads({threads})
train(small_experiment(negatives="both", epochs=40), sys.argv[1], sys.argv[2])
"""


@pytest.mark.slow
def test_a_run_killed_at_any_moment_resumes_with_identical_results(data, tmp_path):
    program = PROGRAM.format(paths=[entry for entry in sys.path if entry], threads=torch.get_num_threads())
    killed = tmp_path / "killed"
    rng = np.random.Generator(np.random.PCG64(time.time_ns()))
    kills = 0
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", program, data, killed])
        while process.poll() is None and not (killed / "log.jsonl").exists():
            time.sleep(0.01)
        time.sleep(rng.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills > 0
    experiment = small_experiment(negatives="both", epochs=40)
    train(experiment, data, killed)
    train(experiment, data, tmp_path / "whole")
    assert_same_run(killed, tmp_path / "whole")


@pytest.mark.parametrize("writes", range(1, 9))
def test_a_run_on_a_full_disk_keeps_whole_checkpoints_and_resumes(data, tmp_path, monkeypatch, writes):
    train(small_experiment(epochs=3), data, tmp_path / "whole")
    left = writes

    def fill(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fill)
        try:
            train(small_experiment(epochs=3), data, tmp_path / "run")
        except OSError as error:
            names = {tmp_path / "run" / name for name in ("log.jsonl", "best.pt", "last.pt")}
            full = Path(error.filename)
    assert left > 0 or full in names
    for path in (tmp_path / "run").glob("*.pt"):
        load_checkpoint(path)
    train(small_experiment(epochs=3), data, tmp_path / "run")
    assert_same_run(tmp_path / "run", tmp_path / "whole")


def test_two_runs_in_one_folder_do_not_mix(data, tmp_path):
    def train_again(progress: Progress) -> None:
        with pytest.raises(ValueError, match="found another run that writes to this folder, expected none"):
            train(small_experiment(epochs=1), data, tmp_path / "run")

    train(small_experiment(epochs=1), data, tmp_path / "run", train_again)
    train(small_experiment(epochs=1), data, tmp_path / "run")


def test_a_signal_while_a_checkpoint_is_written_waits_for_it(data, tmp_path, monkeypatch):
    synchronise = os.fsync

    def interrupt(descriptor: int) -> None:
        signal.raise_signal(signal.SIGINT)
        synchronise(descriptor)

    progress = []

    def begin_to_interrupt(step: Progress) -> None:
        progress.append(step)
        monkeypatch.setattr(os, "fsync", interrupt)

    with pytest.raises(KeyboardInterrupt):
        train(small_experiment(), data, tmp_path / "run", begin_to_interrupt)
    assert load_checkpoint(tmp_path / "run" / "last.pt").epoch == 1
    assert progress[-1].val_accuracy is None


def test_checkpoints_keep_the_permissions_of_those_they_replace(data, tmp_path):
    def restrict(progress: Progress) -> None:
        if progress.epoch == 1 and progress.val_accuracy is not None:
            (tmp_path / "run" / "last.pt").chmod(0o600)

    train(small_experiment(), data, tmp_path / "run", restrict)
    assert (tmp_path / "run" / "last.pt").stat().st_mode & 0o777 == 0o600


def test_a_finished_run_is_not_trained_again(data, tmp_path):
    train(small_experiment(), data, tmp_path / "run")
    before = os.stat(tmp_path / "run" / "last.pt").st_mtime_ns
    train(small_experiment(), data, tmp_path / "run")
    assert os.stat(tmp_path / "run" / "last.pt").st_mtime_ns == before


def test_a_checkpoint_of_another_experiment_is_refused(data, tmp_path):
    train(small_experiment(epochs=1), data, tmp_path / "run")
    with pytest.raises(ValueError, match=r"last.pt: settings.hidden_size: found 16, expected 32"):
        train(small_experiment(epochs=1, hidden_size=32), data, tmp_path / "run")


def test_a_checkpoint_of_other_data_is_refused(data, tmp_path):
    other = write_data(tmp_path / "data")
    text = (other / "train.csv").read_text()
    (other / "train.csv").write_text(text.replace("dog", "wolf"))
    train(small_experiment(), data, tmp_path / "run")
    with pytest.raises(ValueError, match=r"last.pt: schema: found other sizes, words or classes, expected"):
        train(small_experiment(), other, tmp_path / "run")


def test_data_that_changed_since_the_run_began_are_named(tmp_path):
    data = write_data(tmp_path / "data")
    train(small_experiment(), data, tmp_path / "run")
    with h5py.File(data / "vid_feat" / "app_mot_train.h5", "r+") as file:
        file["feat"][0, 0, 0] += 1
    message = r"last\.pt: data: found a run with another app_mot_train\.h5, expected one with the present file"
    with pytest.raises(ValueError, match=message):
        train(small_experiment(), data, tmp_path / "run")


def test_data_may_be_moved_between_two_parts_of_a_run(tmp_path):
    data = write_data(tmp_path / "data")
    train(small_experiment(), data, tmp_path / "run")
    data.rename(tmp_path / "moved")
    assert train(small_experiment(), tmp_path / "moved", tmp_path / "run").accuracies["val"].count == 24


def test_a_run_killed_between_its_best_and_its_last_checkpoint_resumes_from_the_best(data, tmp_path):
    train(small_experiment(epochs=1), data, tmp_path / "run")
    (tmp_path / "run" / "last.pt").unlink()
    reported: list[Progress] = []
    train(small_experiment(epochs=1), data, tmp_path / "run", reported.append)
    assert reported == []


def test_unfinished_files_of_a_killed_run_are_removed(data, tmp_path):
    train(small_experiment(), data, tmp_path / "run")
    (tmp_path / "run" / ".0123456789abcdef.pt").write_bytes(b"half a checkpoint")
    (tmp_path / "run" / ".notes").write_bytes(b"of the user")
    train(small_experiment(), data, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").glob(".*")] == [".notes"]


def test_a_broken_checkpoint_is_named(data, tmp_path):
    train(small_experiment(), data, tmp_path / "run")
    path = tmp_path / "run" / "last.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"last.pt: found a file that was cut off, expected a checkpoint of trajvqa"):
        train(small_experiment(), data, tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("optimiser", [], r"training\.optimiser: found \[\], expected the state of a run"),
        ("log_length", "long", r"training\.log_length: found 'long', expected the state of a run"),
        ("optimiser", {"state": {}}, "training: found a state that does not fit"),
    ],
)
def test_a_damaged_state_of_a_run_is_named(data, tmp_path, name, value, message):
    train(small_experiment(epochs=1), data, tmp_path / "run")
    for path in (tmp_path / "run").glob("*.pt"):
        content = torch.load(path, weights_only=True)
        content["training"][name] = value
        torch.save(content, path)
    with pytest.raises(ValueError, match=rf"\.pt: {message}"):
        train(small_experiment(epochs=1), data, tmp_path / "run")


def break_missing(data: Path) -> None:
    (data / "vid_feat" / "app_mot_val.h5").unlink()


def break_truncated(data: Path) -> None:
    path = data / "traj_feat" / "trajectories_test.h5"
    path.write_bytes(path.read_bytes()[:700])


def break_ids(data: Path) -> None:
    path = data / "test.csv"
    path.write_text(path.read_text().replace("test-video3", "test-video9"))


def break_nan(data: Path) -> None:
    with h5py.File(data / "vid_feat" / "app_mot_test.h5", "r+") as file:
        file["feat"][2, 1, 3] = np.nan


def break_shape(data: Path) -> None:
    with h5py.File(data / "vid_feat" / "app_mot_val.h5", "r+") as file:
        feat = file["feat"][:, :, :3]
        del file["feat"]
        file["feat"] = feat


def break_column(data: Path) -> None:
    path = data / "val.csv"
    path.write_text(path.read_text().replace("answer", "solution", 1))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_missing, "vid_feat/app_mot_val.h5"),
        (break_truncated, "trajectories_test.h5"),
        (break_ids, r"app_mot_test.h5.*test-video9"),
        (break_nan, r"app_mot_test.h5: .*feat.*test-video2"),
        (break_shape, r"app_mot_val.h5: feat.*found 3, expected 7"),
        (break_column, r"val.csv.*answer"),
    ],
)
def test_broken_data_are_named_before_training_starts(tmp_path, damage, message):
    data = write_data(tmp_path / "data")
    damage(data)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        train(small_experiment(), data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_bert_features_of_another_row_count_are_named(tmp_path):
    data = write_data(tmp_path / "data", bert=True)
    with h5py.File(data / "qas_bert" / "bert_ft_val.h5", "r+") as file:
        feat = file["feat"][:-1]
        del file["feat"]
        file["feat"] = feat
    with pytest.raises(ValueError, match=r"bert_ft_val.h5.*23.*24"):
        train(small_experiment(text="bert"), data, tmp_path / "run")


def test_bfloat16_trains(data, tmp_path):
    experiment = small_experiment(epochs=1)
    half = replace(experiment, training=replace(experiment.training, precision="bf16"))
    assert train(half, data, tmp_path / "run").accuracies["val"].count == 24


def test_batches_read_by_other_processes_train_the_same(data, tmp_path):
    experiment = small_experiment(negatives="both")
    train(experiment, data, tmp_path / "one")
    read_elsewhere = replace(experiment, training=replace(experiment.training, workers=2))
    train(read_elsewhere, data, tmp_path / "two")
    assert (tmp_path / "one" / "log.jsonl").read_bytes() == (tmp_path / "two" / "log.jsonl").read_bytes()


def test_a_loss_that_is_not_finite_stops_the_run(data, tmp_path, monkeypatch):
    monkeypatch.setattr("trajvqa.training.trainer.hinge_loss", lambda scores, answers: scores.sum() * float("nan"))
    with pytest.raises(ValueError, match="loss: found nan in epoch 1, expected a finite number"):
        train(small_experiment(), data, tmp_path / "run")


def test_a_run_with_another_number_of_steps_is_refused(data, tmp_path):
    train(small_experiment(), data, tmp_path / "run", max_steps=1)
    with pytest.raises(ValueError, match=r"last\.pt: max_steps: found a run with 1, expected one with None"):
        train(small_experiment(), data, tmp_path / "run")


def test_a_run_needs_at_least_one_step(data, tmp_path):
    with pytest.raises(ValueError, match="max_steps: found 0, expected at least 1"):
        train(small_experiment(), data, tmp_path / "run", max_steps=0)


def test_a_log_that_was_cut_off_is_named(data, tmp_path):
    train(small_experiment(), data, tmp_path / "run")
    (tmp_path / "run" / "log.jsonl").write_bytes(b"{}")
    with pytest.raises(ValueError, match=r"log\.jsonl: found 2 bytes, expected at least"):
        train(small_experiment(), data, tmp_path / "run")


def test_a_log_with_a_damaged_line_is_named_before_training_goes_on(data, tmp_path):
    train(small_experiment(epochs=1), data, tmp_path / "run")
    log = tmp_path / "run" / "log.jsonl"
    log.write_bytes(b"x" * 9 + log.read_bytes()[9:])
    before = (tmp_path / "run" / "last.pt").read_bytes()
    with pytest.raises(ValueError, match=r"log\.jsonl: line 1: found no JSON that can be read"):
        train(small_experiment(epochs=2), data, tmp_path / "run")
    assert (tmp_path / "run" / "last.pt").read_bytes() == before


def test_a_run_that_lost_its_best_checkpoint_is_named_before_training_goes_on(data, tmp_path):
    train(small_experiment(epochs=1), data, tmp_path / "run")
    (tmp_path / "run" / "best.pt").unlink()
    reported: list[Progress] = []
    with pytest.raises(FileNotFoundError, match=r"expected the checkpoint of the best epoch: .*best\.pt"):
        train(small_experiment(epochs=2), data, tmp_path / "run", reported.append)
    assert reported == []


def test_a_best_checkpoint_of_another_experiment_is_named_before_training_goes_on(data, tmp_path):
    train(small_experiment(epochs=1), data, tmp_path / "run")
    train(small_experiment(epochs=1, hidden_size=8), data, tmp_path / "other")
    shutil.copy(tmp_path / "other" / "best.pt", tmp_path / "run" / "best.pt")
    with pytest.raises(ValueError, match=r"best\.pt: settings\.hidden_size: found 8, expected 16"):
        train(small_experiment(epochs=2), data, tmp_path / "run")


@pytest.mark.parametrize("changed", [{"workers": 1}, {"device": "auto"}])
def test_a_run_may_resume_on_another_device_or_with_other_workers(data, tmp_path, changed):
    experiment = small_experiment(epochs=1)
    train(experiment, data, tmp_path / "run")
    train(replace(experiment, training=replace(experiment.training, **changed)), data, tmp_path / "run")


def test_a_finished_run_goes_on_with_more_epochs_as_if_it_had_them_from_the_start(data, tmp_path):
    experiment = small_experiment(negatives="both", epochs=4)
    train(replace(experiment, training=replace(experiment.training, epochs=2)), data, tmp_path / "longer")
    train(experiment, data, tmp_path / "longer")
    train(experiment, data, tmp_path / "whole")
    assert_same_run(tmp_path / "longer", tmp_path / "whole")
    assert (tmp_path / "longer" / "experiment.json").read_bytes() == (
        tmp_path / "whole" / "experiment.json"
    ).read_bytes()


def test_a_run_that_had_more_epochs_is_refused(data, tmp_path):
    train(small_experiment(epochs=2), data, tmp_path / "run")
    with pytest.raises(ValueError, match=r"last\.pt: training\.epochs: found a run of 2, expected at most 1"):
        train(small_experiment(epochs=1), data, tmp_path / "run")


def test_a_bert_feature_that_is_not_finite_is_named(tmp_path):
    data = write_data(tmp_path / "data", bert=True)
    with h5py.File(data / "qas_bert" / "bert_ft_train.h5", "r+") as file:
        file["feat"][3, 2, 1, 0] = np.inf
    with pytest.raises(ValueError, match=r"bert_ft_train\.h5: feat: row 3: found NaN or infinity"):
        train(small_experiment(text="bert"), data, tmp_path / "run")


def test_bert_features_of_another_number_of_candidates_are_named(tmp_path):
    data = write_data(tmp_path / "data", bert=True)
    with h5py.File(data / "qas_bert" / "bert_ft_train.h5", "r+") as file:
        feat = file["feat"][:, :4]
        del file["feat"]
        file["feat"] = feat
    with pytest.raises(ValueError, match=r"bert_ft_train\.h5: feat: found 4 candidates a question, expected 5"):
        train(small_experiment(text="bert"), data, tmp_path / "run")


def test_a_graph_alone_needs_no_file_of_the_other_stream(tmp_path):
    data = write_data(tmp_path / "data")
    for path in data.glob("vid_feat/*"):
        path.unlink()
    assert train(small_experiment(graphs=("TQG",), epochs=1), data, tmp_path / "run").accuracies
