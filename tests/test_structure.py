"""The floor plan: what lies at the top level, which room may import which, and where tests are."""

from __future__ import annotations

import ast
import graphlib
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("trajtrack", "trajvqa")

DATA = {
    *("trajtrack._core", "trajtrack.columns", "trajtrack.detections", "trajtrack.printable", "trajtrack.trajectories")
}
ARGUMENTS = {
    *("trajtrack.arguments", "trajtrack.flow_options", "trajtrack.gpu", "trajtrack.methods"),
    *("trajtrack.option_fields", "trajtrack.options", "trajtrack.overrides"),
}
SHARED = {"trajtrack.files", "trajtrack.printable", "trajtrack.version", "trajtrack.option_fields"}

MAY_IMPORT = {
    # What knows nothing of boxes.
    "trajtrack.version": set(),
    "trajtrack.printable": set(),
    "trajtrack.column_names": set(),
    "trajtrack.strips": set(),
    "trajtrack.option_fields": {"trajtrack.printable"},
    "trajtrack._core": {"trajtrack.version"},
    "trajtrack.files": {"trajtrack._core", "trajtrack.printable"},
    "trajtrack.console": {"trajtrack.files", "trajtrack.printable", "trajtrack.version"},
    # What goes in and what comes out.
    "trajtrack.gpu": {"trajtrack._core", "trajtrack.printable"},
    "trajtrack.columns": {"trajtrack.gpu", "trajtrack.printable"},
    "trajtrack.containers": {"trajtrack.columns", "trajtrack.printable"},
    "trajtrack.tables": {"trajtrack.column_names", "trajtrack.columns", "trajtrack.containers", "trajtrack.printable"},
    "trajtrack.options": {"trajtrack.columns", "trajtrack.option_fields"},
    "trajtrack.detections": {
        *("trajtrack._core", "trajtrack.columns", "trajtrack.containers", "trajtrack.gpu", "trajtrack.printable"),
        "trajtrack.tables",
    },
    "trajtrack.overrides": {"trajtrack.options"},
    "trajtrack.flow_options": {"trajtrack.option_fields", "trajtrack.options"},
    "trajtrack.methods": {
        *("trajtrack.flow_options", "trajtrack.option_fields", "trajtrack.options", "trajtrack.printable")
    },
    "trajtrack.trajectories": {
        *("trajtrack.columns", "trajtrack.detections", "trajtrack.flow_options", "trajtrack.options"),
        *("trajtrack.printable", "trajtrack.strips"),
    },
    "trajtrack.arguments": {"trajtrack.detections", "trajtrack.printable", "trajtrack.trajectories"},
    # What every image by matplotlib has in common.
    "trajtrack.plots": {"trajtrack.arguments", "trajtrack.files"},
    # Linking.
    "trajtrack.result_checks": DATA | ARGUMENTS,
    "trajtrack.inputs": DATA | {"trajtrack.column_names", "trajtrack.containers", "trajtrack.io", "trajtrack.tables"},
    "trajtrack.linking": DATA | ARGUMENTS | {"trajtrack.inputs", "trajtrack.result_checks"},
    "trajtrack.streaming": DATA | ARGUMENTS,
    "trajtrack.reference": DATA | ARGUMENTS | {"trajtrack.linking"},
    "trajtrack.flow_reference": DATA | ARGUMENTS | {"trajtrack.reference"},
    # Rooms that know nothing of one another.
    "trajtrack.attach": DATA | ARGUMENTS | {"trajtrack.containers", "trajtrack.tables"},
    "trajtrack.exports": DATA | ARGUMENTS,
    "trajtrack.io": DATA | ARGUMENTS | SHARED | {"trajtrack.column_names"},
    "trajtrack.metrics": DATA | ARGUMENTS | SHARED | {"trajtrack.plots"},
    "trajtrack.scenes": DATA | ARGUMENTS | SHARED,
    "trajtrack.decoding": {"trajtrack.arguments", "trajtrack.columns", "trajtrack.files", "trajtrack.printable"},
    "trajtrack.viewer": DATA | ARGUMENTS | SHARED | {"trajtrack.decoding", "trajtrack.metrics", "trajtrack.plots"},
    "trajtrack.detect": {
        *("trajtrack._core", "trajtrack.arguments", "trajtrack.columns", "trajtrack.containers", "trajtrack.decoding"),
        *("trajtrack.detections", "trajtrack.files", "trajtrack.flow_options", "trajtrack.io", "trajtrack.linking"),
        *("trajtrack.methods", "trajtrack.options", "trajtrack.printable", "trajtrack.trajectories"),
    },
    "trajtrack.many_videos": {
        *(DATA | ARGUMENTS | {"trajtrack.inputs", "trajtrack.io", "trajtrack.linking", "trajtrack.tables"}),
    },
    "trajtrack.tuning": DATA | ARGUMENTS | {"trajtrack.linking", "trajtrack.many_videos", "trajtrack.metrics"},
    "trajtrack.table_linking": {
        *(DATA | ARGUMENTS | {"trajtrack.column_names", "trajtrack.linking", "trajtrack.many_videos"}),
        "trajtrack.tables",
    },
    "trajtrack.corpus": {
        *("trajtrack.arguments", "trajtrack.files", "trajtrack.linking", "trajtrack.methods", "trajtrack.printable"),
        *("trajtrack.table_linking", "trajtrack.version"),
    },
    # trajvqa, from text to tables.
    "trajvqa._requirements": set(),
    "trajvqa.config": set(),
    "trajvqa.processes": set(),
    "trajvqa.text": set(),
    "trajvqa.layers": set(),
    "trajvqa.stores": set(),
    "trajvqa.datasets": {"trajvqa.data", "trajvqa.stores", "trajvqa.text"},
    "trajvqa.ingest": {"trajvqa.datasets", "trajvqa.stores"},
    "trajvqa.data": {"trajvqa.config", "trajvqa.datasets", "trajvqa.stores", "trajvqa.text"},
    "trajvqa.models": {"trajvqa.config", "trajvqa.data", "trajvqa.layers"},
    "trajvqa.extract": {
        *("trajvqa.data", "trajvqa.datasets", "trajvqa.experiments", "trajvqa.ingest", "trajvqa.stores", "trajvqa.text")
    },
    "trajvqa.doctor": {"trajvqa.config", "trajvqa.data", "trajvqa.datasets", "trajvqa.models", "trajvqa.stores"},
    "trajvqa.evaluation": {"trajvqa.config", "trajvqa.data", "trajvqa.datasets", "trajvqa.processes"},
    "trajvqa.training": {
        *("trajvqa.config", "trajvqa.data", "trajvqa.evaluation", "trajvqa.extract", "trajvqa.models"),
        "trajvqa.processes",
    },
    "trajvqa.answering": {
        *("trajvqa.config", "trajvqa.data", "trajvqa.datasets", "trajvqa.evaluation", "trajvqa.extract"),
        *("trajvqa.models", "trajvqa.stores", "trajvqa.text", "trajvqa.training"),
    },
    "trajvqa.experiments": {
        *("trajvqa.config", "trajvqa.data", "trajvqa.datasets", "trajvqa.evaluation"),
        "trajvqa.training",
    },
}
"""The rooms of its own package that each room may import; the packages themselves and their command lines may all."""

LENT_TO_TRAJVQA = {
    *("trajtrack", "trajtrack.version", "trajtrack.option_fields", "trajtrack.files", "trajtrack.console"),
    *("trajtrack.printable", "trajtrack.arguments", "trajtrack.decoding", "trajtrack.detect", "trajtrack.viewer"),
    *("trajtrack.methods", "trajtrack.plots"),
    *("trajtrack.cli.detection_flags", "trajtrack.cli.link_flags"),
}
"""What trajvqa may import of trajtrack: public names, the rooms that know nothing of boxes, the subject of
warnings, frames and detectors, the style of images, and the flags of detection and linking."""

ROOM_TESTS = {
    *("trajtrack/cli/test_commands", "trajtrack/cli/test_manners", "trajtrack/containers/test_containers"),
    *("trajtrack/exports/test_exports", "trajtrack/io/test_read_write", "trajtrack/io/test_round_trip"),
    *("trajtrack/test_core", "trajtrack/test_minimal", "trajtrack/viewer/browser/test_page"),
    *("trajtrack/viewer/browser/test_firefox", "trajtrack/viewer/browser/test_linked_video"),
    *("trajtrack/viewer/browser/test_question", "trajtrack/viewer/browser/test_real_data"),
    *("trajtrack/viewer/browser/test_clip", "trajtrack/viewer/browser/test_gif"),
    *("trajvqa/cli/test_commands", "trajvqa/cli/test_manners"),
    *("trajvqa/models/test_models", "trajvqa/test_import"),
}
"""Tests of a whole room or package, which have no module of their name."""


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for package in PACKAGES for path in (PROJECT / package).rglob("*.py")}


def imports_of(module: str) -> set[str]:
    """Return all that a module imports, at any depth, under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{module}: found a relative import, expected an absolute one"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found


def room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


IMPORTS = {module: imports_of(module) for module in MODULES}


def test_the_top_level_is_what_the_user_asked_for() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert names >= {"csrc", "trajtrack", "trajvqa", "benchmarks", "tests", "CMakeLists.txt", "pyproject.toml"}
    assert "src" not in names


def test_modules_import_one_another_without_a_circle() -> None:
    graph = {module: {name for name in names if name in MODULES} for module, names in IMPORTS.items()}
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    package = room.split(".")[0]
    found = {
        room_of(name)
        for module, names in IMPORTS.items()
        if room_of(module) == room
        for name in names
        if name.split(".")[0] == package
    }
    # Public names of the whole package are taken by its command line alone.
    assert found - {room} - MAY_IMPORT[room] == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_has_its_place_in_the_plan(package: str) -> None:
    rooms = {room_of(module) for module in MODULES if module.startswith(f"{package}.")}
    assert rooms - MAY_IMPORT.keys() == {f"{package}.cli", f"{package}.__main__"}


def test_trajtrack_never_imports_trajvqa_and_torch_only_to_detect() -> None:
    for module, names in IMPORTS.items():
        if module.startswith("trajtrack"):
            packages = {name.split(".")[0] for name in names}
            assert "trajvqa" not in packages, module
            assert "torch" not in packages or module.startswith("trajtrack.detect."), module


def test_trajvqa_uses_what_trajtrack_lends() -> None:
    for module, names in IMPORTS.items():
        for name in names:
            if module.startswith("trajvqa") and name.split(".")[0] == "trajtrack":
                assert name in LENT_TO_TRAJVQA or room_of(name) in LENT_TO_TRAJVQA, f"{module} imports {name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_lie_where_what_they_test_lies(package: str) -> None:
    astray = []
    for path in (PROJECT / "tests" / package).rglob("test_*.py"):
        place = path.relative_to(PROJECT / "tests").with_suffix("")
        module = place.with_name(place.name.removeprefix("test_"))
        if place.as_posix() not in ROOM_TESTS and not (PROJECT / module).with_suffix(".py").is_file():
            astray.append(place.as_posix())
    assert astray == []
