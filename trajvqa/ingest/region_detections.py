"""Regions of sampled frames, as HQGA, VGT and CoVGT publish them, as detections that can be linked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections
from trajvqa.stores import RegionBatch

__all__ = ["REGION_CLASS", "detections_of_regions"]

REGION_CLASS = "object"
"""Name of the one class of regions, whose files do not say what they show."""


def detections_of_regions(regions: RegionBatch) -> tuple[Detections, NDArray[np.float32]]:
    """Return the regions of a video as detections of one class with a score of 1, and their features.

    The sampled frames are numbered one after the other, however far apart they are in the video. Published files fill
    frames with few regions by repeating one: a region that equals an earlier one of its frame is left out.

    Parameters
    ----------
    regions
        Regions of one video.

    Returns
    -------
    detections
        N detections in C * F frames, in the order of frames and regions.
    features : (N, D)
        Their features.

    Raises
    ------
    ValueError
        If a box has its corners the wrong way round.
    """
    clips, frames, count = regions.mask.shape[1:]
    features = regions.features.reshape(clips * frames, count, -1)
    boxes = regions.boxes.reshape(clips * frames, count, 4)
    kept = regions.mask.reshape(clips * frames, count) & ~_repeated(features, boxes)
    numbers, _ = np.nonzero(kept)
    detections = Detections(
        boxes[kept],
        np.ones(len(numbers), np.float32),
        numbers.astype(np.int32),
        np.zeros(len(numbers), np.int32),
        num_frames=clips * frames,
        label_names={0: REGION_CLASS},
    )
    return detections, features[kept]


def _repeated(features: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which regions (T, R) equal an earlier one of their frame."""
    alike = np.tril((boxes[:, :, None] == boxes[:, None]).all(axis=-1), -1)
    repeated = np.zeros(boxes.shape[:2], np.bool_)
    for frame, later, earlier in np.argwhere(alike).tolist():
        repeated[frame, later] |= np.array_equal(features[frame, later], features[frame, earlier])
    return repeated
