"""Small adversarial scenes: ties, duplicates, boxes without area, overlaps exactly at a threshold."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trajtrack import Detections, LinkOptions, link_graph

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

__all__ = ["EXPLORED", "Scene", "crowd_scenes", "gap_scenes", "grid_scenes", "moving_scenes", "scene_settings"]

EXPLORED = int(os.environ.get("TRAJ_SCENES", "0"))
"""Number of random scenes to explore in each test; 0 for the same scenes in every run."""

LAST_FRAME = 2**31 - 1

# Maps of a small grid of integers to pixels. Neighbouring grid values stay apart and keep their order.
PIXELS = {
    "exact": lambda grid: grid,
    "tenths": lambda grid: grid * 0.1,
    "thirds": lambda grid: grid / 3 - 1,
    "far from the origin": lambda grid: grid * 0.7 + 2.0**20,
    "areas below the normal floats": lambda grid: grid * 1e-22,
    "up to the largest coordinate": lambda grid: grid * 4e7 - 4e8,
    "negative": lambda grid: grid - 7,
}
SCORES = (
    (-0.5, 0.0, 0.25, 0.5, 1.0),
    (0.5,),
    (0.25, 0.5, 1.0),
    (-1.0, -0.5, -0.0, 0.0, 0.5),
    (0.1, 0.2, 0.3, 0.7, 0.9),
    (-1e-10, 1e-10, 0.1, 1.0, 3e7),
    (-1.0, -0.0, 0.0),
    (1e-45, -1e-45, 1e38, -1e38),
)
LABELS = ((0,), (0, 1), (-7, 3, 2**31 - 1), (-(2**31), -1, 0, 1))
THRESHOLDS = (0.0, 0.1, 0.2, 0.25, 1 / 3, 0.4, 0.5, 0.6, 2 / 3, 0.7, 0.75, 1.0)


def scene_settings(max_examples: int, *suppressed: HealthCheck) -> settings:
    """Return the settings of tests that link generated scenes, `max_examples` unless scenes are explored."""
    return settings(
        max_examples=EXPLORED or max_examples,
        deadline=None,
        derandomize=not EXPLORED,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, *suppressed],
    )


@dataclass(frozen=True)
class Scene:
    """Detections, and the options to link them with."""

    detections: Detections
    options: LinkOptions


def link_options() -> st.SearchStrategy[LinkOptions]:
    """Generate options of all kinds, including extreme values."""
    threshold = st.sampled_from(THRESHOLDS)
    return st.builds(
        LinkOptions,
        min_score=st.sampled_from((-math.inf, -math.inf, -0.5, -0.0, 0.0, 0.1, 0.25)),
        iou_threshold=threshold,
        buffer=st.sampled_from((0.0, 0.0, 0.1, 0.25, 1.0, 100.0)),
        max_gap=st.sampled_from((0, 1, 2, 3, 10, LAST_FRAME)),
        gap_iou_threshold=threshold,
        motion_frames=st.sampled_from((0, 1, 2, 3, 5, LAST_FRAME)),
        max_shape_change=st.sampled_from((1.0, 1.2, 1.5, 2.0, 4.0, 1e6)),
        nms_threshold=threshold,
        class_agnostic=st.booleans(),
        min_length=st.sampled_from((1, 1, 2, 3, LAST_FRAME)),
        rescore=st.sampled_from(("mean", "max", "sum")),
    )


@st.composite
def grid_scenes(draw: st.DrawFn) -> Scene:
    """Generate copies, small shifts and resizes of a few boxes on a grid, anywhere in a few frames, in any order."""
    corner, side = st.integers(0, 7), st.integers(0, 5)
    prototypes = draw(st.lists(st.tuples(corner, corner, side, side), min_size=1, max_size=4))
    change = st.sampled_from((0, 0, 0, 0, 1, -1))
    scores = draw(st.sampled_from(SCORES))
    labels = draw(st.sampled_from(LABELS))
    frames = draw(frame_numbers())
    count = draw(st.sampled_from((0, 1, 3, 8, 16, 32)))
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(prototypes),
                st.tuples(change, change, change, change),
                st.sampled_from(frames),
                st.sampled_from(scores),
                st.sampled_from(labels),
            ),
            min_size=count,
            max_size=count,
        )
    )
    grid = np.array([[a + b for a, b in zip(box, shift, strict=True)] for box, shift, *_ in rows], np.float64)
    grid = grid.reshape(-1, 4)
    first, size = grid[:, :2], np.maximum(grid[:, 2:], 0)
    boxes = PIXELS[draw(st.sampled_from(list(PIXELS)))](np.concatenate([first, first + size], axis=1))
    detections = Detections(
        draw(blurred(boxes)), [row[3] for row in rows], [row[2] for row in rows], labels=[row[4] for row in rows]
    )
    return Scene(detections, draw(aimed(draw(link_options()), detections)))


@st.composite
def blurred(draw: st.DrawFn, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the boxes unchanged, or with sides that use all bits of a float, without turning them inside out."""
    if draw(st.sampled_from((True, True, False))):
        return boxes
    shares = np.random.default_rng(draw(st.integers(0, 999))).uniform(-0.1, 0.1, boxes.shape)
    size = boxes[:, 2:] - boxes[:, :2]
    return boxes + shares * np.concatenate([size, size], axis=1)


@st.composite
def frame_numbers(draw: st.DrawFn) -> list[int]:
    """Choose a few frame numbers near one another, with gaps, sometimes at the end of the range."""
    steps = draw(st.lists(st.sampled_from((1, 1, 1, 2, 3, 12)), max_size=9))
    numbers = np.cumsum([0, *steps])
    first = draw(st.sampled_from((0, 0, 5, LAST_FRAME - int(numbers[-1]))))
    return (first + numbers).tolist()


@st.composite
def moving_scenes(draw: st.DrawFn) -> Scene:
    """Generate steadily moving objects, detected in runs of frames with gaps between them, some of them twice."""
    speed, corner, side = st.integers(-2, 2), st.integers(0, 12), st.integers(3, 8)
    detected = st.lists(st.sampled_from((True, True, True, False)), min_size=8, max_size=8)
    drift = st.sampled_from((0.0, 0.0, 0.25, 0.37))
    scores = st.sampled_from(draw(st.sampled_from(SCORES)))
    labels = st.sampled_from(draw(st.sampled_from(LABELS)))
    boxes, frames, values, classes = [], [], [], []
    for _ in range(draw(st.integers(1, 4))):
        x, y, width, height, dx, dy = draw(st.tuples(corner, corner, side, side, speed, speed))
        label, twins, more = draw(labels), draw(st.sampled_from((1, 1, 1, 2))), draw(drift)
        for frame, seen in enumerate(draw(detected)):
            for twin in range(twins * seen):
                left, top = x + (dx + more) * frame + twin, y + dy * frame
                boxes.append((left, top, left + width, top + height))
                frames.append(frame)
                values.append(draw(scores))
                classes.append(label)
    scale = draw(st.sampled_from((1.0, 0.1, 1 / 3)))
    boxes = draw(blurred(np.reshape(boxes, (-1, 4)) * scale))
    detections = Detections(boxes, values, frames, labels=classes)
    options = draw(link_options())
    if draw(st.booleans()):
        options = replace(
            options, iou_threshold=0.25, max_shape_change=2.0, max_gap=max(options.max_gap, 3), min_score=-math.inf
        )
    detections = draw(rows_in_any_order(detections))
    return Scene(detections, draw(aimed(options, detections)))


@st.composite
def gap_scenes(draw: st.DrawFn) -> Scene:
    """Generate objects of one label each that move, vanish and return, with sides that use all bits of a float."""
    steps, ahead, objects = draw(st.tuples(st.integers(0, 7), st.integers(2, 9), st.integers(1, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    frames = np.append(np.arange(steps + 1), steps + ahead)
    first, size = rng.uniform(-20, 20, (objects, 1, 2)), rng.uniform(5, 15, (objects, 1, 2))
    centre = first + rng.uniform(-1, 1, (objects, 1, 2)) * frames[:, None]
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=2)
    boxes += rng.uniform(-0.4, 0.4, boxes.shape)
    detections = Detections(
        boxes.reshape(-1, 4),
        np.ones(objects * len(frames)),
        np.tile(frames, objects),
        labels=np.repeat(np.arange(objects), len(frames)),
    )
    options = LinkOptions(
        iou_threshold=0.1,
        buffer=draw(st.sampled_from((0.0, 0.1, 0.37))),
        max_gap=draw(st.integers(ahead - 2, ahead)),
        motion_frames=draw(st.integers(0, 8)),
        gap_iou_threshold=0.3,
    )
    target = draw(st.sampled_from(("gap_iou_threshold", "gap_iou_threshold", "max_shape_change")))
    return Scene(detections, draw(aimed(options, detections, target)))


@st.composite
def crowd_scenes(draw: st.DrawFn) -> Scene:
    """Generate crowds whose boxes overlap about as many others as the core stores in a list, some more, some fewer."""
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    frames = draw(st.sampled_from(((3,), (0, 1), (0, 2), (0, 1, 2), (0, 1, 3), (0, 2, 3), (0, 1, 4, 5))))
    scores = draw(st.sampled_from((*SCORES, tuple(rng.uniform(-0.1, 1, 99)))))
    labels = draw(st.sampled_from(((0,), (0, 1))))
    spread = draw(st.sampled_from((0.0, 0.5, 1.0, 2.0)))
    step = draw(st.sampled_from((0.0, 0.0, 1.0, 2.5)))
    boxes, numbers = [np.empty((0, 4))], []
    for frame in frames:
        for crowd in range(draw(st.integers(1, 2))):
            count = draw(st.sampled_from((1, 128, 129, 130, 160)))
            box = np.array([0.0, 0.0, 20.0, 20.0]) + 15 * crowd + step * frame
            boxes.append(box + rng.normal(0, spread, (count, 4)))
            numbers += [frame] * count
    corners = np.concatenate(boxes)
    if draw(st.booleans()):
        corners = corners.round()
    detections = Detections(
        corners,
        rng.choice(scores, len(numbers)),
        numbers,
        labels=rng.choice(labels, len(numbers), p=(0.9, 0.1) if len(labels) == 2 else None),
    )
    options = replace(draw(link_options()), min_score=draw(st.sampled_from((-math.inf, 0.1))))
    if draw(st.sampled_from((True, True, False))):
        options = replace(
            options,
            iou_threshold=draw(st.sampled_from((0.0, 0.5, 0.75))),
            buffer=draw(st.sampled_from((0.0, 0.1))),
            gap_iou_threshold=0.3,
            max_shape_change=draw(st.sampled_from((1.2, 2.0))),
            nms_threshold=draw(st.sampled_from((0.4, 0.75, 0.9, 1.0))),
        )
    return Scene(draw(rows_in_any_order(detections)), options)


@st.composite
def rows_in_any_order(draw: st.DrawFn, detections: Detections) -> Detections:
    """Return the rows unchanged, or shuffled."""
    if draw(st.booleans()):
        return detections
    return detections[np.random.default_rng(draw(st.integers(0, 99))).permutation(len(detections))]


@st.composite
def aimed(draw: st.DrawFn, options: LinkOptions, detections: Detections, target: str | None = None) -> LinkOptions:
    """Set one option to exactly the value that two boxes of the scene have, or next to it."""
    target = target or draw(st.sampled_from((None, "min_score", "gap_iou_threshold", *_AIMS)))
    if target is None or len(detections) == 0:
        return options
    beside = draw(st.sampled_from(_BESIDE))
    if target == "min_score":
        return replace(options, min_score=beside(draw(st.sampled_from(detections.scores.tolist()))))
    measure, (low, high) = _AIMS[target]
    earlier, later = _pairs(detections, options, target)
    with np.errstate(all="ignore"):
        values = measure(detections, options, earlier, later)
    values = values[(values > low) & (values < high)]
    if len(values) == 0:
        return options
    value = beside(draw(st.sampled_from(values.tolist())))
    options = replace(options, **{target: min(max(value, low), high)})
    if target == "max_shape_change":
        options = replace(options, gap_iou_threshold=0.0, max_gap=max(options.max_gap, 1))
    elif target == "gap_iou_threshold":
        options = replace(options, max_shape_change=max(options.max_shape_change, 4.0), max_gap=max(options.max_gap, 1))
    return options


# Values that round to the same float32, and its neighbours.
_BESIDE = (
    lambda value: value,
    lambda value: value,
    lambda value: value + abs(value) * 1e-9,
    lambda value: value - abs(value) * 1e-9,
    lambda value: float(np.nextafter(np.float32(value), np.float32(np.inf))),
    lambda value: float(np.nextafter(np.float32(value), np.float32(-np.inf))),
)


def _pairs(detections: Detections, options: LinkOptions, target: str) -> tuple[Rows, Rows]:
    """Return the pairs of rows to which the option applies, by their distance in time."""
    frames = detections.frames.astype(np.int64)
    ahead = frames[None, :] - frames[:, None]
    if target == "nms_threshold":
        near = (ahead == 0) & ~np.eye(len(frames), dtype=bool)
    elif target == "iou_threshold":
        near = ahead == 1
    else:
        near = (ahead >= 2) & (ahead <= 1 + max(options.max_gap, 1))
        graph = link_graph(detections, options, max_gap=0)
        near[np.diff(graph.offsets) > 0, :] = False
        near[:, graph.targets] = False
    if not options.class_agnostic:
        near &= detections.labels[None, :] == detections.labels[:, None]
    return np.nonzero(near)


def _plain_overlap(detections: Detections, _options: LinkOptions, a: Rows, b: Rows) -> Floats:
    return _overlap(detections.boxes[a], detections.boxes[b])


def _grown_overlap(detections: Detections, options: LinkOptions, a: Rows, b: Rows) -> Floats:
    grown = _grown(detections.boxes, options)
    return _overlap(grown[a], grown[b])


def _moved_overlap(detections: Detections, options: LinkOptions, a: Rows, b: Rows) -> Floats:
    """Return overlaps after moving `a` by the motion of its object over the frames before."""
    boxes, frames = detections.boxes, detections.frames.astype(np.int64)
    grown = _grown(boxes, options)
    origin = _origins(detections, options)
    steps = np.maximum(frames - frames[origin], 1)
    centres = (boxes[:, :2] + boxes[:, 2:]) * np.float32(0.5)
    share = (frames[b] - frames[a]).astype(np.float32) / steps[a].astype(np.float32)
    shift = (centres[a] - centres[origin[a]]) * share[:, None]
    return _overlap(grown[a] + np.concatenate([shift, shift], axis=1), grown[b])


def _origins(detections: Detections, options: LinkOptions) -> Rows:
    """Return for each row the first row of the chain to it, assuming that every object is a chain."""
    graph = link_graph(detections, options, max_gap=0)
    sources = np.repeat(np.arange(len(detections)), np.diff(graph.offsets))
    before = dict(zip(graph.targets.tolist(), sources.tolist(), strict=True))
    origins = np.arange(len(detections))
    for row in range(len(detections)):
        for _ in range(options.motion_frames):
            if int(origins[row]) not in before:
                break
            origins[row] = before[int(origins[row])]
    return origins


def _shape_change(detections: Detections, _options: LinkOptions, a: Rows, b: Rows) -> Floats:
    sizes = detections.boxes[:, 2:] - detections.boxes[:, :2]
    areas = sizes[a, 0] * sizes[a, 1], sizes[b, 0] * sizes[b, 1]
    aspects = sizes[a, 0] * sizes[b, 1], sizes[b, 0] * sizes[a, 1]
    changes = [np.maximum(*pair) / np.minimum(*pair) for pair in (areas, aspects)]
    return np.maximum(*changes)


def _overlap(a: Floats, b: Floats) -> Floats:
    size = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), np.float32(0))
    shared = size[:, 0] * size[:, 1]
    return shared / ((_area(a) + _area(b)) - shared)


def _area(boxes: Floats) -> Floats:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _grown(boxes: Floats, options: LinkOptions) -> Floats:
    margin = np.float32(options.buffer) * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


_AIMS = {
    "iou_threshold": (_grown_overlap, (0.0, 1.0)),
    "nms_threshold": (_plain_overlap, (0.0, 1.0)),
    "gap_iou_threshold": (_moved_overlap, (0.0, 1.0)),
    "max_shape_change": (_shape_change, (1.0, 1e6)),
}
