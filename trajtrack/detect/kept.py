"""Detections kept in a Parquet file, with what they were made from and the frames that the detector has seen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from trajtrack.detect.found_boxes import DetectedVideo
from trajtrack.detect.recipe import Recipe, differences
from trajtrack.files.atomic import atomic_output
from trajtrack.io import read
from trajtrack.io.parquet import encode

__all__ = ["check_parquet", "read_kept", "write_kept"]

_KEY = b"trajtrack.detect"


def check_parquet() -> tuple[Any, Any]:
    """Return the modules `pyarrow` and `pyarrow.parquet`; raise ImportError if they are missing."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("kept detections need pyarrow: pip install 'trajtrack[io]'") from error
    return pyarrow, pyarrow.parquet


def write_kept(path: str | os.PathLike[str], found: DetectedVideo, recipe: Recipe) -> None:
    """Write a Parquet file as `write` does, with recipe, frames and times in the metadata of its schema."""
    about = {"recipe": recipe, "frames": found.frames.tolist(), "times": found.times.tolist()}
    content = encode(found.detections, {_KEY: json.dumps(about)})
    with atomic_output(path) as file:
        file.write(content)


def read_kept(path: Path, recipe: Recipe) -> DetectedVideo:
    """Read what `write_kept` has written.

    Raises
    ------
    ValueError
        If the file holds no such detections, or those of another recipe.
    """
    arrow, parquet = check_parquet()
    try:
        about = json.loads((parquet.read_schema(path).metadata or {})[_KEY])
        found = about["recipe"]
        frames, times = np.array(about["frames"], np.int32), np.array(about["times"], np.float64)
    except (arrow.ArrowException, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: found no detections of trajtrack detect, expected those or no file") from error
    other = differences(found, json.loads(json.dumps(recipe)))
    if other:
        raise ValueError(f"{path}: found detections of {other}; remove the file to detect again, or name another")
    return DetectedVideo(read(path, "parquet"), frames, times)
