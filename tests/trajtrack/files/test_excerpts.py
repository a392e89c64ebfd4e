from __future__ import annotations

import pytest

from trajtrack.files.excerpts import excerpt


@pytest.mark.parametrize("value", ["much", 3, -0.5, None, True, ["a", 1], {"a": [1]}, b"a", "it's"])
def test_short_values_are_shown_whole(value):
    assert excerpt(value) == repr(value)


def nested(levels):
    value = ["ha"] * 9
    for _ in range(levels):
        value = [value] * 9
    return value


def endless():
    value = []
    value += [value, {"key": value}]
    return value


@pytest.mark.parametrize(
    "value",
    [nested(50), endless(), {1: nested(50)}, "a" * 10**7, b"a" * 10**7, 1 << 10**6, list(range(10**6))],
    ids=["nested", "endless", "mapping", "text", "bytes", "integer", "list"],
)
def test_long_values_are_cut(value):
    assert len(excerpt(value)) < 3000
