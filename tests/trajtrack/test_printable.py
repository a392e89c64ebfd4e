from __future__ import annotations

import pytest

from trajtrack.printable import escaped, near_name, printable_errors, shown


@pytest.mark.parametrize(
    "value",
    ["much", 3, -0.5, None, True, ["a", 1], {"b": [1], "a": 2}, b"a", "it's", "a\x1b[31m"],
)
def test_short_values_are_shown_whole(value) -> None:
    assert shown(value) == repr(value)


def nested(levels: int) -> list:
    value = ["ha"] * 9
    for _ in range(levels):
        value = [value] * 9
    return value


def endless() -> list:
    value: list = []
    value += [value, {"key": value}]
    return value


@pytest.mark.parametrize(
    "value",
    [nested(50), endless(), {1: nested(50)}, "a" * 10**7, b"a" * 10**7, 1 << 10**6, [10**5000], list(range(10**6))],
    ids=["nested", "endless", "mapping", "text", "bytes", "integer", "list of integers", "list"],
)
def test_long_values_are_cut(value) -> None:
    assert len(shown(value)) < 3000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain Größe 東京 🚗", "plain Größe 東京 🚗"),
        ("\x1b[2J\x07\r\n\t", r"\x1b[2J\x07\r\n\t"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("\ud800 \udcff", r"\ud800 \udcff"),
        ("\u202e\u2028\ufeff", r"\u202e\u2028\ufeff"),
    ],
    ids=["printable", "C0", "C1", "surrogates", "direction and line marks"],
)
def test_what_does_not_print_as_it_stands_is_escaped(text, expected) -> None:
    assert escaped(text) == expected
    escaped(text).encode()


@printable_errors
def fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("a\x1b[0m.txt, line 1"), ValueError(r"a\x1b[0m.txt, line 1")),
        (FileNotFoundError("\u202etxt: found none"), FileNotFoundError(r"\u202etxt: found none")),
        (
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "\0"),
            ValueError(r"'utf-8' codec can't decode byte 0xff in position 0: \x00"),
        ),
        (ValueError("x" * 10**6), ValueError("x" * 2000 + "...")),
    ],
)
def test_a_reader_raises_errors_that_can_be_printed(error, expected) -> None:
    with pytest.raises(type(expected)) as caught:
        fail(error)
    assert (type(caught.value), str(caught.value)) == (type(expected), str(expected))


@pytest.mark.parametrize(
    "error", [ValueError("line 1"), FileNotFoundError(2, "No such file", "a\x1b"), KeyError("\x1b")]
)
def test_other_errors_of_a_reader_are_left_alone(error) -> None:
    with pytest.raises(type(error)) as caught:
        fail(error)
    assert caught.value is error


def test_a_near_name_is_suggested_whatever_its_case() -> None:
    assert near_name("Min_Lenght", ["max_gap", "min_length"]) == " (did you mean 'min_length'?)"
    assert near_name("colour", ["max_gap", "min_length"]) == ""
