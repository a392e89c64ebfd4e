from __future__ import annotations

import io
import sys

from trajtrack.console.output import StatusLine
from trajtrack.console.streams import escaped_streams

HOSTILE = "\x1b[2J\x07\x9b\r\u202e\udcff"
SAFE = r"\x1b[2J\x07\x9b\r\u202e\udcff"


def test_what_is_printed_cannot_control_the_terminal(capsys):
    with escaped_streams():
        print(f"a {HOSTILE}\nb")
        print(HOSTILE, file=sys.stderr)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (f"a {SAFE}\nb\n", f"{SAFE}\n")


def test_streams_are_restored(capsys):
    streams = sys.stdout, sys.stderr
    with escaped_streams():
        assert sys.stdout is not streams[0]
    assert (sys.stdout, sys.stderr) == streams


def test_the_status_line_returns_to_its_start_but_its_text_does_not(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with escaped_streams():
        StatusLine().show(f"[1/2] {HOSTILE}")
    shown = terminal.getvalue()
    assert shown.startswith("\r")
    assert shown.endswith(f"\r[1/2] {SAFE}")
