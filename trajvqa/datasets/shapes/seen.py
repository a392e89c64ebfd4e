"""What is seen of a video file of shapes: detections, trajectories and plain features, all from its pixels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import trajtrack
from trajtrack.detect import open_frames
from trajvqa.datasets.shapes.detector import find_shapes
from trajvqa.stores import VideoTrajectories

__all__ = ["SeenShapes", "see"]

_CLIPS = 4
_GRID = (6, 8)
"""Rows and columns into which a clip's mean image is reduced."""
_GREY = 127.5
_HUES, _DIRECTIONS = 12, 4
_SCALE = 4.0
"""Brings the bins of histograms to the size of the numbers in word vectors."""
_STEP = 4
"""Frames between the boxes that a direction is measured from; one frame moves less than a box trembles."""
_STILL = 2.0
"""Pixels in so many frames, below which a box does not move."""


@dataclass(frozen=True, eq=False)
class SeenShapes:
    """A video file through the eyes of a detector and of averages of pixels."""

    video: str
    """ID of the video: the file's name without suffix."""
    num_frames: int
    """Number of frames."""
    width: int
    """Width in pixels."""
    height: int
    """Height in pixels."""
    clips: NDArray[np.float32] | None
    """(N, D) coarse mean images of successive parts of the video."""
    trajectories: trajtrack.Trajectories | None
    """The linked detections."""
    hues: NDArray[np.float32]
    """(n, H) histogram of the hues in the middle of each detection's box."""

    def as_trajectories(self, classes: Sequence[str]) -> VideoTrajectories:
        """Return the trajectories with features: the mean histogram of their hues, and one of their directions."""
        found = self.trajectories
        assert found is not None
        names = found.detections.label_names
        directions = np.array([_directions(each.boxes) for each in found], np.float32).reshape(-1, _DIRECTIONS + 1)
        return VideoTrajectories(
            video=self.video,
            features=np.concatenate([found.pool(self.hues), directions], axis=1).astype(np.float32) * _SCALE,
            spans=(np.stack([found.starts, found.ends + 1], axis=1) / self.num_frames).astype(np.float32),
            labels=np.array([classes.index(names[label]) for label in found.labels.tolist()], np.int32),
            scores=found.scores.astype(np.float32),
            frames=tuple(each.frames for each in found),
            boxes=tuple(each.boxes for each in found),
        )


def see(path: str | os.PathLike[str]) -> SeenShapes:
    """Decode a video, detect the shapes in it and link them.

    Raises
    ------
    ValueError, OSError, ImportError
        As `trajtrack.detect`.
    """
    tracks = trajtrack.track(path, find_shapes, threads=1)
    found = tracks.detections
    source = open_frames(path, threads=1)
    hues = np.zeros((len(found), _HUES), np.float32)
    images = []
    for frame in source.frames():
        pixels = frame.pixels()
        for row in np.flatnonzero(found.frames == frame.index):
            x, y = ((found.boxes[row, :2] + found.boxes[row, 2:]) / 2).astype(int)
            hues[row] = _hues(pixels[y - 2 : y + 3, x - 2 : x + 3])
        images.append(pixels)
    parts = np.array_split(np.stack(images), min(_CLIPS, len(images)))
    clips = np.stack([_reduced(part.mean(axis=0) / _GREY - 1) for part in parts]).astype(np.float32)
    return SeenShapes(Path(path).stem, len(images), *source.size, clips, tracks, hues)


def _hues(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the share of each hue; hues are angles around the grey axis."""
    red, green, blue = pixels.reshape(-1, 3).astype(np.float64).T
    angles = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    return np.bincount(_bins(angles, _HUES), minlength=_HUES) / len(angles)


def _directions(boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of each direction among the moves of a trajectory, and that of no move."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    moves = middles[_STEP:] - middles[:-_STEP]
    bins = _bins(np.arctan2(moves[:, 1], moves[:, 0]), _DIRECTIONS)
    bins = np.where(np.linalg.norm(moves, axis=1) < _STILL, _DIRECTIONS, bins)
    return np.bincount(bins, minlength=_DIRECTIONS + 1) / max(len(bins), 1)


def _bins(angles: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return which of `count` equal sectors each angle is in; the first is around 0."""
    return np.asarray(np.round(angles * count / (2 * np.pi)).astype(np.int64) % count)


def _reduced(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean colours of the cells of a grid, as one row."""
    rows = np.array_split(pixels, _GRID[0], axis=0)
    cells = [cell.mean(axis=(0, 1)) for row in rows for cell in np.array_split(row, _GRID[1], axis=1)]
    return np.concatenate(cells)
