"""The simulated detector of a synthetic scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.scenes.sampling import object_sizes, triangular, uniform

if TYPE_CHECKING:
    from trajtrack.scenes.options import SceneOptions

__all__ = ["detect"]


def detect(
    options: SceneOptions,
    rng: np.random.Generator,
    truth: Detections,
    visibility: NDArray[np.float32],
    seen: NDArray[np.bool_],
) -> tuple[Detections, NDArray[np.int64]]:
    """Return the detections by frame, and the true row of each, -1 for false positives."""
    sources = np.repeat(np.flatnonzero(seen), options.proposals_per_object)
    count = len(sources)
    boxes = _jitter(options, rng, truth.boxes[sources])
    scores = np.float32(0.4) + np.float32(0.6) * np.maximum(uniform(rng, count), uniform(rng, count))
    scores *= np.float32(0.5) + np.float32(0.5) * visibility[sources]
    labels = truth.labels[sources]
    noisy = np.flatnonzero(uniform(rng, count) < options.label_noise)
    labels[noisy] = rng.integers(options.num_classes, size=len(noisy), dtype=np.int32)

    false_boxes, false_scores, false_frames, false_labels = _invent(options, rng)
    frames = np.concatenate([truth.frames[sources], false_frames])
    order = np.argsort(frames, kind="stable")
    detections = Detections(
        np.concatenate([boxes, false_boxes])[order],
        np.concatenate([scores, false_scores])[order],
        frames[order],
        np.concatenate([labels, false_labels])[order],
        options.num_frames,
    )
    return detections, np.concatenate([sources, np.full(len(false_boxes), -1)])[order]


def _invent(
    options: SceneOptions, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    """Return boxes, scores, frames and labels of false positives, at random positions and times."""
    count = int(options.false_positives * options.num_frames + rng.random())
    centres = uniform(rng, (count, 2)) * np.array([options.image_width, options.image_height], np.float32)
    half = np.stack(object_sizes(options, rng, count), axis=1) * np.float32(0.5)
    scores = np.minimum(uniform(rng, count), uniform(rng, count))
    return (
        np.concatenate([centres - half, centres + half], axis=1),
        np.float32(0.05) + np.float32(0.75) * scores,
        rng.integers(max(options.num_frames, 1), size=count, dtype=np.int32),
        rng.integers(options.num_classes, size=count, dtype=np.int32),
    )


def _jitter(options: SceneOptions, rng: np.random.Generator, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift and resize boxes at random, in place."""
    for axis in range(2):
        sizes = boxes[:, axis + 2] - boxes[:, axis]
        shift = triangular(rng, len(boxes), options.jitter)
        growth = np.maximum(np.float32(1) + triangular(rng, len(boxes), options.jitter), np.float32(0.1))
        centres = boxes[:, axis] + sizes * np.float32(0.5) + sizes * shift
        half = sizes * growth * np.float32(0.5)
        boxes[:, axis] = centres - half
        boxes[:, axis + 2] = centres + half
    return boxes
