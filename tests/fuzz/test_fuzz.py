"""The readers on a few thousand damaged files, and the fuzzer on readers with known faults; `make fuzz` runs longer."""

from __future__ import annotations

import sys

import pytest

from fuzz import broken, registry
from fuzz.campaign import run
from fuzz.target import Case
from trajtrack.io import FORMATS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits time and memory as Linux does")

SEED = 0
INPUTS = 120
FEWER_INPUTS = {"checkpoint": 20, "training-log": 20, "trajectory-store": 60, "frame-features": 60, "bert-features": 60}
"""Numbers of inputs of slow readers."""


def test_no_reader_fails_on_damaged_files() -> None:
    inputs = {target.name: FEWER_INPUTS.get(target.name, INPUTS) for target in registry.TARGETS}
    outcomes = run(inputs, SEED, 60)
    assert [str(fault) for outcome in outcomes.values() for fault in outcome.faults] == []
    assert {name: outcome.inputs for name, outcome in outcomes.items()} == inputs
    assert [name for name, outcome in outcomes.items() if not 0 < outcome.accepted < outcome.inputs] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("crash", "died of SIGSEGV"),
        ("hang", "took more than 5 s"),
        ("memory", "undocumented MemoryError at broken.py"),
        ("undocumented", "undocumented KeyError at broken.py"),
        ("nameless", "message without the name of the file, ValueError at broken.py"),
        ("unprintable", r"message with the character '\x1b', ValueError at broken.py"),
        ("different", "difference to the independent parser"),
    ],
)
def test_the_fuzzer_names_the_input_on_which_a_reader_fails(name: str, kind: str) -> None:
    (fault,) = run({name: 6}, 0, 60, "fuzz.broken")[name].faults
    assert (fault.target, fault.seed, fault.number) == (name, 0, 3)
    assert fault.kind.startswith(kind)


def test_a_refused_input_is_no_fault() -> None:
    outcome = run({"honest": 6}, 0, 60, "fuzz.broken")["honest"]
    assert (outcome.inputs, outcome.accepted, outcome.faults) == (6, 5, [])


def test_the_fuzzer_goes_on_after_a_crash() -> None:
    outcomes = run({"crash": 6, "honest": 6}, 0, 60, "fuzz.broken")
    assert [outcome.inputs for outcome in outcomes.values()] == [6, 6]


@pytest.mark.parametrize("target", registry.TARGETS, ids=lambda target: target.name)
def test_an_input_can_be_made_again(target) -> None:
    assert [Case(target, 7, number).files() for number in range(3)] == [
        Case(target, 7, number).files() for number in range(3)
    ]


def test_every_format_has_a_target() -> None:
    assert {target.name for target in registry.TARGETS} >= FORMATS.keys()


def test_targets_have_distinct_names() -> None:
    names = [target.name for target in (*registry.TARGETS, *broken.TARGETS)]
    assert len({*names}) == len(names)
