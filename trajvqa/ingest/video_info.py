"""What is known of a video beside its boxes, and the features of its detections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files import json_fields
from trajtrack.files.zip_members import read_content
from trajvqa.datasets.questions import Questions
from trajvqa.ingest.pickled_arrays import read_array

__all__ = ["VideoFacts", "facts_in_file", "facts_in_questions", "read_row_features"]


@dataclass(frozen=True)
class VideoFacts:
    """What is known of a video, None for what is not."""

    video: str | None = None
    """Its id."""
    num_frames: int | None = None
    """Its length."""
    image_size: tuple[int, int] | None = None
    """Width and height of the image in pixels."""


def facts_in_questions(questions: Questions) -> dict[str, VideoFacts]:
    """Return what a file of questions says of each video."""
    columns = zip(
        questions.videos,
        questions.frame_counts.tolist(),
        questions.widths.tolist(),
        questions.heights.tolist(),
        strict=True,
    )
    return {video: VideoFacts(video, num_frames, _size(width, height)) for video, num_frames, width, height in columns}


def facts_in_file(path: str) -> VideoFacts:
    """Return what a JSON file says of its video, as those of VidOR and VidVRD do; nothing for other files.

    Raises
    ------
    OSError, ValueError
        When it cannot be read, naming the file.
    """
    if not path.lower().endswith(".json"):
        return VideoFacts()
    try:
        document = json_fields.parse(read_content(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        return VideoFacts()
    video = document.get("video_id")
    return VideoFacts(
        video=str(video) if isinstance(video, str | int) else None,
        image_size=_size(document.get("width"), document.get("height")),
    )


def read_row_features(path: Path, count: int, detections: str) -> NDArray[np.floating]:
    """Read features of detections.

    Parameters
    ----------
    path
        The ``.npy`` file.
    count
        How many detections there are.
    detections
        Their file, for messages.

    Returns
    -------
    (count, D) features.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it has another number of rows, or numbers that are not finite; naming the file, and the row.
    """
    features = read_array(path)
    if features.ndim != 2 or len(features) != count or features.dtype.kind != "f":
        raise ValueError(
            f"{path}: found {features.dtype} of shape {features.shape}, expected float numbers of shape ({count}, D), "
            f"a row for each detection of {detections}"
        )
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise ValueError(f"{path}: row {int(finite.argmin())}: found NaN or infinity, expected finite numbers")
    return features


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0:
        return width, height
    return None
