"""Features of clips and trajectories computed from geometry and labels alone, without the videos of ImageNet-VidVRD.

Features of clips describe averages over the image: classes, numbers of objects, mean positions and sizes, and motion.
They do not distinguish objects of the same class. Features of trajectories describe one object: its position, size and
motion, and its relations to others of its class and to objects of other classes. Both the mean over its detections and
the change from the first to the last third of its life are given. Features of regions describe one box in one frame:
its class, position and size, and its relations to the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections, Trajectories

__all__ = ["clip_features", "clip_span", "region_features", "trajectory_features"]

_STEP = 8
"""Number of frames before and after a frame over which motion is measured."""
_RATE = 30
"""Approximate frame rate of all videos of the dataset."""
_PARTS = 3
_OF_CLASS = 5
"""Number of values that describe the objects of a class in a clip."""
_OF_MOTION = 4
_OF_SHAPE = 6
"""Number of values that describe a box without its motion."""
_OF_PAIR = 7
"""Number of values that describe the relation of one box to another."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Boxes:
    """The M detections of all trajectories, sorted by trajectory and frame, in an image of width and height 1."""

    frames: NDArray[np.int64]
    labels: NDArray[np.int32]
    corners: Array
    centres: Array
    sizes: Array
    areas: Array
    """(M,) logarithms of the areas."""
    velocities: Array
    """(M, 3) velocity of the centre in images per frame, and change of the logarithm of the length per frame."""

    @property
    def lengths(self) -> Array:
        """(M,) side lengths of squares of the same area."""
        lengths: Array = np.exp(self.areas / 2)
        return lengths

    @property
    def motions(self) -> Array:
        """(M, 4) speed, velocity along both axes and growth, in sizes per second, mapped to (-1, 1) by tanh."""
        steps = self.velocities[:, :2] * _RATE / self.lengths[:, None]
        motions: Array = np.tanh(np.c_[np.hypot(steps[:, 0], steps[:, 1]), steps, self.velocities[:, 2] * _RATE])
        return motions


def clip_features(tracks: Trajectories, size: tuple[int, int], num_classes: int, clips: int) -> NDArray[np.float32]:
    """Describe the clips of a video.

    Parameters
    ----------
    tracks
        Trajectories of the video; only motion depends on which detections belong together.
    size
        Width and height of the image in pixels.
    num_classes
        Number of classes C.
    clips
        Number N of equal parts of the time from the first to the last detection.

    Returns
    -------
    (N, 5 C + 4) features: for each class, whether it occurs, objects per frame, mean centre (x, y) and mean logarithm
    of the area; for all objects, mean speed, velocity (x, y) and growth. Clips without detections are 0.
    """
    boxes = _boxes(tracks, size)
    result = np.zeros((clips, _OF_CLASS * num_classes + _OF_MOTION), np.float32)
    if len(boxes.frames) == 0:
        return result
    start, end = clip_span(tracks)
    clip = (boxes.frames - start) * clips // (end - start)
    motions = boxes.motions
    for index in np.unique(clip).tolist():
        rows = np.flatnonzero(clip == index)
        seen = np.bincount(boxes.labels[rows], minlength=num_classes)
        classes = np.zeros((num_classes, _OF_CLASS))
        np.add.at(classes[:, 2:], boxes.labels[rows], np.c_[boxes.centres, boxes.areas / 3][rows])
        classes[:, 2:] /= np.maximum(seen, 1)[:, None]
        classes[:, 0] = seen > 0
        classes[:, 1] = seen / len(np.unique(boxes.frames[rows]))
        result[index] = np.concatenate([classes.ravel(), motions[rows].mean(axis=0)])
    return result


def clip_span(tracks: Trajectories) -> tuple[int, int]:
    """Return the first frame of the clips of a video and the frame after their last; (0, 1) without detections."""
    frames = tracks.detections.frames[tracks.rows]
    return (int(frames.min()), int(frames.max()) + 1) if len(frames) else (0, 1)


def region_features(detections: Detections, size: tuple[int, int], num_classes: int) -> NDArray[np.float32]:
    """Describe detections by their frames alone, without links.

    Parameters
    ----------
    detections
        N detections of a video.
    size
        Width and height of the image in pixels.
    num_classes
        Number of classes C.

    Returns
    -------
    (N, C + 22) features: the class, one-hot; centre, width, height, area and aspect ratio of the box; then its
    relations as of `trajectory_features`, of which the speed of approach is 0.
    """
    corners = detections.boxes / np.array([*size, *size], np.float64)
    boxes = _resting(detections.frames.astype(np.int64), detections.labels, corners)
    classes = np.eye(num_classes)[detections.labels]
    shapes = _own_features(boxes, size)[:, :_OF_SHAPE]
    return np.concatenate([classes, shapes, _relative_features(boxes)], axis=1).astype(np.float32)


def trajectory_features(tracks: Trajectories, size: tuple[int, int]) -> NDArray[np.float32]:
    """Describe the trajectories of a video.

    Parameters
    ----------
    tracks
        K trajectories.
    size
        Width and height of the image in pixels.

    Returns
    -------
    (K, 52) features: 26 means over detections, and their changes from the first to the last third of the trajectory.
    The 26 are centre, width, height, area, aspect ratio, and motion of the box; then, for the others of its class and
    again for the objects of other classes, means of relative position, size, nearness, speed of approach and overlap,
    and whether there are any.
    """
    boxes = _boxes(tracks, size)
    features = np.zeros((len(tracks.track_ids), 10 + 2 * (_OF_PAIR + 1)), np.float32)
    features[tracks.rows] = np.c_[_own_features(boxes, size), _relative_features(boxes)]
    owners = np.repeat(np.arange(len(tracks)), tracks.lengths)
    starts, ends = tracks.starts[owners], tracks.ends[owners]
    part = np.full(len(features), -1)
    part[tracks.rows] = (boxes.frames - starts) * _PARTS // (ends - starts + 1)
    first, last = (_pool_part(tracks, features, part == index) for index in (0, _PARTS - 1))
    return np.concatenate([tracks.pool(features), last - first], axis=1).astype(np.float32)


def _pool_part(tracks: Trajectories, features: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Return the mean over each trajectory's detections that are `inside`, or 0 if none is."""
    weights = inside[:, None].astype(np.float32)
    shares = tracks.pool(weights)
    return tracks.pool(features * weights) / np.where(shares > 0, shares, 1)


def _boxes(tracks: Trajectories, size: tuple[int, int]) -> _Boxes:
    rows, given = tracks.rows, tracks.detections
    corners = given.boxes[rows] / np.array([*size, *size], np.float64)
    frames = given.frames[rows].astype(np.int64)
    boxes = _resting(frames, np.repeat(tracks.labels, tracks.lengths), corners)
    values = np.c_[boxes.centres, boxes.areas / 2]
    for start, stop in zip(tracks.offsets[:-1].tolist(), tracks.offsets[1:].tolist(), strict=True):
        boxes.velocities[start:stop] = _velocities(frames[start:stop], values[start:stop])
    return boxes


def _resting(frames: NDArray[np.int64], labels: NDArray[np.int32], corners: Array) -> _Boxes:
    """Return boxes whose velocities are 0."""
    sizes = np.maximum(corners[:, 2:] - corners[:, :2], 1e-4)
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    return _Boxes(frames, labels, corners, centres, sizes, np.log(sizes.prod(axis=1)), np.zeros((len(frames), 3)))


def _velocities(frames: NDArray[np.int64], values: Array) -> Array:
    """Return the change of each column per frame, measured over some frames around each frame."""
    before = np.maximum(frames - _STEP, frames[0])
    behind = np.minimum(frames + _STEP, frames[-1])
    moved = [np.interp(behind, frames, column) - np.interp(before, frames, column) for column in values.T]
    velocities: Array = np.stack(moved, axis=1) / np.maximum(behind - before, 1)[:, None]
    return velocities


def _own_features(boxes: _Boxes, size: tuple[int, int]) -> Array:
    """Return (M, 10) features of each box and its motion."""
    aspects = np.log(boxes.sizes[:, 0] * size[0] / (boxes.sizes[:, 1] * size[1]))
    own: Array = np.c_[boxes.centres, boxes.sizes, boxes.areas / 3, aspects, boxes.motions]
    return own


def _relative_features(boxes: _Boxes) -> Array:
    """Return (M, 16) mean relations of each box to boxes of the same class and of other classes in its frame."""
    result = np.zeros((len(boxes.frames), 2, _OF_PAIR + 1))
    order = np.argsort(boxes.frames, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(boxes.frames[order])) + 1)
    by_count: dict[int, list[NDArray[np.int64]]] = {}
    for group in groups:
        by_count.setdefault(len(group), []).append(group)
    # Frames with the same number of boxes are processed together.
    for count, same in by_count.items():
        if count < 2:
            continue
        rows = np.array(same)
        pairs = _pairs(boxes, rows)
        other = ~np.eye(count, dtype=np.bool_)
        labels = boxes.labels[rows]
        of_class = labels[:, :, None] == labels[:, None, :]
        for part, chosen in enumerate((of_class & other, ~of_class)):
            counts = chosen.sum(axis=2)
            sums = (pairs * chosen[..., None]).sum(axis=2)
            result[rows, part, :_OF_PAIR] = sums / np.maximum(counts, 1)[..., None]
            result[rows, part, _OF_PAIR] = counts > 0
    return result.reshape(len(result), 2 * (_OF_PAIR + 1))


def _pairs(boxes: _Boxes, rows: NDArray[np.int64]) -> Array:
    """Describe the relations between the boxes of each frame.

    Parameters
    ----------
    boxes
        All detections.
    rows
        (F, n) rows of the n boxes of each of F frames.

    Returns
    -------
    (F, n, n, 7) bounded features of box i relative to box j: position along both axes, area, bottom edge, nearness,
    speed of approach, and intersection as a share of the smaller box.
    """
    lengths = boxes.lengths[rows]
    scale = (lengths[:, :, None] + lengths[:, None, :]) / 2
    apart = _differences(boxes.centres[rows])
    distance = np.sqrt((apart**2).sum(axis=-1)) + 1e-6
    drift = (apart * _differences(boxes.velocities[rows, :2])).sum(axis=-1) / distance
    corners = boxes.corners[rows]
    low = np.maximum(corners[:, :, None, :2], corners[:, None, :, :2])
    high = np.minimum(corners[:, :, None, 2:], corners[:, None, :, 2:])
    smaller = np.minimum(lengths[:, :, None], lengths[:, None, :]) ** 2
    return np.stack(
        [
            np.tanh(apart[..., 0] / scale),
            np.tanh(apart[..., 1] / scale),
            np.tanh(_differences(boxes.areas[rows])),
            np.tanh(_differences(corners[..., 3]) / scale * 2),
            np.exp(-distance / scale),
            np.tanh(-drift * _RATE / scale * 2),
            np.maximum(high - low, 0).prod(axis=-1) / smaller,
        ],
        axis=-1,
    )


def _differences(values: Array) -> Array:
    """Return the differences (F, n, n, ...) of values (F, n, ...): those of i minus those of j."""
    differences: Array = values[:, :, None] - values[:, None, :]
    return differences
