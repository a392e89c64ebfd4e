"""The frames of a video with the boxes of trajectories drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.decoding.libraries import pillow
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.content import NOT_DETECTED, Content
from trajtrack.viewer.images import Images

__all__ = ["Painting"]

_BACKGROUND: Final = (20, 24, 29)
_INK: Final = (11, 14, 18)
_TRAIL_FRAMES: Final = 60


class Painting:
    """The frames of a video with boxes, IDs, classes and trails drawn in, which can be read several times."""

    def __init__(self, content: Content, source: Images | None, size: tuple[int, int], share: float) -> None:
        """Images are scaled by `share`; the part of them beyond `size` is cut off."""
        self.content = content
        self.size = size
        self._source = source
        self._share = share
        self._painter = _Painter(content, share, max(size[1] / 720, 0.75))

    def frames(self, step: int = 1) -> Iterator[tuple[int, Any, bool]]:
        """Yield the number and the `PIL.Image.Image` of every `step`-th frame, and whether the video has an image."""
        for frame, image in enumerate(_backgrounds(self._source, self.content.num_frames)):
            if frame % step:
                continue
            canvas = pillow().new("RGB", self.size, _BACKGROUND)
            if image is not None:
                canvas.paste(image if self._share == 1 else image.resize(_scaled(image.size, self._share)))
            self._painter.paint(canvas, frame)
            yield frame, canvas, image is not None


def _scaled(size: tuple[int, int], share: float) -> tuple[int, int]:
    width, height = (max(round(side * share), 1) for side in size)
    return width, height


def _backgrounds(source: Images | None, num_frames: int) -> Iterator[Any]:
    """Yield the image of each frame, or None."""
    images = iter(()) if source is None else source.read(num_frames)
    upcoming = next(images, None)
    for frame in range(num_frames):
        if upcoming is None or upcoming[0] > frame:
            yield None
            continue
        yield upcoming[1]
        upcoming = next(images, None)


class _Painter:
    """Draws the trajectories of one frame."""

    def __init__(self, content: Content, share: float, scale: float) -> None:
        from PIL import ImageFont

        self._content = content
        self._share = share
        self._line = max(1, round(2 * scale))
        self._font = ImageFont.load_default(round(13 * scale))
        self._colours = [tuple(colour) for colour in track_colours(content.track_ids).tolist()]
        self._starts = content.frames[content.offsets[:-1]]
        self._ends = content.frames[content.offsets[1:] - 1]
        self._names = _names(content)

    def paint(self, canvas: Any, frame: int) -> None:
        from PIL import ImageDraw

        pen = ImageDraw.Draw(canvas, "RGBA")
        present = np.flatnonzero((self._starts <= frame) & (frame <= self._ends)).tolist()
        for track in present:
            self._trail(pen, track, frame)
        boxes = [(track, *self._box(track, frame)) for track in present]
        for track, box, detected in boxes:
            colour = (*self._colours[track], 255 if detected else 120)
            pen.rectangle(box.tolist(), outline=colour, width=self._line)
        for track, box, _ in sorted(boxes, key=lambda entry: float(entry[1][3])):  # nearest labels on top
            self._label(pen, track, float(box[0]), float(box[1]))

    def _rows(self, track: int) -> slice:
        return slice(int(self._content.offsets[track]), int(self._content.offsets[track + 1]))

    def _box(self, track: int, frame: int) -> tuple[NDArray[np.float64], bool]:
        """Return the corners of a trajectory's box in a frame, and whether it is a detection."""
        own = self._rows(track)
        frames, boxes = self._content.frames[own], self._share * self._content.boxes[own].astype(np.float64)
        row = int(np.searchsorted(frames, frame, "right")) - 1
        if frames[row] == frame:
            return boxes[row], self._content.reasons[own][row] != NOT_DETECTED
        share = (frame - int(frames[row])) / (int(frames[row + 1]) - int(frames[row]))
        return boxes[row] + (boxes[row + 1] - boxes[row]) * share, False

    def _trail(self, pen: Any, track: int, frame: int) -> None:
        own = self._rows(track)
        frames = self._content.frames[own]
        begin, end = np.searchsorted(frames, [frame - _TRAIL_FRAMES, frame + 1])
        corners = self._share * self._content.boxes[own][begin:end].astype(np.float64)
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        for row in range(1, len(centres)):
            age = (frame - int(frames[begin + row])) / _TRAIL_FRAMES
            colour = (*self._colours[track], round(210 * (1 - age)))
            pen.line([*centres[row - 1].tolist(), *centres[row].tolist()], fill=colour, width=self._line)

    def _label(self, pen: Any, track: int, left: float, top: float) -> None:
        text = self._names[track]
        height = self._font.getbbox("Ag")[3] + 2
        left, bottom = max(left, 0.0), max(top, float(height))
        width = pen.textlength(text, font=self._font) + 2 * self._line + 4
        pen.rectangle((left, bottom - height, left + width, bottom), fill=self._colours[track])
        pen.text((left + self._line + 2, bottom - height + 1), text, fill=_INK, font=self._font)


def _names(content: Content) -> list[str]:
    """Return the label of each trajectory: its ID, and its class if there are several."""
    ids, labels = content.track_ids.tolist(), content.track_labels.tolist()
    if len(set(labels)) <= 1:
        return [str(number) for number in ids]
    return [
        f"{number} {content.label_names.get(label, f'class {label}')}"
        for number, label in zip(ids, labels, strict=True)
    ]
