from __future__ import annotations

import pytest

from trajtrack import FlowOptions, LinkOptions
from trajtrack.cli import PROGRAM
from trajtrack.cli.link_flags import flags_of, link_options


@pytest.mark.parametrize(
    "options",
    [
        FlowOptions(),
        FlowOptions(calibrate=False, smooth=False, class_agnostic=True, rescore="max"),
        LinkOptions(),
        LinkOptions(min_score=0.123, max_gap=0, min_length=5),
        LinkOptions(min_score=-2.5e-07),
        FlowOptions(min_score=-3.0, min_length=2),
    ],
    ids=str,
)
def test_flags_of_options_are_read_as_the_same_options(options):
    words = ["link", "in.txt", "-o", "out.txt", *flags_of(options)]
    assert link_options(PROGRAM.parser().parse_args(words)) == options


def test_flags_of_defaults_are_those_of_the_method_alone():
    assert flags_of(FlowOptions()) == ["--method", "flow"]
    assert flags_of(LinkOptions(max_gap=3)) == ["--method", "seq-nms", "--max-gap", "3"]
