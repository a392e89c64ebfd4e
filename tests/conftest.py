from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import pytest

from trajtrack import _core

PROJECT = Path(__file__).resolve().parents[1]
BROWSER = shutil.which("chromium")
DATA = Path(os.environ.get("TRAJ_DATA", PROJECT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not DATA.is_dir():
        _skip_marked(items, "real_data", "TRAJ_REQUIRE_DATA", f"real data not found at {DATA}; set TRAJ_DATA")
    if _core.cuda_problem() is not None:
        _skip_marked(items, "cuda", "TRAJ_REQUIRE_CUDA", f"no GPU: {_core.cuda_problem()}")
    if BROWSER is None or importlib.util.find_spec("playwright") is None:
        _skip_marked(items, "browser", "TRAJ_REQUIRE_BROWSER", "no chromium on the path, or no playwright")


def _skip_marked(items: list[pytest.Item], marker: str, required_by: str, message: str) -> None:
    """Skip the tests with a marker, or let them fail if the environment variable `required_by` is 1."""
    for item in items:
        if item.get_closest_marker(marker):
            if os.environ.get(required_by) == "1":
                item.add_marker(pytest.mark.usefixtures(f"missing_{marker}"))
            else:
                item.add_marker(pytest.mark.skip(reason=message))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C interrupt; a shell starts processes in the background with SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def missing_cuda() -> None:
    pytest.fail(f"TRAJ_REQUIRE_CUDA=1, but there is no GPU: {_core.cuda_problem()}")


@pytest.fixture
def missing_browser() -> None:
    pytest.fail("TRAJ_REQUIRE_BROWSER=1, but there is no chromium on the path, or no playwright")


@pytest.fixture
def missing_real_data() -> None:
    pytest.fail(f"TRAJ_REQUIRE_DATA=1, but there is no real data at {DATA}")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of the real sequences."""
    return DATA


@pytest.fixture(scope="session")
def project_dir() -> Path:
    """Return the root of the project."""
    return PROJECT
