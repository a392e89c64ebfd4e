"""How the program works with terminals, pipes, shells and other programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import trajtrack
from helpers import tiny_detectors
from helpers.cli_examples import examples_in, help_texts
from helpers.videos import moving_square, write_video
from trajtrack import Detections
from trajtrack.cli import PROGRAM, main
from trajtrack.console.output import StatusLine, print_json

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX devices and pipes")
STILL = "1,-1,0,0,10,10,0.9\n2,-1,0,0,10,10,0.8\n3,-1,0,0,10,10,0.7\n"
TESTS = Path(__file__).resolve().parents[2]
FIND = "find_squares as find"
SHELL_FUNCTION = f'trajtrack() {{ "{sys.executable}" -m trajtrack "$@"; }}\n'


@pytest.fixture(autouse=True)
def in_folder_with_two_videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "a.txt").write_text(STILL)
    (tmp_path / "b.txt").write_text(STILL)


def shell(script: str, buffered: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a bash script that calls the program; the exit code of a pipeline is that of the program."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", SHELL_FUNCTION + script],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )


def test_each_help_ends_with_examples():
    for name, text in help_texts(PROGRAM.parser()):
        examples = examples_in(text)
        assert examples, name
        assert text.endswith(f"  {examples[-1]}\n"), name


def test_each_help_fits_80_columns():
    for _, text in help_texts(PROGRAM.parser()):
        assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.slow
@POSIX
def test_the_examples_of_all_helps_run(tmp_path):
    for library in ("trackeval", "shtab", "av", "pyarrow", "transformers"):
        pytest.importorskip(library)
    write_video(Path("video.mp4"), moving_square(20))
    Path("detector.py").write_text(f"import sys\nsys.path.append({str(TESTS)!r})\nfrom helpers.videos import {FIND}\n")
    tiny_detectors.save(Path("models/rtdetr"))
    from helpers.corpora import write_corpus

    assert main(["demo"]) == 0
    write_corpus(Path("corpus"), num_parts=1)
    for folder, name in (("detections", "detections"), ("truth", "truth"), ("tracks", "tracks")):
        Path(folder).mkdir()
        for video in ("one", "two"):
            shutil.copy(f"out/demo/{name}.txt", f"{folder}/{video}.txt")
    for name, text in help_texts(PROGRAM.parser()):
        for example in examples_in(text):
            result = shell(example)
            assert (result.returncode, result.stderr) == (0, ""), f"{name}: {example}"


def test_without_a_command_the_help_is_an_error(capsys):
    assert main([]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == PROGRAM.parser().format_help()


@POSIX
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("words", ["--help", "--version", "link --help", "info", "link a.txt -o c.txt --json"])
def test_a_full_disk_behind_standard_output_is_an_error(words, buffered):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    result = shell(f"trajtrack {words} > /dev/full", buffered)
    assert (result.returncode, result.stderr) == (1, "trajtrack: error: No space left on device\n")


@POSIX
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("words", ["--help", "info --json", "link a.txt -o c.txt"])
def test_a_closed_pipe_is_reported_only_by_the_exit_code(words, buffered):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "trajtrack", *words.split()]
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=300, env=environment)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@POSIX
def test_a_closed_standard_output_is_an_error_before_anything_is_done():
    result = shell("trajtrack link a.txt -o c.txt >&-")
    assert (result.returncode, result.stderr) == (1, "trajtrack: error: standard output is closed\n")
    assert not Path("c.txt").exists()


@POSIX
def test_errors_do_not_end_up_among_the_results_if_standard_error_is_closed():
    result = shell("trajtrack link a.txt missing.txt -o out --json 2>&-")
    assert result.returncode == 1
    assert [Path(each["input"]).name for each in json.loads(result.stdout)["failed"]] == ["missing.txt"]


@POSIX
def test_an_error_that_nobody_reads_keeps_its_exit_code():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    assert shell("trajtrack link missing.txt -o c.txt 2> /dev/full").returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="file names are always text")
def test_a_file_name_that_is_not_text_can_be_printed():
    result = shell(r"cp a.txt $'\xff.txt'; PYTHONIOENCODING=ascii trajtrack link $'\xff.txt' -o ä.txt")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(r"\udcff.txt: 3 detections")
    assert result.stdout.endswith("-> \\xe4.txt\n")


def test_with_json_standard_output_is_one_object_whatever_failed(capsys):
    assert main(["link", "a.txt", "missing.txt", "-o", "out", "--json"]) == 1
    output = capsys.readouterr()
    assert [len(json.loads(output.out)[key]) for key in ("files", "failed")] == [1, 1]
    assert "missing.txt: No such file or directory" in output.err


def test_numbers_that_json_does_not_have_are_null(capsys):
    print_json({"a": float("nan"), "b": [float("inf"), 1.5, "NaN"], "c": {"d": (-float("inf"), None, 2)}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5, "NaN"], "c": {"d": [None, None, 2]}}


@POSIX
@pytest.mark.parametrize(("terminal", "shown"), [("xterm", True), ("dumb", False)])
def test_progress_is_shown_on_a_terminal_that_can_overwrite_a_line(terminal, shown):
    written = on_terminal(["link", "a.txt", "b.txt", "-o", "out"], terminal)
    assert ("[1/2] a.txt" in written) == shown
    assert "\x1b" not in written


@POSIX
def test_progress_of_one_file_is_not_shown():
    assert on_terminal(["link", "a.txt", "-o", "c.txt"], "xterm") == ""


def test_progress_is_not_shown_without_a_terminal(capsys):
    main(["link", "a.txt", "b.txt", "-o", "out"])
    assert capsys.readouterr().err == ""


@POSIX
def test_progress_is_cut_to_the_width_of_the_terminal_and_erased(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "10")
    line = StatusLine()
    line.show("0123456789abc")
    line.clear()
    assert capsys.readouterr().err == f"\r{' ' * 9}\r012345678\r{' ' * 9}\r"


def on_terminal(words: list[str], terminal: str) -> str:
    """Return what the program writes to standard error if that is a terminal."""
    import pty

    own, theirs = pty.openpty()
    command = [sys.executable, "-m", "trajtrack", *words]
    environment = {**os.environ, "TERM": terminal}
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, timeout=300, env=environment, check=True)
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(own, 4096):
            written += piece
    except OSError:  # how Linux reports that the other end is closed
        pass
    os.close(own)
    return written.decode()


HOSTILE = "\x1bc\n\udcff"


@POSIX
def test_names_and_contents_of_files_cannot_control_the_terminal(capfdbinary):
    names = [f"{HOSTILE}{number}.txt" for number in range(2)]
    for name in names:
        Path(name).write_text(STILL)
    Path(f"bad{HOSTILE}.txt").write_text("1,-1,\x1b[2J,0,10,10\n")
    assert main(["link", *names, f"bad{HOSTILE}.txt", f"missing{HOSTILE}.txt", "-o", "out", "--method", "seq-nms"]) == 1
    output = b"".join(capfdbinary.readouterr())
    assert output.count(rb"\x1bc\n\udcff") >= 4
    assert b"\x1b" not in output
    assert all(line.startswith((b"trajtrack: ", rb"\x1b")) for line in output.splitlines())


def test_class_names_cannot_control_the_terminal(capsys):
    pytest.importorskip("trackeval")
    classes = {0: "dog\x1b[2J\n", 1: "cat"}
    boxes = Detections([[0, 0, 9, 9]] * 2, [1, 1], [0, 1], [0, 1], track_ids=[0, 1], label_names=classes)
    trajtrack.write("a.json", boxes)
    assert main(["eval", "--gt", "a.json", "a.json"]) == 0
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert r"class dog\x1b[2J\n" in output
