"""Importing the compiled core: it must be installed and match the Python files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trajtrack import _core
from trajtrack.version import __version__

INSTALL = "run 'pip install .' in the checkout"


@pytest.fixture
def checkout(project_dir: Path, tmp_path: Path) -> Path:
    """Return a copy of csrc and of the part of the package that imports the core."""
    shutil.copytree(project_dir / "csrc", tmp_path / "csrc")
    package = tmp_path / "trajtrack"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in ("_core.py", "version.py"):
        shutil.copy(project_dir / "trajtrack" / name, package)
    return tmp_path


def put_core(checkout: Path, version: str = __version__, source_hash: str = _core.source_hash) -> str:
    """Write a core in Python, and return its path."""
    path = checkout / "_trajtrack.py"
    path.write_text(f"__version__ = {version!r}\nsource_hash = {source_hash!r}\n")
    return str(path)


def import_core(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Import the core in a process that finds neither the installed core nor any other package."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(
        [sys.executable, "-S", "-c", "from trajtrack import _core; print(_core.__file__)"],
        cwd=checkout,
        env=environment | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_import_error(checkout: Path, message: str) -> None:
    ended = import_core(checkout)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == f"ImportError: {message}: {INSTALL}"


def test_a_core_that_matches_is_imported(checkout: Path) -> None:
    path = put_core(checkout)
    ended = import_core(checkout)
    assert (ended.stdout, ended.stderr) == (f"{path}\n", "")


def test_a_missing_core_is_reported(checkout: Path) -> None:
    assert_import_error(checkout, f"found no compiled core _trajtrack, expected version {__version__}")


def test_a_core_of_another_version_is_refused(checkout: Path) -> None:
    path = put_core(checkout, version="0.0.1")
    assert_import_error(checkout, f"{path}: found a compiled core of version 0.0.1, expected {__version__}")


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_a_core_built_from_other_sources_is_refused(checkout: Path, change: str) -> None:
    path = put_core(checkout)
    source = checkout / "csrc" / "cuda" / "device.h"
    if change == "edit":
        source.write_text(source.read_text() + "\n")
    elif change == "add":
        (source.parent / "more.h").touch()
    else:
        source.unlink()
    found, expected = "a compiled core built from other sources", "one built from csrc of this checkout"
    assert_import_error(checkout, f"{path}: found {found}, expected {expected}")


def test_sources_are_not_compared_if_csrc_is_not_beside_the_package(checkout: Path) -> None:
    path = put_core(checkout, source_hash="of other sources")
    shutil.rmtree(checkout / "csrc")
    assert import_core(checkout).stdout == f"{path}\n"


def test_the_error_of_a_core_that_needs_a_missing_module_is_its_own(checkout: Path) -> None:
    (checkout / "_trajtrack.py").write_text("import no_such_module\n")
    assert re.search(r"^ModuleNotFoundError: .*no_such_module", import_core(checkout).stderr, re.MULTILINE)


IMPORT_IN_A_SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
    run = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
program = '''
import sys
sys.path[:] = {path}
try:
    import _trajtrack
except ImportError as error:
    print(error)
'''
run(interpreters.create(), program.format(path=sys.path))
"""


def test_a_subinterpreter_is_refused_without_waiting_for_its_lock() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_IN_A_SUBINTERPRETER], capture_output=True, text=True, timeout=300
    )
    assert (run.stdout, run.stderr) == ("trajtrack: found a subinterpreter, expected the main interpreter\n", "")
