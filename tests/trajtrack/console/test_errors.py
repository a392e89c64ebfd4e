from __future__ import annotations

import pytest

from trajtrack.console.errors import describe


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
