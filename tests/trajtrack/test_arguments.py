from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import trajtrack
from trajtrack import Detections, TrajtrackWarning
from trajtrack.arguments import list_names, warn, warnings_about

BOX = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0])


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("a\0b", ValueError, r"path: found 'a\\x00b.*', expected a name without null characters"),
        ("\ud800", ValueError, r"path: found .*ud800.*, expected characters that names of files can have"),
    ],
    ids=["null", "surrogate"],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda name: trajtrack.read(f"{name}.txt"),
        lambda name: trajtrack.write(f"{name}.txt", BOX),
        lambda name: trajtrack.write_page(BOX, f"{name}.html"),
        lambda name: trajtrack.draw(BOX, f"{name}.png"),
    ],
    ids=["read", "write", "write_page", "draw"],
)
def test_a_path_that_no_file_can_have_is_refused_by_name(call, name, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call(name)


def test_something_other_than_a_path_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^path: found 5, expected the name of a file$"):
        trajtrack.read(5)


def test_a_warning_points_at_the_caller_and_names_its_subject(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("1,1,0,0,1,1,1,7,8,9\n")
    with pytest.warns(TrajtrackWarning) as caught:
        trajtrack.read(path)
    assert caught[0].filename == __file__
    with warnings_about("b\x1b"), pytest.warns(TrajtrackWarning, match=r"^b\\x1b: too little$"):
        warn("too little")
    with pytest.warns(TrajtrackWarning, match=r"^too little$"):
        warn("too little")


def test_a_subject_that_the_message_names_is_not_repeated():
    with warnings.catch_warnings(record=True) as caught, warnings_about("a.txt"):
        warnings.simplefilter("always")
        warn("a.txt, line 1: odd")
    assert [str(each.message) for each in caught] == ["a.txt, line 1: odd"]


@pytest.mark.parametrize(("count", "expected"), [(1, "0"), (5, "0, 1, 2, 3, 4"), (7, "0, 1, 2, 3, 4 and 2 more")])
def test_long_lists_of_names_are_shortened(count, expected):
    assert list_names([str(number) for number in range(count)]) == expected
