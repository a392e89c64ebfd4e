"""The algorithm in plain NumPy, readable from top to bottom: the specification that the compiled core is tested against.

Improved Seq-NMS (section 3.1.1 of the paper): link overlapping boxes of successive frames, bridge gaps, then take the path with the
greatest sum of scores again and again. It is slow and has no threads; `trajtrack.link` returns the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.linking import LinkGraph, LinkOptions
from trajtrack.trajectories import Reason, Trajectories

__all__ = ["link", "link_graph"]

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


def link(detections: Detections, options: LinkOptions | None = None) -> Trajectories:
    """Link as `trajtrack.link` does."""
    options = options or LinkOptions()
    graph = link_graph(detections, options)
    reasons = np.full(len(detections), Reason.NOT_POSITIVE, np.int8)
    reasons[detections.scores < np.float32(options.min_score)] = Reason.BELOW_MIN_SCORE
    suppressed_by = np.full(len(detections), -1, np.int64)
    remaining = reasons == Reason.NOT_POSITIVE
    table = _BestPaths(detections, graph)
    paths: list[Rows] = []
    sums: list[float] = []
    while (found := table.best_path(remaining)) is not None:
        path, total = found
        remaining[path] = False
        reasons[path] = Reason.LINKED if len(path) >= options.min_length else Reason.TOO_SHORT
        for row in path:
            victims = _suppressed(detections, row, remaining, options)
            remaining[victims] = False
            reasons[victims] = Reason.SUPPRESSED
            suppressed_by[victims] = row
        if len(path) >= options.min_length:
            paths.append(path)
            sums.append(total)
    return _finish(detections, options, paths, sums, reasons, suppressed_by)


# --- overlap ---------------------------------------------------------------------------------------------------


def overlap(a: Floats, b: Floats, threshold: float) -> NDArray[np.bool_]:
    """(A, B) whether boxes share a true area and their intersection over union is at least `threshold`.

    float32, each operation rounded once, in the order of torchvision's `box_iou`.
    """
    a, b = a[:, None], b[None, :]
    width = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), np.float32(0))
    height = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), np.float32(0))
    intersection = width * height
    with np.errstate(divide="ignore", invalid="ignore"):  # boxes without area
        iou = intersection / ((_area(a) + _area(b)) - intersection)
    return (intersection > 0) & (iou >= np.float32(threshold))


def _area(boxes: Floats) -> Floats:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _grown(boxes: Floats, buffer: float) -> Floats:
    size = np.float32(buffer) * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - size, boxes[:, 2:] + size], axis=1)


def _similar_shape(a: Floats, b: Floats, max_change: float) -> NDArray[np.bool_]:
    """(A, B) whether areas and aspect ratios differ by a factor of at most `max_change`."""
    a, b = a[:, None], b[None, :]
    aspect_a = (a[..., 2] - a[..., 0]) * (b[..., 3] - b[..., 1])
    aspect_b = (b[..., 2] - b[..., 0]) * (a[..., 3] - a[..., 1])
    return _within_factor(_area(a), _area(b), max_change) & _within_factor(aspect_a, aspect_b, max_change)


def _within_factor(a: Floats, b: Floats, factor: float) -> NDArray[np.bool_]:
    return np.maximum(a, b) <= np.float32(factor) * np.minimum(a, b)


# --- linking graph ---------------------------------------------------------------------------------------------


def link_graph(detections: Detections, options: LinkOptions | None = None) -> LinkGraph:
    """Build the graph that `trajtrack.link_graph` builds."""
    options = options or LinkOptions()
    grown = _grown(detections.boxes, options.buffer)
    rows_of = _rows_by_frame(detections, np.flatnonzero(detections.scores >= np.float32(options.min_score)))
    targets: list[Rows] = [np.empty(0, np.int64)] * len(detections)
    for frame, rows in rows_of.items():
        following = rows_of.get(frame + 1)
        if following is not None:
            linked = overlap(grown[rows], grown[following], options.iou_threshold)
            linked &= _same_class(detections, rows, following, options)
            for row, choice in zip(rows, linked, strict=True):
                targets[row] = following[choice]
        ends = [row for row in rows if len(targets[row]) == 0]
        for gap in range(1, options.max_gap + 1):
            following = rows_of.get(frame + 1 + gap)
            if following is None:
                continue
            for row in ends:
                targets[row] = following[_bridged(detections, grown, row, following, gap, options)]
            ends = [row for row in ends if len(targets[row]) == 0]
    offsets = np.zeros(len(detections) + 1, np.int64)
    np.cumsum([len(rows) for rows in targets], out=offsets[1:])
    return LinkGraph(offsets, np.concatenate([*targets, np.empty(0, np.int64)]))


def _rows_by_frame(detections: Detections, rows: Rows) -> dict[int, Rows]:
    """Return the rows of each frame that has any, ascending by frame and row."""
    frames = detections.frames[rows]
    return {int(frame): rows[frames == frame] for frame in np.unique(frames)}


def _same_class(detections: Detections, a: Rows, b: Rows, options: LinkOptions) -> NDArray[np.bool_]:
    if options.class_agnostic:
        return np.ones((len(a), len(b)), np.bool_)
    return detections.labels[a][:, None] == detections.labels[b][None, :]


def _bridged(
    detections: Detections, grown: Floats, row: int, following: Rows, gap: int, options: LinkOptions
) -> NDArray[np.bool_]:
    """Whether `row` and each of the rows `following`, `gap` empty frames later, may be one object."""
    here = np.array([row])
    compatible = _same_class(detections, here, following, options)
    compatible &= _similar_shape(detections.boxes[here], detections.boxes[following], options.max_shape_change)
    if options.gap_test == "overlap":
        compatible &= overlap(grown[here], grown[following], options.gap_iou_threshold)
        return compatible[0]
    # Xie et al., ACM MM 2020: each step along the interpolated boxes overlaps the next.
    for candidate, target in enumerate(following):
        steps = [_between(grown[row], grown[target], k, gap + 1) for k in range(gap + 2)]
        compatible[0, candidate] &= all(
            overlap(a[None], b[None], options.iou_threshold)[0, 0]
            for a, b in zip(steps[:-1], steps[1:], strict=True)
        )
    return compatible[0]


def _between(a: Floats, b: Floats, k: int, n: int) -> Floats:
    """Return the box k of n steps from `a` to `b`, the ends exact."""
    if k in (0, n):
        return a if k == 0 else b
    return a + (b - a) * (np.float32(k) / np.float32(n))


# --- extraction ------------------------------------------------------------------------------------------------


class _BestPaths:
    """The table of best paths, by dynamic programming from the last frame to the first."""

    def __init__(self, detections: Detections, graph: LinkGraph) -> None:
        self.scores = detections.scores.astype(np.float64)
        self.frames = detections.frames
        self.successors = [
            graph.targets[start:end] for start, end in zip(graph.offsets[:-1], graph.offsets[1:], strict=True)
        ]
        self.order = np.lexsort((np.arange(len(detections)), detections.frames))  # by frame, then by row

    def best_path(self, remaining: NDArray[np.bool_]) -> tuple[Rows, float] | None:
        """Return the rows of the path with the greatest sum of scores and that sum; None where no sum is positive."""
        best = np.full(len(self.scores), -np.inf)
        following = np.full(len(self.scores), -1)
        for row in self.order[::-1]:
            if not remaining[row]:
                continue
            # best(i) = score(i) + max(0, max over links i -> j of best(j)); ties go to the lower row.
            tail = 0.0
            for successor in self.successors[row]:
                if best[successor] > tail:
                    tail, following[row] = best[successor], successor
            best[row] = self.scores[row] + tail
        if not remaining.any():
            return None
        start = self.order[np.argmax(best[self.order])]  # ties go to the earlier frame, then the lower row
        if not best[start] > 0:
            return None
        path = [start]
        while following[path[-1]] >= 0:
            path.append(following[path[-1]])
        return np.array(path, np.int64), float(best[start])


def _suppressed(detections: Detections, row: int, remaining: NDArray[np.bool_], options: LinkOptions) -> Rows:
    """Return the remaining rows in the frame of `row` that its box overlaps by `nms_threshold`."""
    rows = np.flatnonzero(remaining & (detections.frames == detections.frames[row]))
    near = overlap(detections.boxes[[row]], detections.boxes[rows], options.nms_threshold)
    near &= _same_class(detections, np.array([row]), rows, options)
    return rows[near[0]]


# --- results ---------------------------------------------------------------------------------------------------


def _finish(
    detections: Detections,
    options: LinkOptions,
    paths: list[Rows],
    sums: list[float],
    reasons: NDArray[np.int8],
    suppressed_by: Rows,
) -> Trajectories:
    track_ids = np.full(len(detections), -1, np.int64)
    for number, path in enumerate(paths):
        track_ids[path] = number
    offsets = np.zeros(len(paths) + 1, np.int64)
    np.cumsum([len(path) for path in paths], out=offsets[1:])
    return Trajectories(
        detections=detections,
        options=options,
        track_ids=track_ids,
        reasons=reasons,
        suppressed_by=suppressed_by,
        offsets=offsets,
        rows=np.concatenate([*paths, np.empty(0, np.int64)]),
        labels=np.array([_majority_label(detections, path) for path in paths], np.int32),
        scores=np.array(
            [_score(detections, path, total, options) for path, total in zip(paths, sums, strict=True)],
            np.float64,
        ),
    )


def _majority_label(detections: Detections, path: Rows) -> int:
    """Return the label with the greatest sum of scores in path order; ties go to the smaller label."""
    weights: dict[int, float] = {}
    for row in path:
        label = int(detections.labels[row])
        weights[label] = weights.get(label, 0.0) + float(detections.scores[row])
    return max(sorted(weights), key=lambda label: weights[label])


def _score(detections: Detections, path: Rows, total: float, options: LinkOptions) -> float:
    scores: Any = detections.scores[path]
    if options.rescore == "mean":
        return total / len(path)
    return float(scores.max()) if options.rescore == "max" else total
