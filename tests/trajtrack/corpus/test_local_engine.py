from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
from helpers import corpora
from trajtrack.corpus.local_engine import DiedError, run_locally

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes")
TESTS = Path(__file__).resolve().parents[2]


def results(*arguments, workers=2, retries=3):
    return dict(run_locally(*arguments, workers, retries))


def test_each_task_gives_its_result() -> None:
    assert results(range(7), corpora.double) == {value: 2 * value for value in range(7)}
    assert results([], corpora.double) == {}


def test_a_task_whose_process_dies_is_tried_again(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    assert results(paths, corpora.die_once) == {path: path for path in paths}


def test_a_task_whose_process_always_dies_is_given_up_and_the_others_go_on() -> None:
    found = results([1, 2], corpora.die, retries=1)
    assert all(isinstance(each, DiedError) for each in found.values())
    assert str(found[1]).startswith("found that its process died 2 times, the last time by SIGKILL, expected it to")


def test_what_a_task_raises_ends_the_run_and_its_processes() -> None:
    with pytest.raises(OSError, match="No space left on device"):
        results(["a", "b", "c"], corpora.fail)
    assert multiprocessing.active_children() == []


def test_no_process_is_left_behind() -> None:
    results(range(3), corpora.double)
    assert multiprocessing.active_children() == []


def test_random_kills_cost_nothing_but_time() -> None:
    with corpora.killing_workers(10, (0.05, 0.3), seed=0) as killed:
        found = results(range(100), corpora.sleep_and_double, retries=10)
    assert found == {value: 2 * value for value in range(100)}
    assert len(killed) >= 5


def test_processes_end_with_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "from helpers import corpora\n"
        "from trajtrack.corpus.local_engine import run_locally\n"
        "if __name__ == '__main__':\n"
        "    for _ in run_locally(range(10**6), corpora.sleep_and_double, 2, 0):\n"
        "        import multiprocessing\n"
        "        print(*[each.pid for each in multiprocessing.active_children()], flush=True)\n"
    )
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    with subprocess.Popen([sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    deadline = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []
