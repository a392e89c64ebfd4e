from __future__ import annotations

import pytest

from trajtrack.console.errors import about_flag, describe


@pytest.mark.parametrize(
    ("error", "path", "text"),
    [
        (ValueError("a.txt, line 1: found"), "a.txt", "a.txt, line 1: found"),
        (ValueError("found"), "a.txt", "a.txt: found"),
        (ValueError("a\nb.txt, line 1: found"), "a\nb.txt", r"a\nb.txt, line 1: found"),
        (FileNotFoundError(2, "No such file", "\x1b[2J.txt"), None, r"\x1b[2J.txt: No such file"),
        (FileNotFoundError(2, "No such file", b"\xff.txt"), None, r"\udcff.txt: No such file"),
        (ValueError(), None, "ValueError"),
    ],
)
def test_an_error_is_one_line_of_printable_text(error, path, text):
    assert describe(error, path) == text


def test_an_error_about_an_option_becomes_one_about_its_flag():
    error = ValueError("max_gap: found -1, expected an integer: 0 or more")
    assert str(about_flag(error)) == "--max-gap: found -1, expected an integer: 0 or more"
    assert str(about_flag(ValueError("first_frame: found 0"), "gt-")) == "--gt-first-frame: found 0"
