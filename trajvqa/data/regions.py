"""Regions of frames with what HQGA's features say of the frames and clips that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.questions import Questions
from trajvqa.stores import RegionBatch, Regions
from trajvqa.stores.many_files import Clips

__all__ = ["BOX_SIZE", "RegionLevels", "RegionStream", "box_features"]

BOX_SIZE = 5
"""Numbers of `box_features`."""


@dataclass(frozen=True, eq=False)
class RegionLevels:
    """Regions of F frames of C clips of B videos, with features of the frames and of the clips."""

    regions: RegionBatch
    """Features and boxes of the regions."""
    appearance: NDArray[np.float32]
    """(B, C, F, A) appearance of the frames."""
    motion: NDArray[np.float32]
    """(B, C, M) motion of the clips."""


class RegionStream:
    """Regions, and appearance and motion in the same clips and frames.

    Parameters
    ----------
    regions
        The regions.
    appearance
        Appearance of the frames, as HQGA's ``app_feat_{split}.h5``. Of more clips or frames than the regions have,
        evenly spaced ones are read: HQGA's regions are in every fourth of the 16 frames of HCRN's clips. A clip that is
        described as a whole stands for all its frames.
    motion
        Motion of the clips, as HQGA's ``mot_feat_{split}.h5``; None if it follows the appearance of the clips, as in
        NExT-QA's ``app_mot_{split}.h5``.
    split_at
        Width of the appearance of clips that contain their motion; clips no wider serve as both.
    """

    def __init__(self, regions: Regions, appearance: Clips, motion: Clips | None, split_at: int) -> None:
        self.regions, self._appearance, self._motion = regions, appearance, motion
        self._split_at = split_at if motion is None and appearance.size > split_at else None

    @property
    def appearance_size(self) -> int:
        """Width A of the appearance of a frame."""
        return self._appearance.size if self._split_at is None else self._split_at

    @property
    def motion_size(self) -> int:
        """Width M of the motion of a clip."""
        if self._motion is not None:
            return self._motion.size
        return self._appearance.size - (self._split_at or 0)

    def require(self, videos: Sequence[str]) -> None:
        """Raise ValueError if videos are missing in a file, naming it."""
        for each in self._sources():
            each.require(videos)

    def check_finite(self) -> None:
        """Raise ValueError if a number of appearance or motion is not finite in float32, naming its file.

        Regions, of which files have tens of gigabytes, are checked as they are read.
        """
        self._appearance.check_finite()
        if self._motion is not None:
            self._motion.check_finite()

    def read(self, videos: Sequence[str]) -> RegionLevels:
        """Return what is known of B videos; ValueError as `require`."""
        clips, frames = self.regions.clips, self.regions.frames
        appearance = _evenly(_evenly(self._appearance.read_frames(videos), clips, 1), frames, 2)
        motion = appearance.mean(axis=2) if self._motion is None else _evenly(self._motion.read(videos), clips, 1)
        if self._split_at is not None:
            appearance, motion = appearance[..., : self._split_at], motion[..., self._split_at :]
        return RegionLevels(self.regions.read(videos), appearance, motion)

    def _sources(self) -> list[Regions | Clips]:
        motion = [] if self._motion is None else [self._motion]
        return [self.regions, self._appearance, *motion]


def box_features(boxes: NDArray[np.float32], questions: Questions, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return corners and areas of the regions of B questions' videos as shares of the image.

    Parameters
    ----------
    boxes
        (B, ..., 4) corners in pixels.
    questions
        The questions, with widths and heights of the images.
    rows
        (B,) rows of the questions.

    Returns
    -------
    (B, ..., 5): left, top, right, bottom and area. As in HQGA's code, the area counts the pixels at both edges.

    Raises
    ------
    ValueError
        If the questions do not say the sizes of the images.
    """
    _, widths, heights = questions.video_facts()
    sizes = np.stack([widths[rows], heights[rows]], axis=-1).astype(np.float32)
    sizes = sizes.reshape(len(rows), *(1,) * (boxes.ndim - 2), 2)
    extents = boxes[..., 2:] - boxes[..., :2] + 1
    area = (extents / sizes).prod(axis=-1, keepdims=True)
    return np.concatenate([boxes / np.concatenate([sizes, sizes], axis=-1), area], axis=-1)


def _evenly(values: NDArray[np.float32], count: int, axis: int) -> NDArray[np.float32]:
    """Return `count` evenly spaced entries of an axis; entries of a shorter axis repeat."""
    found = values.shape[axis]
    return values if found == count else values.take(np.arange(count) * found // count, axis=axis)
