"""The documentation names the versions that `make test-interop` installs."""

from __future__ import annotations

import importlib.metadata
import os

import pytest

PAGES = ("containers.md", "exports.md", "how-to/corpus.md")


@pytest.fixture
def requirements(project_dir):
    folder = project_dir / "tests" / "interop"
    lines = [line for path in folder.glob("requirements*.txt") for line in path.read_text().splitlines()]
    return {name.partition("[")[0]: version for name, _, version in (line.partition("==") for line in lines) if version}


def test_the_documentation_names_the_tested_versions(requirements, project_dir) -> None:
    pages = "".join((project_dir / "docs" / name).read_text().lower() for name in PAGES)
    assert [name for name in sorted(requirements) if f"{name} {requirements[name]}" not in pages] == []


@pytest.mark.skipif(os.environ.get("TRAJ_REQUIRE_INTEROP") != "1", reason="other versions work too")
def test_the_tested_versions_are_installed(requirements) -> None:
    installed = {name: importlib.metadata.version(name).partition("+")[0] for name in requirements}
    assert installed == requirements
