from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.data_examples import small_experiment, write_data
from helpers.several_processes import in_processes, torchrun
from trajvqa.evaluation.predict import predict_scores
from trajvqa.processes import ALONE, FailedElsewhere, Processes, joined
from trajvqa.training.checkpoints import load_checkpoint, load_model
from trajvqa.training.recipes import open_split_for
from trajvqa.training.trainer import train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("count", range(6))
def test_shares_are_all_things_in_order_and_differ_by_at_most_one(size, count):
    shares = [range(count)[Processes(rank, size).share(count)] for rank in range(size)]
    assert [thing for share in shares for thing in share] == [*range(count)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_process_started_by_itself_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as processes:
        assert processes == ALONE


def fail_in(processes: Processes, ranks: tuple[int, ...]) -> str:
    def action() -> str:
        if processes.rank in ranks:
            raise OSError(f"no file for {processes.rank}")
        return "done"

    return processes.together(action)


def test_an_action_that_succeeds_everywhere_returns_its_result():
    assert in_processes(2, fail_in, ()) == ["done", "done"]


@pytest.mark.parametrize(
    ("ranks", "kind", "message"),
    [
        ((0,), OSError, "no file for 0"),
        ((1,), ValueError, "process 1: no file for 1"),
        ((0, 1), OSError, "no file for 0"),
    ],
)
def test_the_first_process_reports_what_failed_in_any_and_the_others_end_with_it(ranks, kind, message):
    first, second = in_processes(2, fail_in, ranks)
    assert (type(first), str(first)) == (kind, message)
    assert type(second) is FailedElsewhere


def compare_data(processes: Processes) -> None:
    processes.require_equal({"settings": "same", "questions": f"file {processes.rank}"})


def test_processes_with_different_data_are_told_which():
    first, second = in_processes(2, compare_data)
    assert str(first) == "process 1: questions: found file 1, expected file 0 as in process 0"
    assert type(second) is FailedElsewhere


def lose_one(processes: Processes) -> None:
    if processes.rank == 1:
        os._exit(1)
    processes.sum(torch.ones(1))


def test_the_others_notice_that_a_process_ended():
    first, second = in_processes(2, lose_one)
    assert type(first) is FailedElsewhere
    assert second is None


@pytest.mark.parametrize(("rank", "kind"), [(0, ValueError), (1, FailedElsewhere)])
def test_more_processes_than_gpus_are_refused_by_the_first(monkeypatch, rank, kind):
    values = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with (
        pytest.raises(kind, match="found 2 processes on a machine with 1 GPUs, expected at most one for each GPU"),
        joined("auto"),
    ):
        pass


def test_an_environment_without_the_address_of_the_others_is_explained(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(ValueError, match=r"found no connection to the other processes \(.*MASTER_ADDR"), joined("cpu"):
        pass


def train_run(processes: Processes, epochs: int, data: Path, folder: Path) -> dict[str, float]:
    experiment = small_experiment(negatives="both", epochs=epochs, dropout=0.0)
    accuracies = train(experiment, data, folder, processes=processes).accuracies
    return {split: accuracy.overall for split, accuracy in accuracies.items()}


def stop_in_epoch_two(processes: Processes, epochs: int, data: Path, folder: Path) -> None:
    def stop(progress: object) -> None:
        if getattr(progress, "epoch", 0) == 2:
            raise KeyboardInterrupt

    try:
        train(small_experiment(negatives="both", epochs=epochs, dropout=0.0), data, folder, stop, processes=processes)
    except (KeyboardInterrupt, FailedElsewhere):
        os._exit(1)


def losses_of(folder: Path) -> list[tuple[int, float]]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(record["epoch"], record["loss"]) for record in records if record["event"] == "epoch"]


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_another_number_of_processes_resumes_a_run(data, tmp_path, before, after):
    train_run(ALONE, 4, data, tmp_path / "whole")
    assert in_processes(before, stop_in_epoch_two, 4, data, tmp_path / "run") == [None] * before
    assert load_checkpoint(tmp_path / "run" / "last.pt").epoch == 1
    first, *others = in_processes(after, train_run, 4, data, tmp_path / "run")
    assert all(other == first for other in others)
    losses, expected = losses_of(tmp_path / "run"), losses_of(tmp_path / "whole")
    assert [epoch for epoch, _ in losses] == [1, 2, 3, 4]
    # Sums of float32 in another order.
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for name in ("predictions_val.json", "predictions_test.json"):
        predictions, keys = (json.loads((tmp_path / each / name).read_text()) for each in ("run", "whole"))
        assert [*predictions] == [*keys]


def scores_in(processes: Processes, checkpoint: Path, data: Path) -> np.ndarray:
    model, about = load_model(checkpoint)
    batches = open_split_for(checkpoint, about, data, "test")
    return predict_scores(model, batches, about.experiment.training, processes)


def test_the_scores_of_a_split_are_those_of_one_process_to_the_last_bit(data, tmp_path, monkeypatch):
    train_run(ALONE, 1, data, tmp_path / "run")
    # The split has one batch, so that one of the processes has none.
    expected = scores_in(ALONE, tmp_path / "run" / "best.pt", data)
    for found in in_processes(2, scores_in, tmp_path / "run" / "best.pt", data):
        assert np.array_equal(found, expected)


def test_a_folder_of_another_run_is_refused_by_the_first_process(data, tmp_path):
    train_run(ALONE, 2, data, tmp_path / "run")
    first, second = in_processes(2, train_run, 1, data, tmp_path / "run")
    assert "last.pt: training.epochs: found a run of 2, expected at most 1" in str(first)
    assert type(second) is FailedElsewhere


def train_on_folder_of_rank(processes: Processes, folders: list[Path], run: Path) -> None:
    train(small_experiment(epochs=1), folders[processes.rank], run, processes=processes)


def test_other_test_questions_in_another_process_are_refused_before_training(data, tmp_path):
    other = shutil.copytree(data, tmp_path / "other")
    (other / "test.csv").unlink()
    first, second = in_processes(2, train_on_folder_of_rank, [data, other], tmp_path / "run")
    assert "process 1: test.csv: found None, expected" in str(first)
    assert type(second) is FailedElsewhere
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["WORLD_SIZE", "RANK"])
def test_an_environment_without_numbers_is_named(monkeypatch, name):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv(name, "x")
    with pytest.raises(ValueError, match=f"^environment variable {name}: found 'x', expected a number"), joined("cpu"):
        pass


def draw_dropout(processes: Processes, data: Path, folder: Path) -> float:
    train(small_experiment(epochs=1, dropout=0.5), data, folder, processes=processes)
    return float(torch.rand(()))


def test_dropout_differs_between_processes_and_not_between_runs(data, tmp_path):
    first, second = in_processes(2, draw_dropout, data, tmp_path / "one")
    assert first != second
    assert in_processes(2, draw_dropout, data, tmp_path / "two") == [first, second]
    assert (tmp_path / "one" / "log.jsonl").read_bytes() == (tmp_path / "two" / "log.jsonl").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="the processes of torchrun are found in /proc")
@pytest.mark.parametrize("ended", ["torchrun", "second"])
def test_a_run_of_torchrun_that_is_ended_resumes(tmp_path, ended):
    """SIGTERM to torchrun, and the death of one process, end all with one message and a whole checkpoint."""
    data = write_data(tmp_path / "data")
    words = ["trajvqa", "train", "small/both", "--data", str(data), "-o", str(tmp_path / "run")]
    settings = ["settings.hidden_size=16", "settings.fusion_size=64", "settings.trajectory_heads=4"]
    for setting in (*settings, "training.epochs=100000", "training.device=cpu"):
        words += ["--set", setting]
    running = torchrun(2, words)
    begun = time.monotonic()
    while not (tmp_path / "run" / "last.pt").exists():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < begun + 60
        time.sleep(0.05)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    if ended == "torchrun":
        running.send_signal(signal.SIGTERM)
    else:
        (second,) = [child for child in children if b"\0RANK=1\0" in Path(f"/proc/{child}/environ").read_bytes()]
        os.kill(int(second), signal.SIGKILL)
    _, errors = running.communicate(timeout=300)
    assert running.returncode != 0
    assert errors.count("the same command resumes after the last complete epoch") == 1
    done = load_checkpoint(tmp_path / "run" / "last.pt").epoch
    assert len(losses_of(tmp_path / "run")) >= done
