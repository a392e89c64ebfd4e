from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trajtrack.files.locks import claimed, locked_folder

pytest.importorskip("fcntl")


def hold(folder: Path) -> None:
    with locked_folder(folder):
        pass


def test_a_folder_is_locked_once_at_a_time(tmp_path: Path) -> None:
    with locked_folder(tmp_path):
        with pytest.raises(BlockingIOError, match="Another process is writing to the folder") as caught:
            hold(tmp_path)
        assert caught.value.filename == str(tmp_path)
    hold(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_other_folders_are_not_locked(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with locked_folder(tmp_path):
        hold(tmp_path / "other")


def test_the_lock_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    code = "import sys, time; from trajtrack.files.locks import claimed, locked_folder\n"
    code += "with locked_folder(sys.argv[1]): print('locked', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(BlockingIOError):
            hold(tmp_path)
        process.kill()
    hold(tmp_path)


def test_a_name_is_held_once_at_a_time_and_leaves_no_file(tmp_path: Path) -> None:
    with claimed(tmp_path / "name") as first, claimed(tmp_path / "name") as second:
        assert (first, second) == (True, False)
        assert [path.name for path in tmp_path.iterdir()] == ["name"]
    with claimed(tmp_path / "name") as again:
        assert again
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_a_killed_process_held_is_held_again(tmp_path: Path) -> None:
    code = "import sys, time; from trajtrack.files.locks import claimed\n"
    code += "with claimed(sys.argv[1]) as held: print(held, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "name"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        with claimed(tmp_path / "name") as held:
            assert not held
        process.kill()
    assert (tmp_path / "name").exists()
    with claimed(tmp_path / "name") as held:
        assert held
    assert list(tmp_path.iterdir()) == []
