from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("TRAJ_DATA", PROJECT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if DATA.is_dir():
        return
    message = f"real data not found at {DATA}; set TRAJ_DATA"
    for item in items:
        if item.get_closest_marker("real_data"):
            if os.environ.get("TRAJ_REQUIRE_DATA") == "1":
                item.add_marker(pytest.mark.usefixtures("missing_data"))
            else:
                item.add_marker(pytest.mark.skip(reason=message))


@pytest.fixture
def missing_data() -> None:
    pytest.fail(f"TRAJ_REQUIRE_DATA=1, but there is no real data at {DATA}")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of the real sequences."""
    return DATA


@pytest.fixture(scope="session")
def project_dir() -> Path:
    """Return the root of the project."""
    return PROJECT
