"""Draw the spans of trajectories as a strip for notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterable

__all__ = ["draw_strip"]

_MAX_LANES = 24
_WIDTH = 600
_LANE = 8


def draw_strip(summary: str, spans: Iterable[tuple[int, int]], num_frames: int) -> str:
    """Return HTML with a summary and, for the first trajectories, a bar from first to last frame."""
    scale = _WIDTH / max(num_frames, 1)
    bars = [
        f'<rect x="{start * scale:.1f}" y="{lane * _LANE}" width="{max((end + 1 - start) * scale, 1):.1f}" '
        f'height="{_LANE - 2}" fill="hsl({lane * 137 % 360} 60% 50%)">'
        f"<title>{lane}: frames {start} to {end}</title></rect>"
        for lane, (start, end) in zip(range(_MAX_LANES), spans, strict=False)
    ]
    picture = f'<svg width="{_WIDTH}" height="{len(bars) * _LANE}">{"".join(bars)}</svg>' if bars else ""
    return f"<div>{html.escape(summary)}<br>{picture}</div>"
