"""Draw the moving picture of the README: simulated detections, and the trajectories that the library makes of them.

``python docs/moving_picture.py [FILE]`` writes FILE (default: docs/images/tracks.gif).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

import trajtrack

_FRAMES, _MILLISECONDS = 90, 80
_WIDTH, _HEIGHT, _MARGIN, _TITLE = 400, 250, 12, 26
_TRAIL = 24
_NUM_COLOURS = 64
_ZOOM = 2.5  # pixels of the scene to a pixel of the picture
_SHARPNESS = 2  # drawn larger and scaled down
_PAPER, _PANEL, _INK, _GREY = "#ffffff", "#f3f4f6", "#1f2937", "#6b7280"
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


def draw() -> list[Image.Image]:
    """Return the frames of the picture."""
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
    return [_draw_frame(found, tracks, frame) for frame in range(_FRAMES)]


def _draw_frame(found: trajtrack.Detections, tracks: trajtrack.Trajectories, frame: int) -> Image.Image:
    size = (2 * _WIDTH + 3 * _MARGIN, _HEIGHT + _TITLE + _MARGIN)
    picture = Image.new("RGB", size, _PAPER)
    shown = found.frames == frame
    panel = _Panel(f"boxes of a detector: {shown.sum()}")
    for box, score in zip(found.boxes[shown], found.scores[shown], strict=True):
        panel.box(box, _mixed(_GREY, float(score)), 1.5)
    picture.paste(panel.finished(), (_MARGIN, 0))
    panel = _Panel("trajtrack.link(detections)")
    for track in tracks:
        times = track.frames
        if times[0] <= frame <= times[-1]:
            past = np.arange(max(times[0], frame - _TRAIL), frame + 1)
            boxes = np.stack([np.interp(past, times, side) for side in track.boxes.T], axis=1)
            panel.track(boxes, track.id)
    picture.paste(panel.finished(), (2 * _MARGIN + _WIDTH, 0))
    return picture


class _Panel:
    """A titled picture of the scene."""

    def __init__(self, title: str) -> None:
        self._image = Image.new("RGB", (_WIDTH * _SHARPNESS, (_HEIGHT + _TITLE) * _SHARPNESS), _PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._draw.text((0, 5 * _SHARPNESS), title, _INK, ImageFont.load_default(13 * _SHARPNESS))
        self._draw.rectangle((*self._at(0, 0), *self._at(_WIDTH * _ZOOM, _HEIGHT * _ZOOM)), _PANEL)

    def box(self, box: np.ndarray, colour: str, width: float) -> None:
        self._draw.rectangle((*self._at(*box[:2]), *self._at(*box[2:])), None, colour, round(width * _SHARPNESS))

    def track(self, boxes: np.ndarray, track_id: int) -> None:
        """Draw the last of the boxes with its number, and a trail behind it."""
        colour = _COLOURS[track_id % len(_COLOURS)]
        trail = [self._at(x, y) for x, y in zip((boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3], strict=True)]
        if len(trail) > 1:
            self._draw.line(trail, _mixed(colour, 0.5), 2 * _SHARPNESS)
        self.box(boxes[-1], colour, 2)
        place = self._at(boxes[-1][0] + 8, boxes[-1][1] + 4)
        self._draw.text(place, str(track_id), colour, ImageFont.load_default(11 * _SHARPNESS))

    def finished(self) -> Image.Image:
        return self._image.resize((_WIDTH, _HEIGHT + _TITLE), Image.Resampling.LANCZOS)

    @staticmethod
    def _at(x: float, y: float) -> tuple[float, float]:
        return float(x) / _ZOOM * _SHARPNESS, (float(y) / _ZOOM + _TITLE) * _SHARPNESS


def _mixed(colour: str, share: float) -> str:
    """Return a colour mixed with that of a panel."""
    pairs = zip(ImageColor.getrgb(colour)[:3], ImageColor.getrgb(_PANEL)[:3], strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "images" / "tracks.gif")
    pictures = draw()
    # One palette, so that no colour changes from frame to frame.
    palette = pictures[len(pictures) // 2].quantize(_NUM_COLOURS)
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=_MILLISECONDS, loop=0, optimize=True)


if __name__ == "__main__":
    main()
