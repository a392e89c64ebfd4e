from __future__ import annotations

import json
import re
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

from helpers.data_examples import write_data
from trajvqa.cli import main
from trajvqa.cli.worlds import print_oracles
from trajvqa.data.folder import FRAME_FEATURES, TRAJECTORIES
from trajvqa.datasets.nextqa import read_questions, write_questions
from trajvqa.evaluation.accuracy import is_right, read_predictions, score
from trajvqa.evaluation.statistics import bootstrap_interval
from trajvqa.models import list_models
from trajvqa.training.checkpoints import load_checkpoint

SMALL = [
    word
    for setting in ("hidden_size=16", "word_size=8", "fusion_size=64", "trajectory_feed_forward=16")
    for word in ("--set", f"settings.{setting}")
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def run_folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", "small/both", "--data", str(data), "-o", str(folder), *SMALL]) == 0
    return folder


def test_train_writes_curves_and_prints_accuracies_of_each_split(data, tmp_path, capsys):
    assert main(["train", "small/frames", "--data", str(data), "-o", str(tmp_path / "run"), *SMALL]) == 0
    output = capsys.readouterr()
    assert "val: " in output.out
    assert "test: " in output.out
    assert "epoch 1/8" in output.err
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_predict_repeats_the_predictions_of_the_run(data, run_folder, tmp_path, capsys):
    output = tmp_path / "predictions.json"
    assert main(["predict", str(run_folder / "best.pt"), "--data", str(data), "-o", str(output)]) == 0
    assert output.read_bytes() == (run_folder / "predictions_test.json").read_bytes()
    assert "of 24 questions" in capsys.readouterr().out


def write_unanswered(data, folder, rows):
    """Copy a data folder; the questions of its test split at some rows lose their answers."""
    shutil.copytree(data, folder)
    questions = read_questions(folder / "test.csv")
    unanswered = np.isin(np.arange(len(questions)), rows)
    answers = np.where(unanswered, -1, questions.answers)
    write_questions(folder / "test.csv", replace(questions, answers=answers, unanswered=unanswered))
    return folder


@pytest.mark.parametrize("absent", ["-1", "", None])
def test_predict_needs_no_answers(data, run_folder, tmp_path, capsys, absent):
    folder = write_unanswered(data, tmp_path / "data", range(24))
    rows = [line.split(",") for line in (folder / "test.csv").read_text().splitlines()]
    column = rows[0].index("answer")
    for row in rows[1:]:
        row[column] = absent or ""
    kept = [[cell for index, cell in enumerate(row) if absent is not None or index != column] for row in rows]
    (folder / "test.csv").write_text("\n".join(map(",".join, kept)) + "\n")
    output = tmp_path / "predictions.json"
    assert main(["predict", str(run_folder / "best.pt"), "--data", str(folder), "-o", str(output)]) == 0
    found, expected = (json.loads(path.read_text()) for path in (output, run_folder / "predictions_test.json"))
    assert {key: each["prediction"] for key, each in found.items()} == {
        key: each["prediction"] for key, each in expected.items()
    }
    assert {each["answer"] for each in found.values()} == {-1}
    shown = capsys.readouterr().out
    assert shown == f"test: 24 questions without an answer, which no accuracy counts\nwrote {output}\n"
    assert main(["predict", str(run_folder / "best.pt"), "--data", str(folder), "-o", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] is None


def test_predict_scores_the_questions_that_have_an_answer(data, run_folder, tmp_path, capsys):
    folder = write_unanswered(data, tmp_path / "data", range(4))
    assert main(["predict", str(run_folder / "best.pt"), "--data", str(folder), "-o", str(tmp_path / "out.json")]) == 0
    shown = capsys.readouterr().out
    assert "of 20 questions" in shown
    assert "test: 4 questions without an answer" in shown
    words = ["--data", str(folder), "--question", "test-video0_0", "--json"]
    assert main(["predict", str(run_folder / "best.pt"), *words]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] is None


def test_train_answers_a_test_split_without_answers(data, tmp_path, capsys):
    folder = write_unanswered(data, tmp_path / "data", range(24))
    words = [*SMALL, "--set", "training.epochs=1"]
    assert main(["train", "small/text-only", "--data", str(folder), "-o", str(tmp_path / "run"), *words]) == 0
    assert "test: found no answers, so the predictions have no accuracy" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "run" / "predictions_test.json").read_text())) == 24


def test_predict_shows_one_question_and_what_it_attended_to(data, run_folder, capsys):
    command = ["predict", str(run_folder / "best.pt"), "--data", str(data), "--question", "test-video3_2"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "video test-video3, question 2" in shown
    assert shown.count("correct") == 1
    assert "chosen" in shown
    assert "of 4 trajectories" in shown or "of 3 trajectories" in shown
    assert "% of the video" in shown


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (["--question", "test-video3_9"], "--question: found no 'test-video3_9', expected VIDEO_QID", 2),
        (["--split", "other", "-o", "x.json"], "found no other.csv", 1),
        (["-o", "folder/x.json"], "folder: No such folder", 1),
    ],
)
def test_predict_names_a_bad_argument(data, run_folder, capsys, words, message, code):
    assert main(["predict", str(run_folder / "best.pt"), "--data", str(data), *words]) == code
    assert message in capsys.readouterr().err


def test_predict_takes_the_folder_of_a_run(data, run_folder, tmp_path):
    output = tmp_path / "predictions.json"
    assert main(["predict", str(run_folder), "--data", str(data), "-o", str(output)]) == 0
    assert output.read_bytes() == (run_folder / "predictions_test.json").read_bytes()


def test_a_log_that_no_axis_has_room_for_is_noted_and_the_run_counts(data, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    command = ["train", "small/text-only", "--data", str(data), "-o", str(tmp_path / "run"), *SMALL]
    command += ["--set", "training.epochs=1"]
    assert main(command) == 0
    log = tmp_path / "run" / "log.jsonl"
    log.write_text(log.read_text().replace('"learning_rate": 0.001', '"learning_rate": 1e-40'))
    capsys.readouterr()
    assert main(command) == 0
    assert f"curves not drawn: {log}: line 2: learning_rate: found 1e-40" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"no checkpoint", b"", b"abc", bytes(300)])
def test_a_file_that_is_not_a_checkpoint_is_named(data, tmp_path, capsys, content):
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    assert main(["predict", str(path), "--data", str(data), "-o", str(tmp_path / "x.json")]) == 1
    assert re.search(f"{path}: found (another format|an empty file), expected a checkpoint", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["small/bth"], "small/bth: found no such experiment, expected a .yaml file or one of those that"),
        (["small/both", "--set", "settings.hidden=3"], "error: --set settings.hidden: found no such setting,"),
        (
            ["small/both", "--set", "training.epochs=0"],
            "error: --set training.epochs: found 0, expected an ",
        ),
        (["small/both", "--set", "training.epochs"], "--set: found 'training.epochs', expected SETTING=VALUE"),
        (["small/both", "--set", "model=vgt"], f"model: found 'vgt', expected one of {', '.join(list_models())}"),
    ],
)
def test_train_names_an_unknown_experiment_setting_or_model(data, tmp_path, capsys, words, message):
    assert main(["train", *words, "--data", str(data), "-o", str(tmp_path / "run")]) in (1, 2)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_missing_data_folder_is_named(tmp_path, capsys):
    assert main(["train", "small/both", "--data", str(tmp_path / "none"), "-o", str(tmp_path / "run")]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


def test_models_lists_every_model_experiment_and_table(capsys):
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    assert f"models: {', '.join(list_models())}" in shown
    assert "nextqa/bert-qa" in shown
    assert re.search(r"^  6 +Sample augmentation \(paper, Table 6\)$", shown, re.MULTILINE)
    assert re.search(r"^  small-negatives  How many negatives", shown, re.MULTILINE)


def test_a_table_shows_mean_and_deviation_and_is_kept(data, tmp_path, capsys):
    command = ["table", "small", "--data", str(data), "-o", str(tmp_path), "--seeds", "0", "1", "--rows"]
    command += ["text only", "frames and trajectories", *SMALL, "--set", "training.epochs=1"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "|  | C | T | D | All | p |"
    assert [line.split("|")[1].strip() for line in lines[4:]] == ["text only", "frames and trajectories"]
    assert "±" in lines[4]
    content = json.loads((tmp_path / "table.json").read_text())
    assert [len(row["accuracies"]["All"]) for row in content["rows"]] == [2, 2]
    assert (tmp_path / "table.md").read_text().splitlines() == lines
    assert (tmp_path / "table.csv").read_text().startswith("row,questions,seeds,mean,")
    assert (tmp_path / "table.png").read_bytes().startswith(b"\x89PNG")


def test_the_figures_of_a_table_are_those_of_its_predictions(data, tmp_path):
    command = ["table", "small", "--data", str(data), "-o", str(tmp_path), "--seeds", "3", "--rows", "text only"]
    assert main([*command, *SMALL, "--set", "training.epochs=1"]) == 0
    questions = read_questions(data / "test.csv")
    predictions = read_predictions(tmp_path / "small-text-only-seed-3" / "predictions_test.json", questions)
    accuracy = score(questions, predictions)
    shares = accuracy.types | accuracy.groups | {"All": accuracy.overall}
    (row,) = json.loads((tmp_path / "table.json").read_text())["rows"]
    assert {name: values for name, (values,) in row["accuracies"].items()} == pytest.approx(
        {name: 100 * share for name, share in shares.items()}
    )
    low, high = bootstrap_interval(is_right(questions, predictions), questions.videos)
    assert row["intervals"]["All"] == pytest.approx([100 * low, 100 * high])
    assert all(ends[0] <= row["accuracies"][name][0] <= ends[1] for name, ends in row["intervals"].items())


def test_the_rows_of_a_sweep_have_runs_of_their_own(data, tmp_path, capsys):
    command = ["table", "small-negatives", "--data", str(data), "-o", str(tmp_path), "--seeds", "0", "--rows"]
    command += ["a-, M = 1", "a-, M = 2", *SMALL, "--set", "training.epochs=1"]
    assert main(command) == 0
    counts = [
        json.loads((tmp_path / f"small-both-a-negatives.count-{count}-seed-0" / "experiment.json").read_text())
        for count in (1, 2)
    ]
    assert [each["negatives"]["count"] for each in counts] == [1, 2]
    assert "| a-, M = 2 |" in capsys.readouterr().out


def test_what_a_sweep_varies_cannot_be_set(data, tmp_path, capsys):
    command = ["table", "small-negatives", "--data", str(data), "-o", str(tmp_path), "--set", "negatives.count=3"]
    assert main(command) == 2
    assert "--set: found 'negatives.count=3', expected other settings: the table varies this" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rows", "full"], "--rows: found 'full', expected one of 'random', 'text only'"),
        (["--jobs", "0"], "--jobs: found 0, expected an integer of at least 1"),
        (["--seeds", "1", "1"], "--seeds: found 1 1, expected different seeds"),
        (["--seeds", "-1"], "--seeds: found -1, expected integers from 0 to 2147483647"),
        (["--seeds", "0", "99999999999"], "--seeds: found 99999999999, expected integers from 0 to 2147483647"),
        (["--rows", "text olny"], "(did you mean 'text only'?)"),
    ],
)
def test_table_names_a_bad_argument(data, tmp_path, capsys, words, message):
    assert main(["table", "small", "--data", str(data), "-o", str(tmp_path), *words]) == 2
    assert message in capsys.readouterr().err


def test_a_table_of_a_missing_split_trains_nothing(tmp_path, capsys):
    data = write_data(tmp_path / "data", ("train", "val"))
    assert main(["table", "small", "--data", str(data), "-o", str(tmp_path / "runs")]) == 1
    assert "found no test.csv, expected the split of the table" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_table_with_a_missing_store_trains_nothing_and_names_the_row(data, tmp_path, capsys, split):
    shutil.copytree(data, tmp_path / "data")
    store = tmp_path / "data" / TRAJECTORIES.expected(split)
    store.unlink()
    assert main(["table", "small", "--data", str(tmp_path / "data"), "-o", str(tmp_path / "runs"), *SMALL]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("trajvqa: error: row 'trajectories': ")
    assert f"found no {TRAJECTORIES.expected(split)}" in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_row_of_a_table_may_have_inputs_of_its_own(data, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    shutil.copytree(data, folder / "links-none")
    command = ["table", "linking", "--data", str(folder), "-o", str(tmp_path / "runs"), "--seeds", "0", "--rows"]
    command += ["linked", "one detection an object", *SMALL, "--set", "training.epochs=1"]
    assert main(command) == 0
    runs = {path.name for path in (tmp_path / "runs").iterdir() if path.is_dir()}
    assert runs == {"small-both-seed-0", "small-both-links-none-seed-0"}


def test_a_table_without_the_inputs_of_a_row_trains_nothing_and_names_it(data, tmp_path, capsys):
    assert main(["table", "linking", "--data", str(data), "-o", str(tmp_path / "runs"), *SMALL]) == 1
    assert "row 'one detection an object': " in (errors := capsys.readouterr().err)
    assert "links-none" in errors
    assert not (tmp_path / "runs").exists()


def test_a_table_with_a_damaged_store_trains_nothing_and_names_the_row(data, tmp_path, capsys):
    shutil.copytree(data, tmp_path / "data")
    store = tmp_path / "data" / FRAME_FEATURES.expected("test")
    store.write_bytes(store.read_bytes()[:-100])
    assert main(["table", "small", "--data", str(tmp_path / "data"), "-o", str(tmp_path / "runs"), *SMALL]) == 1
    assert re.search(rf"error: row '[^']+': {re.escape(str(store))}: found", capsys.readouterr().err)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("version", ["1", "2"])
def test_hq_gau_trains_on_the_regions_of_worlds_and_answers(tmp_path, capsys, version):
    folder, run = str(tmp_path / "worlds"), str(tmp_path / "run")
    assert main(["worlds", folder, "--version", version, "--train", "4", "--val", "2", "--test", "2"]) == 0
    assert main(["train", "small/hq-gau", "--data", folder, "-o", run, "--set", "training.epochs=1"]) == 0
    output = str(tmp_path / "predictions.json")
    assert main(["predict", f"{run}/best.pt", "--data", folder, "-o", output]) == 0
    assert main(["eval", output, f"{folder}/test.csv"]) == 0
    assert "accuracy, %" in capsys.readouterr().out
    predictions = json.loads((tmp_path / "predictions.json").read_text())
    assert predictions == json.loads((tmp_path / "run" / "predictions_test.json").read_text())


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc to find the workers")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_the_workers_of_a_table_end_with_it(data, tmp_path, number, code):
    command = [sys.executable, "-m", "trajvqa", "table", "small", "--data", str(data), "-o", str(tmp_path), *SMALL]
    command += ["--rows", "text only", "--seeds", "0", "1", "--jobs", "2", "--set", "training.epochs=5000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while len(list(tmp_path.glob("*/last.pt"))) < 2 and process.poll() is None:
        time.sleep(0.05)
    workers = [path.name for path in Path("/proc").glob("[0-9]*") if parent_of(path) == process.pid]
    assert len(workers) >= 2
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == code
    assert "Traceback" not in errors
    deadline = time.monotonic() + 60
    while any(Path("/proc", worker).exists() and parent_of(Path("/proc", worker)) != 0 for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def parent_of(process: Path) -> int:
    """Return the number of the process that started one; 0 for one that has ended."""
    try:
        state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)


def test_the_saved_experiment_of_a_run_can_be_trained_again(data, run_folder, tmp_path):
    again = ["train", str(run_folder / "experiment.json"), "--data", str(data), "-o", str(run_folder)]
    before = (run_folder / "last.pt").stat().st_mtime_ns
    assert main(again) == 0
    assert (run_folder / "last.pt").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("experiment", "limit", "note"), [("both", 1, "=1 leaves out "), ("both", 99, ""), ("frames", 1, "")]
)
def test_train_notes_what_the_limit_hides(data, tmp_path, capsys, experiment, limit, note):
    words = ["train", f"small/{experiment}", "--data", str(data), "-o", str(tmp_path / "run"), *SMALL]
    assert main([*words, "--set", f"settings.max_trajectories={limit}", "--set", "training.epochs=1"]) == 0
    assert ("settings.max_trajectories" + note in capsys.readouterr().err) == bool(note)


def test_train_notes_a_file_without_any_trajectory(data, tmp_path, capsys):
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    path = TRAJECTORIES.output(folder, "train")
    with h5py.File(path, "r+") as file:
        for name in ("feat", "span", "label", "score"):
            none = file[name][:0]
            del file[name]
            file[name] = none
        file["offset"][:] = 0
    words = ["train", "small/both", "--data", str(folder), "-o", str(tmp_path / "run"), *SMALL]
    assert main([*words, "--set", "training.epochs=1"]) == 0
    assert f"{path}: found no trajectory of any video; the model sees none" in capsys.readouterr().err


def test_train_reports_missing_word_vectors(data, run_folder, tmp_path, capsys):
    again = ["train", str(run_folder / "experiment.json"), "--data", str(data), "-o", str(run_folder)]
    main(again)
    assert "found no word vectors (glove*.txt); words start from random vectors" in capsys.readouterr().err


def test_the_demo_makes_its_own_data(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path), "--videos", "10", "--epochs", "1"]) == 0
    shown = capsys.readouterr().out
    assert "text only" in shown
    assert "frames and trajectories" in shown
    assert (tmp_path / "curves.png").exists()


def test_the_demo_shows_what_links_tell_of_events(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path), "--videos", "100", "--epochs", "1"]) == 0
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    everything = {row[0].removeprefix("| ").strip(): row[-1].removesuffix(" |") for row in rows[1:]}
    assert float(everything["linked"]) > 90 > 70 > float(everything["segments"])


def test_the_demo_goes_from_pixels_to_answers(tmp_path, capsys):
    assert main(["demo", "--video", "-o", str(tmp_path), "--videos", "4", "--epochs", "1"]) == 0
    shown = capsys.readouterr().out
    assert "which was not trained on" in shown
    assert "<- chosen" in shown
    assert (tmp_path / "shapes" / "videos" / "film0000.mp4").exists()
    assert "<html" in (tmp_path / "answer1.html").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_how_to_resume(data, tmp_path, number, code):
    command = [sys.executable, "-m", "trajvqa", "train", "small/both", "--data", str(data), "-o", str(tmp_path / "run")]
    command += [*SMALL, "--set", "training.epochs=5000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "last.pt").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == code
    assert {path.suffix for path in (tmp_path / "run").iterdir()} == {".pt", ".json", ".jsonl"}
    for name in ("last.pt", "best.pt"):
        assert load_checkpoint(tmp_path / "run" / name).epoch >= 1
    assert "interrupted; the same command resumes after the last complete epoch" in errors
    assert "Traceback" not in errors


def test_a_second_run_in_the_same_folder_is_refused(data, tmp_path, capsys):
    words = ["train", "small/text-only", "--data", str(data), "-o", str(tmp_path / "run"), *SMALL]
    words += ["--set", "training.epochs=5000"]
    process = subprocess.Popen([sys.executable, "-m", "trajvqa", *words], stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "run" / "last.pt").exists() and process.poll() is None:
            time.sleep(0.05)
        assert main(words) == 1
    finally:
        process.kill()
        process.wait()
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"trajvqa: error: {tmp_path / 'run'}: found another run that writes to this folder")


def test_a_full_disk_is_reported_in_one_line(data, run_folder, tmp_path):
    """The limit of a file's size stands for the disk: writing beyond it fails in the same way."""
    limit = (run_folder / "last.pt").stat().st_size // 2
    words = ["train", "small/both", "--data", str(data), "-o", str(tmp_path / "run"), *SMALL]
    code = f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    code += "from trajvqa.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"trajvqa: error: {tmp_path / 'run' / 'best.pt'}: File too large"
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["experiment.json", "log.jsonl"]


def test_the_table_of_an_oracle_is_markdown_whose_columns_line_up(capsys):
    print_oracles({"truth": {"why": 1.0, "somewhere": 0.5}, "linked": {"why": 0.92, "somewhere": 0.024}})
    assert capsys.readouterr().out.splitlines() == [
        "|        |   why | somewhere |",
        "|--------|------:|----------:|",
        "| truth  | 100.0 |      50.0 |",
        "| linked |  92.0 |       2.4 |",
    ]
