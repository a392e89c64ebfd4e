"""A cluster as its commands start it: on two addresses, with a temporary folder each, one of which disappears."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from helpers import corpora
from helpers.libraries import library
from trajtrack import FlowOptions
from trajtrack.corpus import find_parts, link_corpus
from trajtrack.table_linking import TableOptions

library("pyarrow")
library("ray")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs two loopback addresses and process groups")

TIMEOUT = 240
PATHS = os.pathsep.join(filter(None, sys.path))
ENVIRONMENT = {"PYTHONPATH": PATHS, "RAY_AUTH_MODE": "disabled", "RAY_raylet_start_wait_time_s": str(TIMEOUT)}
PROGRAM = "import sys; from trajtrack.cli import main; sys.exit(main())"


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, f"found no {what} in {TIMEOUT} s"
        time.sleep(0.1)


@contextmanager
def machine(address: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a machine of a cluster until the block ends or its process group is killed."""
    # Sockets lie in the folder, and their paths must be short.
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "start.log")
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *words, "--node-ip-address", address]
        command += ["--temp-dir", folder, "--num-cpus", "1", "--object-store-memory", "80000000"]
        command += ["--disable-usage-stats", "--block"]
        with open(log, "wb") as file:
            process = subprocess.Popen(
                command, stdout=file, stderr=file, env=os.environ | ENVIRONMENT, start_new_session=True
            )
        try:
            wait_for(lambda: "runtime started" in log.read_text() or process.poll() is not None, "machine")
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill all processes of a machine at once."""
    # Processes of a machine may outlive the one that started them.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_machine_that_is_killed_costs_nothing_but_time(tmp_path: Path) -> None:
    corpus = corpora.write_corpus(tmp_path / "in", num_parts=12, num_videos=12)
    expected = str(tmp_path / "expected")
    link_corpus(find_parts([str(corpus)], expected), expected, TableOptions(FlowOptions()), workers=2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    head = ("--head", "--port", port, "--include-dashboard", "false")
    output = tmp_path / "out"
    words = ["corpus", str(corpus), "-o", str(output), "--engine", "ray", "--address", f"127.0.0.1:{port}"]
    with machine("127.0.0.1", *head), machine("127.0.0.2", "--address", f"127.0.0.1:{port}") as other:
        running = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], env=os.environ | ENVIRONMENT)
        try:
            wait_for(lambda: any(output.glob("*.parquet")) or running.poll() is not None, "output")
            assert running.poll() is None
            kill(other)
            assert running.wait(TIMEOUT) == 0
        finally:
            running.kill()
    assert corpora.outputs(output) == corpora.outputs(tmp_path / "expected")
