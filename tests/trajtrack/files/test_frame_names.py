"""Frame numbers in the names of files and images."""

from __future__ import annotations

import re

import pytest

from trajtrack.files.frame_names import FrameNames


def numbers(*names: str) -> list[int]:
    known = FrameNames()
    return [known.number(name) for name in names]


def test_the_last_number_of_a_name_is_the_frame() -> None:
    assert numbers("v2_000012", "v2_7", "v2_0100") == [12, 7, 100]
    assert numbers("12-left", "3-left") == [12, 3]


@pytest.mark.parametrize("name", ["beach", "", "1403636579763555584"])
def test_a_name_without_a_number_of_at_most_18_digits_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^a name with the number of the frame$"):
        numbers(name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("kitchen_1", "garden_2"),
        ("frame_1_jpg.rf.3a9c", "frame_2_jpg.rf.b7c1"),  # a hash, as of Roboflow
        ("0001_0.033s", "0002_0.066s"),
        ("2024-01-01T12-00-59", "2024-01-01T12-01-00"),
        ("left-3", "left3"),
    ],
)
def test_names_that_differ_in_more_than_the_number_are_refused(first: str, second: str) -> None:
    expected = f"a name that differs from '{first}' only in the number of the frame"
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        numbers(first, second)
