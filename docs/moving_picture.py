"""Draw the moving picture of the README: simulated detections, and the trajectories that the library makes of them.

``python docs/moving_picture.py [FILE]`` writes FILE (default: docs/images/tracks.svg), an SVG that shows one group of
shapes per frame.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import trajtrack

_FRAMES, _SECONDS = 60, 7.2
_WIDTH, _HEIGHT, _MARGIN, _TITLE = 400, 250, 12, 26
_ZOOM = 2.5  # pixels of the scene to a pixel of the picture
_TRAIL = 20
_COLOURS = (
    "#2563eb",
    "#d97706",
    "#059669",
    "#db2777",
    "#7c3aed",
    "#0891b2",
    "#dc2626",
    "#65a30d",
    "#9333ea",
    "#b45309",
)


def draw() -> str:
    """Return the picture."""
    found = trajtrack.make_scene(
        num_frames=_FRAMES,
        objects_per_frame=12,
        num_classes=1,
        image_width=round(_WIDTH * _ZOOM),
        image_height=round(_HEIGHT * _ZOOM),
        false_positives=2,
        dropout=0.1,
        seed=4,
    ).detections
    tracks = trajtrack.link(found)
    width, height = 2 * _WIDTH + 3 * _MARGIN, _HEIGHT + _TITLE + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f"<style>{_style()}</style>",
        f'<path fill="#fff" d="M0 0h{width}v{height}h-{width}z"/>',
    ]
    for column, title in enumerate(("boxes of a detector", "trajtrack.link(detections)")):
        x = _MARGIN + column * (_WIDTH + _MARGIN)
        lines.append(f'<text x="{x}" y="18" fill="#1f2937">{title}</text>')
        lines.append(f'<svg x="{x}" y="{_TITLE}" width="{_WIDTH}" height="{_HEIGHT}">')
        lines.append(f'<path fill="#f3f4f6" d="M0 0h{_WIDTH}v{_HEIGHT}h-{_WIDTH}z"/>')
        for frame in range(_FRAMES):
            shapes = _tracks_of(tracks, frame) if column else _boxes_of(found, frame)
            lines.append(_shown_in(frame, "".join(shapes)))
        lines.append("</svg>")
    return "\n".join([*lines, "</svg>\n"])


def _shown_in(frame: int, shapes: str) -> str:
    begin, end = frame / _FRAMES, (frame + 1) / _FRAMES
    values, times = ["hidden", "visible", "hidden"], ["0", f"{begin:.4f}", f"{end:.4f}"]
    keep = slice(frame == 0, 3 - (frame == _FRAMES - 1))  # key times begin with 0 and are distinct
    times = ["0", *times[keep][1:]]
    return (
        f'<g visibility="{"visible" if frame == 0 else "hidden"}"><animate attributeName="visibility" '
        f'calcMode="discrete" dur="{_SECONDS}s" repeatCount="indefinite" values="{";".join(values[keep])}" '
        f'keyTimes="{";".join(times)}"/>{shapes}</g>'
    )


def _boxes_of(found: trajtrack.Detections, frame: int) -> Iterator[str]:
    shown = found.frames == frame
    for box, score in zip(found.boxes[shown], found.scores[shown], strict=True):
        yield f'<path class="b" opacity="{score:.1f}" d="{_outline(box)}"/>'


def _tracks_of(tracks: trajtrack.Trajectories, frame: int) -> Iterator[str]:
    """Yield the last box of each trajectory with its number, and a trail behind it."""
    for track in tracks:
        times = track.frames
        if not times[0] <= frame <= times[-1]:
            continue
        past = np.arange(max(times[0], frame - _TRAIL), frame + 1)
        boxes = np.stack([np.interp(past, times, side) for side in track.boxes.T], axis=1)
        points = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)[::-4] / _ZOOM
        trail = "L".join(f"{x:.0f} {y:.0f}" for x, y in points)
        x, y = boxes[-1, :2] / _ZOOM
        yield (
            f'<g class="c{track.id % len(_COLOURS)}"><path class="t" d="M{trail}"/><path d="{_outline(boxes[-1])}"/>'
            f'<text x="{x + 3:.0f}" y="{y + 11:.0f}">{track.id}</text></g>'
        )


def _style() -> str:
    """Return the style of boxes (b), trajectories (c0 to c9) and their trails (t)."""
    colours = "".join(f".c{number}{{stroke:{colour};fill:{colour}}}" for number, colour in enumerate(_COLOURS))
    return (
        "svg{font:14px sans-serif}path{stroke-width:2}g path{fill:none}.b{stroke:#6b7280}.t{opacity:.5}"
        f"g text{{font-size:11px;stroke:none}}{colours}"
    )


def _outline(box: NDArray[np.floating]) -> str:
    left, top, right, bottom = (round(float(side) / _ZOOM) for side in box)
    return f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}z"


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "images" / "tracks.svg")
    target.write_text(draw())


if __name__ == "__main__":
    main()
