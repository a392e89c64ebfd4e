"""Information about videos besides their boxes, and features of their detections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files import json_fields
from trajtrack.files.zip_members import read_content
from trajtrack.printable import printable_errors
from trajvqa.datasets.questions import Questions
from trajvqa.ingest.pickled_arrays import read_array

__all__ = ["VideoInfo", "info_from_file", "info_from_questions", "read_row_features"]


@dataclass(frozen=True)
class VideoInfo:
    """Information about a video; None for what is unknown."""

    video: str | None = None
    """ID of the video."""
    num_frames: int | None = None
    """Number of frames."""
    image_size: tuple[int, int] | None = None
    """Width and height of the image in pixels."""


def info_from_questions(questions: Questions) -> dict[str, VideoInfo]:
    """Return the information about each video in a file of questions."""
    columns = zip(questions.videos, *(column.tolist() for column in questions.video_facts()), strict=True)
    return {video: VideoInfo(video, num_frames, _size(width, height)) for video, num_frames, width, height in columns}


@printable_errors
def info_from_file(path: str) -> VideoInfo:
    """Return the information about the video in a JSON file of VidOR or VidVRD, and none for other files.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read, naming it.
    """
    if not path.lower().endswith(".json"):
        return VideoInfo()
    try:
        document = json_fields.parse(read_content(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        return VideoInfo()
    video = document.get("video_id")
    return VideoInfo(
        video=str(video) if isinstance(video, str | int) else None,
        image_size=_size(document.get("width"), document.get("height")),
    )


@printable_errors
def read_row_features(path: Path, count: int, detections: str) -> NDArray[np.floating]:
    """Read features of detections.

    Parameters
    ----------
    path
        The ``.npy`` file.
    count
        Number of detections.
    detections
        File of the detections, for messages.

    Returns
    -------
    (count, D) features.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file has another number of rows, or NaN or infinity; naming the file and the row.
    """
    features = read_array(path)
    if features.ndim != 2 or len(features) != count or features.dtype.kind != "f":
        raise ValueError(
            f"{path}: found {features.dtype} of shape {features.shape}, expected float numbers of shape ({count}, D), "
            f"one row for each detection of {detections}"
        )
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise ValueError(f"{path}: row {int(finite.argmin())}: found NaN or infinity, expected finite numbers")
    return features


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0:
        return width, height
    return None
