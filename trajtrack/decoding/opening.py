"""Open whatever holds the frames of a video."""

from __future__ import annotations

import os
from pathlib import Path

from trajtrack.arguments import as_path_name
from trajtrack.decoding.frames import FrameSource
from trajtrack.decoding.image_folders import ImageFolder
from trajtrack.decoding.videos import VideoFile
from trajtrack.printable import shown

__all__ = ["check_frame_rate", "open_frames"]


def open_frames(
    path: str | os.PathLike[str], *, frame_rate: float | None = None, threads: int | None = None
) -> FrameSource:
    """Open a video file or a folder of numbered images.

    Parameters
    ----------
    path
        A video of any container, or a folder of ``.jpg`` and ``.png`` files with numbers, the lowest of which is
        frame 0.
    frame_rate
        Frames per second of a folder of images; default: 25. Videos have their own.
    threads
        Number of threads that decode a video; default: chosen by FFmpeg.

    Raises
    ------
    ValueError
        If there is no frame, a file is not what it should be, or a frame rate is given for a video.
    OSError
        If the file cannot be opened.
    ImportError
        If PyAV is not installed, or Pillow for a folder.
    """
    source = Path(as_path_name(path))
    check_frame_rate(frame_rate)
    if source.is_dir():
        return ImageFolder(source, frame_rate)
    if frame_rate is not None:
        raise ValueError(f"frame_rate: found {shown(frame_rate)} with {source}, expected None for a video file")
    return VideoFile(source, threads)


def check_frame_rate(frame_rate: float | None) -> None:
    """Raise ValueError if a frame rate is out of range."""
    if frame_rate is not None and not 0 < frame_rate <= 1000:
        raise ValueError(f"frame_rate: found {shown(frame_rate)}, expected frames per second above 0 and up to 1000")
