"""Videos with the boxes of trajectories drawn in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import check_suffix
from trajtrack.decoding.frames import DEFAULT_RATE
from trajtrack.decoding.libraries import import_av, pillow
from trajtrack.detections import Detections
from trajtrack.files.atomic import atomic_path
from trajtrack.trajectories import Trajectories
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.content import NOT_DETECTED, Content, ViewSummary, content_of
from trajtrack.viewer.images import Images, check_presentation, open_images

__all__ = ["VIDEO_SUFFIXES", "write_video"]

VIDEO_SUFFIXES: Final = (".mp4", ".mkv", ".mov")
"""Suffixes of the files that `write_video` writes."""

_BACKGROUND: Final = (20, 24, 29)
_INK: Final = (11, 14, 18)
_TRAIL_FRAMES: Final = 60
_LARGEST_SIDE: Final = 8192
_CODECS: Final = ("libx264", "libopenh264", "mpeg4")
"""Codecs in order of preference; the first that PyAV provides is used."""


def write_video(
    tracks: Trajectories | Detections,
    path: str | os.PathLike[str],
    *,
    images: str | os.PathLike[str] | None = None,
    size: tuple[float, float] | None = None,
    frame_rate: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ViewSummary:
    """Write a video with the boxes, IDs, classes and trails of trajectories drawn in; boxes in gaps are pale.

    Parameters
    ----------
    tracks
        Trajectories, or boxes with `track_ids`.
    path
        An ``.mp4``, ``.mkv`` or ``.mov`` file, which is written completely or not at all.
    images
        Folder of numbered ``.jpg`` or ``.png`` files, the first of which is frame 0, or a video file. Frames without an
        image have a plain background; images beyond the last frame are ignored.
    size
        Width and height of the video in pixels, if there are no images; default: large enough for all boxes.
    frame_rate
        Frames per second; default: that of the video, or 25.
    progress
        Called after each frame with the number of frames done and the number of all frames.

    Raises
    ------
    ImportError
        If PyAV or Pillow is not installed.
    TypeError
        If `tracks` are not Trajectories or Detections.
    ValueError
        If the suffix is not supported, there are no frames, boxes have no identities, an option is out of range, or
        images cannot be read.
    OSError
        If a file cannot be read or written.
    """
    target = Path(path)
    check_suffix(target, VIDEO_SUFFIXES)
    check_presentation(images, size, frame_rate)
    content = content_of(tracks)
    if content.num_frames == 0:
        raise ValueError("tracks: found a video without frames, expected at least one")
    source = None if images is None else open_images(images)
    width, height = _even(source.size if source is not None else size or content.extent[2:])
    rate = frame_rate or (source.rate if source is not None else None) or DEFAULT_RATE
    av = import_av()
    if max(width, height) > _LARGEST_SIDE:
        raise ValueError(f"size: found {width}x{height} pixels, expected at most {_LARGEST_SIDE} per side")
    painter = _Painter(content, max(height / 720, 0.75))
    count = 0
    try:
        with atomic_path(target) as unfinished, av.open(os.fspath(unfinished), "w") as container:
            stream = container.add_stream(_codec(av), rate=Fraction(rate).limit_denominator(1001))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for frame, image in enumerate(_backgrounds(source, content.num_frames)):
                count += image is not None
                canvas = pillow().new("RGB", (width, height), _BACKGROUND)
                if image is not None:
                    canvas.paste(image)
                painter.paint(canvas, frame)
                container.mux(stream.encode(av.VideoFrame.from_image(canvas)))
                if progress is not None:
                    progress(frame + 1, content.num_frames)
            container.mux(stream.encode())
    except av.error.FFmpegError as error:
        raise ValueError(f"{target}: writing the video failed ({error.strerror})") from error
    return content.summary(None if source is None else count)


def _codec(av: Any) -> str:
    return next(name for name in _CODECS if name in av.codecs_available)


def _even(size: tuple[float, float]) -> tuple[int, int]:
    """Round up to even numbers, which the codecs require."""
    width, height = (max(2, 2 * int(np.ceil(side / 2))) for side in size)
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

    def __init__(self, content: Content, scale: float) -> None:
        from PIL import ImageFont

        self._content = content
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
        frames, boxes = self._content.frames[own], self._content.boxes[own].astype(np.float64)
        row = int(np.searchsorted(frames, frame, "right")) - 1
        if frames[row] == frame:
            return boxes[row], self._content.reasons[own][row] != NOT_DETECTED
        share = (frame - int(frames[row])) / (int(frames[row + 1]) - int(frames[row]))
        return boxes[row] + (boxes[row + 1] - boxes[row]) * share, False

    def _trail(self, pen: Any, track: int, frame: int) -> None:
        own = self._rows(track)
        frames = self._content.frames[own]
        begin, end = np.searchsorted(frames, [frame - _TRAIL_FRAMES, frame + 1])
        corners = self._content.boxes[own][begin:end].astype(np.float64)
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
