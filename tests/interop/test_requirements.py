"""The versions that the page names are those that `make test-interop` installs."""

from __future__ import annotations

import importlib.metadata
import os

import pytest


@pytest.fixture
def requirements(project_dir):
    lines = (project_dir / "tests" / "interop" / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_the_page_names_the_versions_that_are_tested(requirements, project_dir) -> None:
    page = (project_dir / "docs" / "containers.md").read_text()
    shown = requirements.keys() - {"torchvision"}  # installed because Ultralytics asks for it
    assert [name for name in sorted(shown) if f"{name} {requirements[name]}" not in page] == []


@pytest.mark.skipif(os.environ.get("TRAJ_REQUIRE_INTEROP") != "1", reason="other versions do as well")
def test_the_versions_that_are_tested_are_installed(requirements) -> None:
    installed = {name: importlib.metadata.version(name).partition("+")[0] for name in requirements}
    assert installed == requirements
