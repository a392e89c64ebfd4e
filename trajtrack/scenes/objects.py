"""The objects of a synthetic scene: lifetimes, motion and occlusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.scenes.sampling import object_sizes, uniform

if TYPE_CHECKING:
    from trajtrack.scenes.options import SceneOptions

__all__ = ["make_truth", "visibility_of"]

_MAX_WAYPOINTS = 8


def make_truth(options: SceneOptions, rng: np.random.Generator) -> tuple[Detections, NDArray[np.bool_]]:
    """Return the true boxes by frame, and which of them the detector misses at random."""
    births, lives = _make_lives(options, rng)
    count = len(births)
    first, last = np.maximum(births, 0), np.minimum(births + lives, options.num_frames)
    lengths = last - first
    owners = np.repeat(np.arange(count, dtype=np.int32), lengths)
    begins = np.cumsum(lengths) - lengths
    frames = (np.arange(len(owners)) - np.repeat(begins - first, lengths)).astype(np.int32)
    phase = ((frames - births[owners]) / lives[owners]).astype(np.float32)

    missed = _make_misses(options, rng, np.repeat(begins + lengths, lengths))
    widths, heights = object_sizes(options, rng, count)
    growth = np.float32(0.8) + uniform(rng, (2, count)) * np.float32(0.4)
    scale = growth[0][owners] + phase * (growth[1] - growth[0])[owners]
    shake = _make_shake(options, rng)
    waypoints = _make_waypoints(options, rng, count)
    boxes = np.empty((len(owners), 4), np.float32)
    inside = np.ones(len(owners), np.bool_)
    for axis, (sizes, limit) in enumerate(((widths, options.image_width), (heights, options.image_height))):
        centres = _follow(waypoints[:, :, axis], owners, phase) + shake[frames, axis]
        half = sizes[owners] * scale * np.float32(0.5)
        boxes[:, axis] = centres - half
        boxes[:, axis + 2] = centres + half
        inside &= (centres >= 0) & (centres <= limit)
    labels = rng.integers(options.num_classes, size=count, dtype=np.int32)

    rows = np.flatnonzero(inside)
    rows = rows[np.argsort(frames[rows], kind="stable")]
    truth = Detections(
        boxes[rows],
        np.ones(len(rows), np.float32),
        frames[rows],
        labels[owners[rows]],
        options.num_frames,
        track_ids=owners[rows],
    )
    return truth, missed[rows]


def _make_lives(options: SceneOptions, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first frame, which may lie before the video, and the number of frames of each object."""
    if options.num_frames == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    count = round(options.objects_per_frame * (options.num_frames + options.mean_life) / options.mean_life)
    lives = (options.mean_life * (0.5 + rng.random(count))).astype(np.int64) + 1
    births = np.floor(rng.random(count) * (options.num_frames + lives)).astype(np.int64) - lives
    return births, lives


def _make_misses(options: SceneOptions, rng: np.random.Generator, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which boxes, by object and frame, are missed; `ends` is one past the last row of each box's object."""
    begins = np.flatnonzero(uniform(rng, len(ends)) < options.dropout / options.dropout_run)
    runs = rng.integers(1, 2 * options.dropout_run, size=len(begins))
    change = np.zeros(len(ends) + 1, np.int32)
    np.add.at(change, begins, 1)
    np.add.at(change, np.minimum(begins + runs, ends[begins]), -1)
    missed: NDArray[np.bool_] = np.cumsum(change[:-1]) > 0
    return missed


def _make_shake(options: SceneOptions, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the (num_frames, 2) displacement of each frame: random, smoothed over three frames."""
    raw = (2 * rng.random((options.num_frames + 2, 2)) - 1) * options.camera_shake
    return ((raw[:-2] + raw[1:-1] + raw[2:]) / 3).astype(np.float32)


def _make_waypoints(options: SceneOptions, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Return (objects, points, 2) control points: a doubled border point, some anywhere, a doubled border point."""
    width, height = options.image_width, options.image_height
    # Far enough from the border that camera shake does not push objects there out of the image and back.
    inset = np.float32(min(options.camera_shake, width / 4, height / 4))
    extent = np.array([width, height], np.float32) - 2 * inset
    # The length of a path past m points is about 0.4 + 0.18 m times the sum of width and height.
    path = options.mean_life * options.speed / (width + height)
    between = min(max(round((path - 0.4) / 0.18), 1), _MAX_WAYPOINTS)
    points = uniform(rng, (count, between + 4, 2))
    for first, second in ((0, 1), (-1, -2)):
        axis, border = rng.integers(2, size=(2, count))
        points[np.arange(count), first, axis] = border
        points[:, second] = points[:, first]
    entries = points[:, :1]
    points = entries + (points - entries) * np.float32(min(path / 0.58, 1))
    return inset + points * extent


def _follow(points: NDArray[np.float32], owners: NDArray[np.int32], phase: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the position at `phase`, from 0 to 1, on the quadratic B-spline of each owner."""
    segments = points.shape[1] - 2
    position = phase * np.float32(segments)
    index = np.minimum(position.astype(np.int32), segments - 1)
    share = position - index.astype(np.float32)
    flat = owners.astype(np.int64) * points.shape[1] + index
    rest = np.float32(1) - share
    start, middle, end = (points.ravel()[flat + k] for k in range(3))
    point: NDArray[np.float32] = np.float32(0.5) * (rest * rest * start + share * share * end) + middle * (
        np.float32(0.5) + share * rest
    )
    return point


def visibility_of(truth: Detections) -> NDArray[np.float32]:
    """Return the visible fraction of each box, given the one nearer box that covers most of it."""
    order = np.lexsort((truth.boxes[:, 0], truth.frames))
    boxes, frames = truth.boxes[order], truth.frames[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    covered = np.zeros(len(boxes), np.float32)
    # Boxes of a frame are sorted by their left side; step k compares each box with the k-th box after it.
    left = np.arange(len(boxes))
    step = 0
    while len(left):
        step += 1
        left = left[left < len(boxes) - step]
        right = left + step
        close = (frames[right] == frames[left]) & (boxes[right, 0] < boxes[left, 2])
        left, right = left[close], right[close]
        width = np.minimum(boxes[left, 2], boxes[right, 2]) - boxes[right, 0]
        height = np.minimum(boxes[left, 3], boxes[right, 3]) - np.maximum(boxes[left, 1], boxes[right, 1])
        meet = height > 0
        one, other = left[meet], right[meet]
        hidden = np.where(boxes[one, 3] < boxes[other, 3], one, other)
        shares = width[meet] * height[meet] / areas[hidden]
        np.maximum.at(covered, hidden, shares)
    visibility = np.empty(len(boxes), np.float32)
    visibility[order] = np.float32(1) - np.minimum(covered, np.float32(1))
    return visibility
