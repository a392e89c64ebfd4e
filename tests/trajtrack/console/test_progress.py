from __future__ import annotations

import pytest

from trajtrack.console import progress
from trajtrack.console.progress import LongProgress, clock


def test_a_log_gets_a_line_every_minute(monkeypatch, capsys):
    times = iter([0, 0, 30, 61, 90, 130])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    shown = LongProgress("video.mp4", "frame")
    for done in (10, 40, 71, 100, 140):
        shown(done, 1010)
    assert capsys.readouterr().err == (
        "video.mp4: frame 71 of 1010, 15:39 left\nvideo.mp4: frame 140 of 1010, 14:30 left\n"
    )


def test_an_unknown_total_has_no_time_left(monkeypatch, capsys):
    times = iter([0, 0, 61])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    shown = LongProgress("video.mp4", "frame")
    shown(10, None)
    shown(20, None)
    assert capsys.readouterr().err == "video.mp4: frame 20\n"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (75, "1:15"), (3675, "1:01:15")])
def test_durations_are_read_as_on_a_clock(seconds, text):
    assert clock(seconds) == text
