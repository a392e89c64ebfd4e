"""The compiled parser and formatter of text tables."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajtrack import _core

FINITE = st.floats(allow_nan=False, allow_infinity=False)
FINITE_FLOAT32 = st.floats(allow_nan=False, allow_infinity=False, width=32)


def parsed(text: bytes, max_columns: int = 10) -> list[list[float]]:
    values, _, widths = _core.parse_numbers(text, 1, max_columns)
    return [row[:width].tolist() for row, width in zip(values, widths, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        b"1,2,3",
        b"1 2 3\n",
        b"1\t2\t3\r\n",
        b" 1 , 2 ,3 \n",
        b"\n\n1,2,3\n \t\r\n",
        b"+1 2. 3e0",
        b"1.0 .2e1 03",
    ],
)
def test_commas_or_blanks_separate_columns(text: bytes) -> None:
    assert parsed(text) == [[1, 2, 3]]


def test_rows_have_their_line_numbers_and_widths() -> None:
    values, lines, widths = _core.parse_numbers(b"\n1,2\r\n\r\n3\n4,5,6", 1, 3)
    assert lines.tolist() == [2, 4, 5]
    assert widths.tolist() == [2, 1, 3]
    assert np.isnan(values).tolist() == [[False, False, True], [False, True, True], [False, False, False]]


@pytest.mark.parametrize("text", [b"", b"\n\n", b" \t\r\n"])
def test_no_rows(text: bytes) -> None:
    values, lines, widths = _core.parse_numbers(text, 1, 4)
    assert values.shape == (0, 4)
    assert len(lines) == len(widths) == 0


@given(FINITE | st.integers(-(10**17), 10**17).map(lambda digits: digits / 1000))
def test_numbers_are_rounded_as_python_does(value: float) -> None:
    assert parsed(repr(value).encode()) == [[value]]


@given(st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{0,25})?(e-?[0-9]{1,3})?", fullmatch=True))
def test_any_decimal_text_is_read_as_python_does(text: str) -> None:
    if math.isfinite(float(text)):
        assert parsed(text.encode()) == [[float(text)]]


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (b"nan", "'nan'"),
        (b"inf", "'inf'"),
        (b"-Infinity", "'-Infinity'"),
        (b"1e999", "'1e999'"),
        (b"0x10", "'0x10'"),
        (b"1.2.3", "'1.2.3'"),
        (b"--1", "'--1'"),
        (b"-", "'-'"),
        (b".", "'.'"),
        (b"1e", "'1e'"),
        (b"\x89PNG\x00", r"'\x89PNG\x00'"),
        (b"a" * 100, "'" + "a" * 40 + "...'"),
    ],
)
def test_fields_that_are_not_finite_numbers_are_shown_with_their_line(field: bytes, shown: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"line 2: found {shown}, expected a finite number")):
        _core.parse_numbers(b"1,2\n3," + field + b"\n", 1, 4)


@pytest.mark.parametrize("line", [b"1,2 3", b"1 2,5 3", b"1\t2,5", b"1 , 2\t3"])
def test_commas_and_blanks_in_one_row_are_refused_as_they_may_be_decimal_commas(line: bytes) -> None:
    with pytest.raises(ValueError, match="line 2: found commas and blanks between numbers, expected columns separated"):
        _core.parse_numbers(b"1,2\n" + line + b"\n", 1, 4)


@pytest.mark.parametrize("line", [b"1,,2", b",1", b"1, ,2", b"1,2,"])
def test_empty_fields_are_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"line 1: found an empty field.*, expected a number"):
        _core.parse_numbers(line, 1, 4)


def test_longer_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="line 2: found 4 columns, expected at most 3"):
        _core.parse_numbers(b"1,2,3\n1,2,3,4\n", 1, 3)


@pytest.mark.parametrize(("most", "expected"), [(3, "2 to 3 columns"), (2, "2 columns")])
def test_shorter_rows_are_refused_before_later_rows_are_read(most: int, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^line 3: found 1 columns, expected {expected}$"):
        _core.parse_numbers(b"1,2\n\n1\nx\n", 2, most)


@given(st.lists(st.binary(max_size=12), max_size=6))
def test_any_bytes_raise_at_most_a_value_error(parts: list[bytes]) -> None:
    try:
        _core.parse_numbers(b",1.5\n".join(parts), 1, 3)
    except ValueError as error:
        assert str(error).startswith("line ")  # noqa: PT017


@given(st.lists(FINITE | st.integers(-(10**9), 10**9).map(lambda number: number / 1000), max_size=9))
def test_formatted_numbers_read_back_the_same(values: list[float]) -> None:
    text = _core.format_numbers([np.array(values)], ",")
    assert [float(line) for line in text.splitlines()] == values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, b"3"),
        (-1, b"-1"),
        (0.0, b"0"),
        (-0.0, b"0"),
        (912.8, b"912.8"),
        (-0.25, b"-0.25"),
        (0.000001, b"0.000001"),
        (1e9, b"1000000000"),
        (2**53 - 1, b"9007199254740991"),
        (0.1 + 0.2, b"0.30000000000000004"),
        (1e300, b"1e+300"),
    ],
)
def test_numbers_have_few_digits(value: float, text: bytes) -> None:
    assert _core.format_numbers([np.array([value])], ",") == text + b"\n"


def test_blocks_stand_side_by_side() -> None:
    text = _core.format_numbers([np.array([1, 2]), np.array([[0.5, 3], [4, 5]])], " ")
    assert text == b"1 0.5 3\n2 4 5\n"


def test_blocks_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^blocks: found .*, expected the same number of rows$"):
        _core.format_numbers([np.zeros(2), np.zeros(3)], ",")


@given(st.lists(FINITE_FLOAT32, max_size=9))
def test_short_decimals_round_to_the_same_float(values: list[float]) -> None:
    floats = np.array(values, np.float32)
    assert np.array_equal(_core.short_decimals(floats).astype(np.float32), floats)


def test_short_decimals_are_those_that_people_wrote() -> None:
    written = [0.1, 912.8, 1e-7, 16777216.0, 0.997784, -3.3]
    assert _core.short_decimals(np.array(written, np.float32)).tolist() == written
