from __future__ import annotations

import pytest

from trajtrack import FlowOptions, LinkOptions
from trajvqa.extract.options import ExtractOptions, link_from_recipe, link_to_recipe


@pytest.mark.parametrize("options", [LinkOptions(min_length=3), FlowOptions(smooth=False)])
def test_options_of_linking_survive_a_recipe(options):
    assert link_from_recipe(link_to_recipe(options)) == options


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="link: found the method 'sort', expected one of flow, seq-nms"):
        link_from_recipe({"method": "sort"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clips": 0}, "clips: found 0, expected an integer from 1 to 1024"),
        ({"frames_per_clip": 2000}, "frames_per_clip: found 2000, expected an integer from 1 to 1024"),
        ({"batch_size": 0}, "batch_size: found 0, expected an integer from 1 to 65536"),
        ({"regions": "boxes"}, "regions: found 'boxes', expected queries, geometry or an existing folder"),
    ],
)
def test_an_option_that_is_wrong_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        ExtractOptions(detector="detector.py:find", **change)
