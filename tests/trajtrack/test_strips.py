from __future__ import annotations

from trajtrack import Detections, link
from trajtrack.strips import draw_strip


def test_a_bar_spans_the_frames_of_its_trajectory() -> None:
    assert '<rect x="100.0" y="0" width="300.0"' in draw_strip("1 < 2", [(1, 3)], 6)


def test_a_summary_is_escaped_and_bars_are_limited() -> None:
    strip = draw_strip("1 < 2", [(0, 1)] * 100, 6)
    assert "1 &lt; 2" in strip
    assert strip.count("<rect") == 24


def test_trajectories_show_a_strip_in_notebooks() -> None:
    tracks = link(Detections([[0, 0, 9, 9]] * 2, [0.9, 0.8], [0, 1]), method="seq-nms")
    assert tracks._repr_html_().count("<rect") == len(tracks) == 1
