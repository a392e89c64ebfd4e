"""Synthetic scenes with known truth: for the demo, tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.columns import as_count
from trajtrack.detections import Detections

__all__ = ["Scene", "SceneOptions", "make_scene"]

_MAX_WAYPOINTS = 8


@dataclass(frozen=True)
class SceneOptions:
    """What happens in a scene and what a detector makes of it. Lengths are in pixels, times in frames.

    Raises
    ------
    ValueError, TypeError
        Naming the option, what was found and what was expected.
    """

    num_frames: int = 300
    """Frames of the video."""
    objects_per_frame: float = 15.0
    """Mean number of objects in the picture."""
    num_classes: int = 2
    """Classes, labelled from 0; an object keeps its class."""
    image_width: float = 1280.0
    """Width of the picture."""
    image_height: float = 720.0
    """Height of the picture."""
    min_size: float = 40.0
    """Height of the smallest object."""
    max_size: float = 180.0
    """Height of the largest object."""
    mean_life: float = 200.0
    """Mean time from an object's entering the picture at a border to its leaving it at another."""
    speed: float = 5.0
    """Mean path of an object in a frame, roughly; slow and short-lived objects vanish before they reach another border."""
    occlusion: float = 0.7
    """Share of a box, covered by one nearer object, above which the detector does not see it; 1 sees everything."""
    camera_shake: float = 1.0
    """Largest displacement of the whole picture along each axis."""
    dropout: float = 0.1
    """Share of visible boxes, roughly, that the detector misses."""
    dropout_run: int = 3
    """Mean number of successive frames in which it misses the same object."""
    jitter: float = 0.03
    """Standard deviation of a detected box's centre and size, as a share of its size."""
    proposals_per_object: int = 1
    """Detections of each detected box, as a detector gives before any suppression."""
    false_positives: float = 1.0
    """Mean number of false detections in a frame."""
    label_noise: float = 0.0
    """Share of the detections of objects that carry a random class."""
    seed: int = 0
    """Seed of all chance; the same options make the same scene on every platform."""

    def __post_init__(self) -> None:
        for name in ("num_frames", "false_positives", "objects_per_frame", "camera_shake", "jitter"):
            _check_number(name, getattr(self, name), 0.0)
        for name in ("image_width", "image_height", "min_size", "mean_life"):
            _check_number(name, getattr(self, name), 1.0)
        _check_number("max_size", self.max_size, float(self.min_size))
        _check_number("speed", self.speed, 0.0)
        for name in ("occlusion", "dropout", "label_noise"):
            _check_number(name, getattr(self, name), 0.0, 1.0)
        for name in ("num_frames", "seed"):
            as_count(name, getattr(self, name))
        for name in ("num_classes", "dropout_run", "proposals_per_object"):
            as_count(name, getattr(self, name), minimum=1)


@dataclass(frozen=True, eq=False)
class Scene:
    """A video's worth of moving objects, and what a detector made of it."""

    options: SceneOptions
    """How it was made."""
    truth: Detections
    """(M,) every object's box in every frame in which its centre is in the picture, by frame: score 1, with `track_ids`. Hidden
    objects are included, as in MOTChallenge's ground truth."""
    visibility: NDArray[np.float32]
    """(M,) share of each true box that the nearer object covering most of it leaves free."""
    detections: Detections
    """(N,) detections by frame, without identities."""
    sources: NDArray[np.int64]
    """(N,) row of `truth` that each detection comes from, -1 for false ones."""

    def __repr__(self) -> str:
        return f"Scene(truth={self.truth!r}, detections={self.detections!r})"


def make_scene(options: SceneOptions | None = None, **overrides: Any) -> Scene:
    """Make a scene.

    Objects enter at a border of the picture, wander smoothly past random points, crossing each other's paths, and leave. Lower in
    the picture is nearer.

    Parameters
    ----------
    options
        What to make; the defaults where left out.
    **overrides
        Fields of `SceneOptions` that replace those of `options`.

    Raises
    ------
    ValueError, TypeError
        When an option is unknown or out of its range.
    """
    unknown = overrides.keys() - SceneOptions.__dataclass_fields__.keys()
    if unknown:
        expected = ", ".join(SceneOptions.__dataclass_fields__)
        raise TypeError(f"unknown option {min(unknown)!r}, expected one of {expected}")
    options = replace(options or SceneOptions(), **overrides)
    # Uniform numbers, + - * / and square roots alone: the library functions behind normal and Poisson numbers, sines and
    # exponentials differ between platforms in the last bit.
    chance = np.random.Generator(np.random.PCG64(options.seed))
    truth, missed = _make_truth(options, chance)
    visibility = _visibility(truth) if options.occlusion < 1 else np.ones(len(truth), np.float32)
    seen = ~missed & (1 - visibility <= options.occlusion)
    detections, sources = _detect(options, chance, truth, visibility, seen)
    return Scene(options, truth, visibility, detections, sources)


def _make_truth(options: SceneOptions, chance: np.random.Generator) -> tuple[Detections, NDArray[np.bool_]]:
    """Return the true boxes by frame, and which of them the detector misses by chance."""
    births, lives = _make_lives(options, chance)
    count = len(births)
    first, last = np.maximum(births, 0), np.minimum(births + lives, options.num_frames)
    lengths = last - first
    owners = np.repeat(np.arange(count, dtype=np.int32), lengths)
    begins = np.cumsum(lengths) - lengths
    frames = (np.arange(len(owners)) - np.repeat(begins - first, lengths)).astype(np.int32)
    phase = ((frames - births[owners]) / lives[owners]).astype(np.float32)

    missed = _make_misses(options, chance, np.repeat(begins + lengths, lengths))
    heights = np.float32(options.min_size) + _uniform(chance, count) ** 2 * np.float32(options.max_size - options.min_size)
    widths = heights * (np.float32(0.4) + _uniform(chance, count) * np.float32(1.2))
    growth = np.float32(0.8) + _uniform(chance, (2, count)) * np.float32(0.4)
    scale = growth[0][owners] + phase * (growth[1] - growth[0])[owners]
    shake = _make_shake(options, chance)
    waypoints = _make_waypoints(options, chance, count)
    boxes = np.empty((len(owners), 4), np.float32)
    inside = np.ones(len(owners), np.bool_)
    for axis, (sizes, limit) in enumerate(((widths, options.image_width), (heights, options.image_height))):
        centres = _follow(waypoints[:, :, axis], owners, phase) + shake[frames, axis]
        half = sizes[owners] * scale * np.float32(0.5)
        boxes[:, axis] = centres - half
        boxes[:, axis + 2] = centres + half
        inside &= (centres >= 0) & (centres <= limit)
    labels = chance.integers(options.num_classes, size=count, dtype=np.int32)

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


def _make_lives(
    options: SceneOptions, chance: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first frame, which may lie before the video, and number of frames of each object."""
    if options.num_frames == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    count = round(options.objects_per_frame * (options.num_frames + options.mean_life) / options.mean_life)
    lives = (options.mean_life * (0.5 + chance.random(count))).astype(np.int64) + 1
    births = np.floor(chance.random(count) * (options.num_frames + lives)).astype(np.int64) - lives
    return births, lives


def _make_misses(
    options: SceneOptions, chance: np.random.Generator, ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which of the boxes, by object and frame, are missed; `ends` is one past the last row of the box's object."""
    begins = np.flatnonzero(_uniform(chance, len(ends)) < options.dropout / options.dropout_run)
    runs = chance.integers(1, 2 * options.dropout_run, size=len(begins))
    change = np.zeros(len(ends) + 1, np.int32)
    np.add.at(change, begins, 1)
    np.add.at(change, np.minimum(begins + runs, ends[begins]), -1)
    missed: NDArray[np.bool_] = np.cumsum(change[:-1]) > 0
    return missed


def _make_shake(options: SceneOptions, chance: np.random.Generator) -> NDArray[np.float32]:
    """Return the (num_frames, 2) displacement of each frame: chance, smoothed over three frames."""
    raw = (2 * chance.random((options.num_frames + 2, 2)) - 1) * options.camera_shake
    return ((raw[:-2] + raw[1:-1] + raw[2:]) / 3).astype(np.float32)


def _make_waypoints(
    options: SceneOptions, chance: np.random.Generator, count: int
) -> NDArray[np.float32]:
    """Return (objects, points, 2) control points: one on a border, twice, some anywhere, one on a border, twice."""
    width, height = options.image_width, options.image_height
    # So far from the border that shaking does not push what stands there out of the picture and in again.
    inset = np.float32(min(options.camera_shake, width / 4, height / 4))
    extent = np.array([width, height], np.float32) - 2 * inset
    # A path past m points is about 0.4 + 0.18 m times as long as width and height together.
    path = options.mean_life * options.speed / (width + height)
    between = min(max(round((path - 0.4) / 0.18), 1), _MAX_WAYPOINTS)
    points = _uniform(chance, (count, between + 4, 2))
    for first, second in ((0, 1), (-1, -2)):
        axis, border = chance.integers(2, size=(2, count))
        points[np.arange(count), first, axis] = border
        points[:, second] = points[:, first]
    entries = points[:, :1]
    points = entries + (points - entries) * np.float32(min(path / 0.58, 1))
    return inset + points * extent


def _follow(
    points: NDArray[np.float32], owners: NDArray[np.int32], phase: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the place at `phase`, 0 to 1, on each owner's quadratic B-spline."""
    segments = points.shape[1] - 2
    position = phase * np.float32(segments)
    index = np.minimum(position.astype(np.int32), segments - 1)
    share = position - index.astype(np.float32)
    flat = owners.astype(np.int64) * points.shape[1] + index
    rest = np.float32(1) - share
    start, middle, end = (points.ravel()[flat + k] for k in range(3))
    place: NDArray[np.float32] = np.float32(0.5) * (rest * rest * start + share * share * end) + middle * (
        np.float32(0.5) + share * rest
    )
    return place


def _visibility(truth: Detections) -> NDArray[np.float32]:
    """Return the share of each box that is left free by the nearer box, lower in the picture, that covers most of it."""
    order = np.lexsort((truth.boxes[:, 0], truth.frames))
    boxes, frames = truth.boxes[order], truth.frames[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    covered = np.zeros(len(boxes), np.float32)
    # Boxes that overlap follow each other from left to right; step k looks at the k-th next of each.
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


def _detect(
    options: SceneOptions,
    chance: np.random.Generator,
    truth: Detections,
    visibility: NDArray[np.float32],
    seen: NDArray[np.bool_],
) -> tuple[Detections, NDArray[np.int64]]:
    """Return what the detector gives, by frame, and the true row of each detection."""
    sources = np.repeat(np.flatnonzero(seen), options.proposals_per_object)
    count = len(sources)
    boxes = _jitter(options, chance, truth.boxes[sources])
    scores = np.float32(0.4) + np.float32(0.6) * np.maximum(_uniform(chance, count), _uniform(chance, count))
    scores *= np.float32(0.5) + np.float32(0.5) * visibility[sources]
    labels = truth.labels[sources]
    noisy = np.flatnonzero(_uniform(chance, count) < options.label_noise)
    labels[noisy] = chance.integers(options.num_classes, size=len(noisy), dtype=np.int32)

    false_count = int(options.false_positives * options.num_frames + chance.random())
    if options.num_frames == 0:
        false_count = 0
    extent = np.array([options.image_width, options.image_height], np.float32)
    centres = _uniform(chance, (false_count, 2)) * extent
    heights = np.float32(options.min_size) + _uniform(chance, false_count) ** 2 * np.float32(
        options.max_size - options.min_size
    )
    widths = heights * (np.float32(0.4) + _uniform(chance, false_count) * np.float32(1.2))
    half = np.stack([widths, heights], axis=1) * np.float32(0.5)
    false_boxes = np.concatenate([centres - half, centres + half], axis=1)
    false_scores = np.float32(0.05) + np.float32(0.75) * np.minimum(_uniform(chance, false_count), _uniform(chance, false_count))
    false_frames = chance.integers(max(options.num_frames, 1), size=false_count, dtype=np.int32)
    false_labels = chance.integers(options.num_classes, size=false_count, dtype=np.int32)

    frames = np.concatenate([truth.frames[sources], false_frames])
    order = np.argsort(frames, kind="stable")
    detections = Detections(
        np.concatenate([boxes, false_boxes])[order],
        np.concatenate([scores, false_scores])[order],
        frames[order],
        np.concatenate([labels, false_labels])[order],
        options.num_frames,
    )
    return detections, np.concatenate([sources, np.full(false_count, -1)])[order]


def _jitter(
    options: SceneOptions, chance: np.random.Generator, boxes: NDArray[np.float32]
) -> NDArray[np.float32]:
    for axis in range(2):
        sizes = boxes[:, axis + 2] - boxes[:, axis]
        centres = boxes[:, axis] + sizes * np.float32(0.5) + sizes * _noise(options, chance, len(boxes))
        half = sizes * np.maximum(np.float32(1) + _noise(options, chance, len(boxes)), np.float32(0.1)) * np.float32(0.5)
        boxes[:, axis] = centres - half
        boxes[:, axis + 2] = centres + half
    return boxes


def _noise(options: SceneOptions, chance: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Return triangular noise of standard deviation `jitter`."""
    scale = np.float32(options.jitter) * np.sqrt(np.float32(6))
    noise: NDArray[np.float32] = (_uniform(chance, count) - _uniform(chance, count)) * scale
    return noise


def _uniform(chance: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.float32]:
    return chance.random(shape, dtype=np.float32)


def _check_number(name: str, value: Any, low: float, high: float = 1e9) -> None:
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"{name}: expected a number, found {value!r}")
    if not low <= float(value) <= high:
        raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, found {value!r}")
