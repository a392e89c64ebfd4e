from __future__ import annotations

import pytest

from trajtrack.printable import escaped, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b[31m", "'a\\x1b[31m'"),
        (10**5000, "an integer of thousands of digits"),
        ("x" * 100, "'" + "x" * 59 + "..."),
        ([10**5000], "an integer of thousands of digits"),
    ],
    ids=["text", "an integer", "long text", "a list"],
)
def test_any_value_can_be_shown(value, text) -> None:
    assert shown(value) == text


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
