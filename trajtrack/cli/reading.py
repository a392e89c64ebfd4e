"""The files of a command, read."""

from __future__ import annotations

from collections.abc import Sequence

from trajtrack.console.errors import Failure, UsageError, describe
from trajtrack.detections import Detections
from trajtrack.io import input_format, read

__all__ = ["read_inputs"]


def read_inputs(files: Sequence[tuple[str, str | None]], video_name: str | None) -> list[Detections]:
    """Read files of one video each.

    Parameters
    ----------
    files
        Path and format of each; None for the format that the content tells.
    video_name
        Which video, in those files that name theirs; None for the only one.

    Raises
    ------
    UsageError
        When a name is given and none of the files names its video.
    Failure
        When a file cannot be read.
    """
    wanted = [video_name if video_name is not None and _names_videos(*file) else None for file in files]
    if video_name is not None and not any(name is not None for name in wanted):
        paths = ", ".join(path for path, _ in files)
        raise UsageError(f"--video-name: found no names of videos in {paths}, expected a file that holds several")
    return [_read(path, format, name) for (path, format), name in zip(files, wanted, strict=True)]


def _names_videos(path: str, format: str | None) -> bool:
    try:
        return input_format(path, format).names_videos
    except (ValueError, OSError) as error:
        raise Failure(describe(error, path)) from error


def _read(path: str, format: str | None, video_name: str | None) -> Detections:
    try:
        return read(path, format, video=video_name)
    except (ValueError, OSError) as error:
        raise Failure(describe(error, path)) from error
