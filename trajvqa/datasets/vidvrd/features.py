"""Features of clips and trajectories out of geometry and labels alone: ImageNet-VidVRD's videos are not needed.

Clips get what an average over the image would leave: which classes there are, how many objects, where and how large
on average, and how things move. Objects of one class are not told apart. Trajectories get what is known about one
object: its own place, size and motion, and how it stands to the others of its class and to all other objects; averaged
over its detections, and how much that changes from the first to the last third of its life.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories

__all__ = ["clip_features", "trajectory_features"]

_STEP = 8
"""Frames before and behind over which motion is measured."""
_RATE = 30
"""Frames a second, about, of all videos of the dataset."""
_PARTS = 3
_OF_CLASS = 5
"""Numbers that describe the objects of a class in a clip."""
_OF_MOTION = 4
_OF_PAIR = 7
"""Numbers that describe how one box stands to another."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Boxes:
    """The M detections of all trajectories, by trajectory and frame, in an image of width and height 1."""

    frames: NDArray[np.int64]
    labels: NDArray[np.int32]
    corners: Array
    centres: Array
    sizes: Array
    areas: Array
    """(M,) logarithms."""
    velocities: Array
    """(M, 3) of the centre, in images a frame, and of the logarithm of the length."""

    @property
    def lengths(self) -> Array:
        """(M,) sides of squares of the same area."""
        lengths: Array = np.exp(self.areas / 2)
        return lengths

    @property
    def motions(self) -> Array:
        """(M, 4) speed, velocity along both axes and growth, in sizes a second, bounded."""
        steps = self.velocities[:, :2] * _RATE / self.lengths[:, None]
        motions: Array = np.tanh(np.c_[np.hypot(steps[:, 0], steps[:, 1]), steps, self.velocities[:, 2] * _RATE])
        return motions


def clip_features(tracks: Trajectories, size: tuple[int, int], num_classes: int, clips: int) -> NDArray[np.float32]:
    """Describe the clips of a video.

    Parameters
    ----------
    tracks
        Trajectories of the video; which detection belongs to which is used for motion alone.
    size
        Width and height of the image in pixels.
    num_classes
        Number of labels C.
    clips
        Number N of equal parts of the time from the first to the last detection.

    Returns
    -------
    (N, 5 C + 4): for each class whether it is seen, objects a frame, and mean centre (x, y) and logarithm of the area;
    of all objects mean speed, velocity (x, y) and growth. Clips without detections are 0.
    """
    boxes = _boxes(tracks, size)
    result = np.zeros((clips, _OF_CLASS * num_classes + _OF_MOTION), np.float32)
    if len(boxes.frames) == 0:
        return result
    first, last = int(boxes.frames.min()), int(boxes.frames.max())
    clip = (boxes.frames - first) * clips // (last - first + 1)
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
    (K, 52): 26 averages over detections, and their changes from the first to the last third of the trajectory's life.
    The 26 are centre, width, height, area, aspect ratio, and motion of the box; then for the others of its class, and
    again for all other objects, the mean of where, how large, how near and how fast approaching they are, and whether
    there are any.
    """
    boxes = _boxes(tracks, size)
    features = np.zeros((len(tracks.track_ids), 10 + 2 * (_OF_PAIR + 1)), np.float32)
    features[tracks.rows] = np.c_[_own(boxes, size), _company(boxes)]
    owners = np.repeat(np.arange(len(tracks)), tracks.lengths)
    starts, ends = tracks.starts[owners], tracks.ends[owners]
    part = np.full(len(features), -1)
    part[tracks.rows] = (boxes.frames - starts) * _PARTS // (ends - starts + 1)
    first, last = (_pool_part(tracks, features, part == index) for index in (0, _PARTS - 1))
    return np.concatenate([tracks.pool(features), last - first], axis=1).astype(np.float32)


def _pool_part(tracks: Trajectories, features: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Return the mean of each trajectory's detections that are `inside`, 0 where none is."""
    weights = inside[:, None].astype(np.float32)
    shares = tracks.pool(weights)
    return tracks.pool(features * weights) / np.where(shares > 0, shares, 1)


def _boxes(tracks: Trajectories, size: tuple[int, int]) -> _Boxes:
    rows, given = tracks.rows, tracks.detections
    corners = given.boxes[rows] / np.array([*size, *size], np.float64)
    sizes = np.maximum(corners[:, 2:] - corners[:, :2], 1e-4)
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    areas = np.log(sizes.prod(axis=1))
    frames = given.frames[rows].astype(np.int64)
    values = np.c_[centres, areas / 2]
    velocities = np.zeros((len(rows), 3))
    for start, stop in zip(tracks.offsets[:-1].tolist(), tracks.offsets[1:].tolist(), strict=True):
        velocities[start:stop] = _velocities(frames[start:stop], values[start:stop])
    labels = np.repeat(tracks.labels, tracks.lengths)
    return _Boxes(frames, labels, corners, centres, sizes, areas, velocities)


def _velocities(frames: NDArray[np.int64], values: Array) -> Array:
    """Return the change a frame of each column, measured over some frames around each."""
    before = np.maximum(frames - _STEP, frames[0])
    behind = np.minimum(frames + _STEP, frames[-1])
    moved = [np.interp(behind, frames, column) - np.interp(before, frames, column) for column in values.T]
    velocities: Array = np.stack(moved, axis=1) / np.maximum(behind - before, 1)[:, None]
    return velocities


def _own(boxes: _Boxes, size: tuple[int, int]) -> Array:
    """Return (M, 10) what boxes and their motion are in themselves."""
    aspects = np.log(boxes.sizes[:, 0] * size[0] / (boxes.sizes[:, 1] * size[1]))
    own: Array = np.c_[boxes.centres, boxes.sizes, boxes.areas / 3, aspects, boxes.motions]
    return own


def _company(boxes: _Boxes) -> Array:
    """Return (M, 16) how boxes stand to those of their class in their frame, and to those of other classes."""
    result = np.zeros((len(boxes.frames), 2, _OF_PAIR + 1))
    order = np.argsort(boxes.frames, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(boxes.frames[order])) + 1)
    by_count: dict[int, list[NDArray[np.int64]]] = {}
    for group in groups:
        by_count.setdefault(len(group), []).append(group)
    # Frames of as many boxes are worked on together.
    for count, same in by_count.items():
        if count < 2:
            continue
        rows = np.array(same)
        pairs = _pairs(boxes, rows)
        other = ~np.eye(count, dtype=np.bool_)
        labels = boxes.labels[rows]
        of_class = labels[:, :, None] == labels[:, None, :]
        for place, chosen in enumerate((of_class & other, ~of_class)):
            counts = chosen.sum(axis=2)
            sums = (pairs * chosen[..., None]).sum(axis=2)
            result[rows, place, :_OF_PAIR] = sums / np.maximum(counts, 1)[..., None]
            result[rows, place, _OF_PAIR] = counts > 0
    return result.reshape(len(result), 2 * (_OF_PAIR + 1))


def _pairs(boxes: _Boxes, rows: NDArray[np.int64]) -> Array:
    """Describe how boxes stand to others of their frame.

    Parameters
    ----------
    boxes
        All detections.
    rows
        (F, n) rows of the n boxes of each of F frames.

    Returns
    -------
    (F, n, n, 7) of box i relative to box j: place along both axes, area, bottom edge, nearness, speed of approach, and
    share of the smaller box that both cover. All are bounded.
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
    """Return values (F, n, ...) of each i less those of each j, (F, n, n, ...)."""
    differences: Array = values[:, :, None] - values[:, None, :]
    return differences
