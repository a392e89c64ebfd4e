"""Videos with the boxes of trajectories drawn in."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from trajtrack.arguments import check_suffix
from trajtrack.columns import as_count
from trajtrack.decoding.frames import DEFAULT_RATE
from trajtrack.decoding.libraries import import_av, pillow
from trajtrack.detections import Detections
from trajtrack.files.atomic import atomic_path
from trajtrack.trajectories import Trajectories
from trajtrack.viewer.content import ViewSummary, content_of
from trajtrack.viewer.gif import GIF_WIDTH, write_gif
from trajtrack.viewer.images import check_presentation, open_images
from trajtrack.viewer.painting import Painting

__all__ = ["VIDEO_SUFFIXES", "write_video"]

VIDEO_SUFFIXES: Final = (".mp4", ".mkv", ".mov", ".gif")
"""Suffixes of the files that `write_video` writes."""

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
    max_width: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ViewSummary:
    """Write a video with the boxes, IDs, classes and trails of trajectories drawn in; boxes in gaps are pale.

    Parameters
    ----------
    tracks
        Trajectories, or boxes with `track_ids`.
    path
        An ``.mp4``, ``.mkv``, ``.mov`` or ``.gif`` file, which is written completely or not at all. A GIF file shows at
        most 300 images, 50 per second: of up to 1500 frames it leaves some out, with a warning.
    images
        Folder of numbered ``.jpg`` or ``.png`` files, the first of which is frame 0, or a video file. Frames without an
        image have a plain background; images beyond the last frame are ignored.
    size
        Width and height of the video in pixels, if there are no images; default: large enough for all boxes.
    frame_rate
        Frames per second; default: that of the video, or 25.
    max_width
        Wider videos are scaled down to this width in pixels; default: 800 for a GIF file, otherwise as they are.
    progress
        Called after each frame with the number of frames done and the number of all frames.

    Raises
    ------
    ImportError
        If Pillow is not installed, or PyAV, which GIF files do not need.
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
    is_gif = target.suffix.lower() == ".gif"
    if max_width is not None:
        as_count("max_width", max_width, minimum=1)
    check_presentation(images, size, frame_rate)
    content = content_of(tracks)
    if content.num_frames == 0:
        raise ValueError("tracks: found a video without frames, expected at least one")
    pillow()
    source = None if images is None else open_images(images)
    full = source.size if source is not None else size or content.extent[2:]
    widest = max_width or (GIF_WIDTH if is_gif else None)
    share = 1.0 if widest is None else min(widest / full[0], 1.0)
    width, height = _even(full[0] * share), _even(full[1] * share)
    if max(width, height) > _LARGEST_SIDE:
        raise ValueError(f"size: found {width}x{height} pixels, expected at most {_LARGEST_SIDE} per side")
    rate = frame_rate or (source.rate if source is not None else None) or DEFAULT_RATE
    painting = Painting(content, source, (width, height), share)
    with atomic_path(target) as unfinished:
        write = write_gif if is_gif else partial(_write_coded, name=target)
        num_images = write(unfinished, painting, rate, progress or (lambda done, total: None))
    return content.summary(None if source is None else num_images)


def _write_coded(
    unfinished: Path, painting: Painting, rate: float, progress: Callable[[int, int], None], name: Path
) -> int:
    """Write a video by PyAV, which is called `name` in messages; return how many frames have an image."""
    av = import_av()
    num_images = 0
    try:
        with av.open(os.fspath(unfinished), "w") as container:
            stream = container.add_stream(_codec(av), rate=Fraction(rate).limit_denominator(1001))
            stream.width, stream.height = painting.size
            stream.pix_fmt = "yuv420p"
            for frame, image, has_image in painting.frames():
                num_images += has_image
                container.mux(stream.encode(av.VideoFrame.from_image(image)))
                progress(frame + 1, painting.content.num_frames)
            container.mux(stream.encode())
    except av.error.FFmpegError as error:
        raise ValueError(f"{name}: writing the video failed ({error.strerror})") from error
    return num_images


def _codec(av: Any) -> str:
    return next(name for name in _CODECS if name in av.codecs_available)


def _even(side: float) -> int:
    """Round up to an even number, which the codecs require."""
    return max(2, 2 * int(np.ceil(side / 2)))
