from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.vector_images import texts_of
from trajvqa.training.curves import draw_curves

pytest.importorskip("matplotlib")

EPOCH = {"event": "epoch", "epoch": 1, "loss": 1.0, "val_accuracy": 0.2, "learning_rate": 1e-4, "seconds": 2.0}


def write_log(path: Path, accuracies: list[float], **fields: object) -> Path:
    """Write the log of a run with one epoch for each accuracy."""
    path.parent.mkdir(exist_ok=True)
    records = [{"event": "start", "parameters": 7}]
    for epoch, accuracy in enumerate(accuracies, 1):
        records.append(EPOCH | {"epoch": epoch, "loss": 1 / epoch, "val_accuracy": accuracy} | fields)
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return path


def test_a_log_becomes_an_image(tmp_path):
    log = write_log(tmp_path / "run" / "log.jsonl", [0.2, 0.4, 0.3])
    draw_curves(log, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} == {"run", "curves.png"}


def test_the_image_of_a_run_names_its_best_epoch(tmp_path):
    log = write_log(tmp_path / "run" / "log.jsonl", [0.2, 0.4321, 0.4321, 0.3])
    draw_curves(log, tmp_path / "curves.svg")
    texts = texts_of(tmp_path / "curves.svg")
    assert {"Loss", "Validation accuracy, %", "Learning rate", "epoch", "0.0001"} <= texts
    assert "run: best 43.21 % in epoch 2" in texts


def test_a_run_of_one_epoch_has_one_tick_and_no_fractions_of_epochs(tmp_path):
    draw_curves(write_log(tmp_path / "log.jsonl", [0.2], loss=7.0), tmp_path / "curves.svg")
    texts = texts_of(tmp_path / "curves.svg")
    assert "1" in texts
    assert "0.98" not in texts


def test_the_title_explains_training_accuracy_if_the_log_has_it(tmp_path):
    log = write_log(tmp_path / "log.jsonl", [0.2, 0.4], train_accuracy=0.9)
    draw_curves([log], tmp_path / "curves.svg")
    assert "Validation accuracy, %; dashed: training" in texts_of(tmp_path / "curves.svg")


def test_several_runs_are_named_after_their_folders(tmp_path):
    logs = [write_log(tmp_path / name / "log.jsonl", [0.2, 0.4]) for name in ("first", "second")]
    draw_curves(logs, tmp_path / "curves.svg")
    assert {"first", "second"} <= texts_of(tmp_path / "curves.svg")


def test_several_runs_of_one_folder_are_named_after_their_files(tmp_path):
    logs = [write_log(tmp_path / f"{name}.jsonl", [0.2]) for name in ("first", "second")]
    draw_curves(logs, tmp_path / "curves.svg")
    assert {"first", "second"} <= texts_of(tmp_path / "curves.svg")


def test_many_runs_are_not_named(tmp_path):
    logs = [write_log(tmp_path / f"run{number}.jsonl", [0.2]) for number in range(25)]
    draw_curves(logs, tmp_path / "curves.svg")
    assert not any("run" in text for text in texts_of(tmp_path / "curves.svg"))


def test_a_line_that_is_still_being_written_is_ignored(tmp_path):
    log = write_log(tmp_path / "run" / "log.jsonl", [0.2, 0.4])
    with open(log, "a") as file:
        file.write('{"event": "epoch", "epo')
    draw_curves(log, tmp_path / "curves.svg")
    assert "run: best 40.00 % in epoch 2" in texts_of(tmp_path / "curves.svg")


def without(field: str) -> dict[str, object]:
    return {name: value for name, value in EPOCH.items() if name != field}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "found no epoch, expected at least one"),
        (['{"event": "start"}'], "found no epoch, expected at least one"),
        (["{}", "{"], r"line 2: found no JSON that can be read \(Expecting property name"),
        (["[1]"], r"line 1: found \[1\], expected a JSON object"),
        (["{}", json.dumps(without("loss"))], "line 2: found no loss, expected a number"),
        ([json.dumps(without("val_accuracy"))], "line 1: found no val_accuracy, expected a number"),
        ([json.dumps(EPOCH | {"epoch": "1"})], "line 1: epoch: found '1', expected a number"),
        ([json.dumps(EPOCH | {"learning_rate": None})], "line 1: learning_rate: found None, expected a number"),
        ([json.dumps(EPOCH | {"train_accuracy": True})], "line 1: train_accuracy: found True, expected a number"),
        ([json.dumps(EPOCH | {"learning_rate": 0})], "line 1: learning_rate: found 0, expected a number from 1e-30 to"),
        ([json.dumps(EPOCH | {"loss": float("nan")})], r"line 1: loss: found nan, expected a number from -1e\+09 to"),
        ([json.dumps(EPOCH | {"epoch": 10**400})], "line 1: epoch: found 1000"),
    ],
)
def test_a_log_that_cannot_be_drawn_is_named(tmp_path, lines, message):
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(ValueError, match=rf"^{re.escape(str(log))}: {message}"):
        draw_curves(log, tmp_path / "curves.png")
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_log_in_another_encoding_is_named(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"event": "\xff"}\n')
    message = rf"^{re.escape(str(log))}: line 1: found no JSON that can be read \(line 1: found byte 0xff"
    with pytest.raises(ValueError, match=message):
        draw_curves(log, tmp_path / "curves.png")


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.jsonl"):
        draw_curves(tmp_path / "nothing.jsonl", tmp_path / "curves.png")


def test_curves_need_a_log(tmp_path):
    with pytest.raises(ValueError, match=r"^logs: found none, expected at least one$"):
        draw_curves([], tmp_path / "curves.png")


def test_an_image_has_one_of_three_suffixes(tmp_path):
    with pytest.raises(ValueError, match=r"^path: found '.*c\.jpg', expected one of the suffixes \.png, \.svg, \.pdf$"):
        draw_curves(tmp_path / "log.jsonl", tmp_path / "c.jpg")


def test_the_figures_of_the_caller_are_left_alone(tmp_path):
    log = write_log(tmp_path / "log.jsonl", [0.2])
    code = (
        "import sys\nfrom trajvqa.training.curves import draw_curves\n"
        f"draw_curves({str(log)!r}, {str(tmp_path / 'curves.png')!r})\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_without_matplotlib_the_error_names_what_to_install(tmp_path):
    log = write_log(tmp_path / "log.jsonl", [0.2])
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from trajvqa.training.curves import draw_curves\n"
        f"try: draw_curves({str(log)!r}, {str(tmp_path / 'curves.png')!r})\n"
        "except ImportError as error: print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "images need matplotlib: pip install 'trajtrack[view]'\n"


def test_names_of_runs_are_drawn_as_they_stand(tmp_path):
    logs = [write_log(tmp_path / name / "log.jsonl", [0.2]) for name in ("a$1$", "b\x1b")]
    draw_curves(logs[0], tmp_path / "one.svg")
    draw_curves(logs, tmp_path / "two.svg")
    assert any(text.startswith("a$1$: best") for text in texts_of(tmp_path / "one.svg"))
    assert {"a$1$", r"b\x1b"} <= texts_of(tmp_path / "two.svg")
