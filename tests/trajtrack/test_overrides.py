"""Keyword arguments of `link` are typed as the fields of the options."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import get_type_hints

import pytest

from trajtrack import FlowOptions, LinkOptions
from trajtrack.overrides import FlowOverrides, SeqNmsOverrides

CALLS = """\
from trajtrack import FlowOptions, LinkOptions, Trajectories, link, link_graph, link_many
tracks: Trajectories = link([], max_gap=3, iou_threshold=0.4)
link([], smooth=False, min_score=0.1)
link([], FlowOptions(), min_length=2)
link([], LinkOptions(), method="seq-nms", buffer=0.1)
for found in link_many([[], "a.txt"], max_gap=3):
    found.result()
"""
FAULTS = {
    "link([], max_gaps=3)": "max_gaps",
    "link([], max_gap=3, smooth=True)": "call-overload",
    "link([], max_gap=0.5)": "call-overload",
    "link([], method='flows')": "call-overload",
    "link_many([], smoth=True)": "smoth",
    "link_graph([], calibrate=True)": "calibrate",
}


@pytest.mark.parametrize(("typed", "options"), [(FlowOverrides, FlowOptions), (SeqNmsOverrides, LinkOptions)])
def test_the_arguments_are_the_options(typed, options):
    assert get_type_hints(typed) == get_type_hints(options)
    assert set(get_type_hints(typed)) == {field.name for field in dataclasses.fields(options)}


@pytest.mark.slow
def test_type_checkers_know_the_options_of_each_method(tmp_path):
    pytest.importorskip("mypy")
    script = tmp_path / "calls.py"
    lines = [*CALLS.splitlines(), *FAULTS]
    script.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", str(script)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    first = len(CALLS.splitlines()) + 1
    errors = [line for line in found.splitlines() if ": error: " in line]
    assert {int(line.split(":")[1]) for line in errors} == set(range(first, first + len(FAULTS))), found
    for number, expected in enumerate(FAULTS.values(), start=first):
        assert any(f":{number}: " in line and expected in line for line in errors), found
