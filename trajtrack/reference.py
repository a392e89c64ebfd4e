"""Seq-NMS in plain NumPy, to be read from top to bottom: the specification that the compiled core must match.

Improved Seq-NMS, after section 3.1.1 of Xiao et al., arXiv 2204.11544: link overlapping boxes of successive frames,
bridge gaps, then repeatedly take the path with the greatest sum of scores. It is slow and single-threaded;
``trajtrack.link(..., method="seq-nms")`` returns the same results, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.flow_options import FlowOptions
from trajtrack.linking import LinkGraph
from trajtrack.options import LinkOptions
from trajtrack.trajectories import Reason, Trajectories

__all__ = ["link", "link_graph", "majority_label", "score_of"]

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


def link(detections: Detections, options: LinkOptions | None = None) -> Trajectories:
    """Link detections as ``trajtrack.link(detections, method="seq-nms")`` does."""
    options = options or LinkOptions()
    taking_part = _taking_part(detections, options)
    reasons = np.where(taking_part, Reason.NOT_POSITIVE, Reason.BELOW_MIN_SCORE).astype(np.int8)
    suppressed_by = np.full(len(detections), -1, np.int64)
    rows_of = _rows_by_frame(detections, np.flatnonzero(taking_part))
    table = _BestPaths(detections, link_graph(detections, options), rows_of)
    paths: list[Rows] = []
    sums: list[float] = []
    while (found := table.best_path()) is not None:
        path, total = found
        reasons[path] = Reason.LINKED if len(path) >= options.min_length else Reason.TOO_SHORT
        for row in path:
            frame = int(detections.frames[row])
            victims = _suppressed(detections, row, rows_of[frame], options)
            reasons[victims] = Reason.SUPPRESSED
            suppressed_by[victims] = row
            table.remove(frame, np.append(victims, row))
        table.fill(last_frame=frame)
        if len(path) >= options.min_length:
            paths.append(path)
            sums.append(total)
    return _finish(detections, options, paths, sums, reasons, suppressed_by)


def _taking_part(detections: Detections, options: LinkOptions) -> NDArray[np.bool_]:
    with np.errstate(over="ignore"):  # a threshold outside the range of float32 becomes infinite
        taking_part: NDArray[np.bool_] = detections.scores >= np.float32(options.min_score)
    return taking_part


# --- overlap ---------------------------------------------------------------------------------------------------


def overlap(a: Floats, b: Floats, threshold: float) -> NDArray[np.bool_]:
    """Return (A, B) whether two boxes have a positive intersection and an overlap of at least `threshold`.

    The overlap is the intersection over union in float32, computed in the order of torchvision's `box_iou`, each
    operation rounded once.
    """
    a, b = a[:, None], b[None, :]
    width = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), np.float32(0))
    height = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), np.float32(0))
    intersection = width * height
    with np.errstate(divide="ignore", invalid="ignore"):  # boxes without area
        iou = intersection / ((_area(a) + _area(b)) - intersection)
    overlapping: NDArray[np.bool_] = (intersection > 0) & (iou >= np.float32(threshold))
    return overlapping


def _area(boxes: Floats) -> Floats:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _grown(boxes: Floats, buffer: float) -> Floats:
    size = np.float32(buffer) * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - size, boxes[:, 2:] + size], axis=1)


def _similar_shape(a: Floats, b: Floats, max_change: float) -> NDArray[np.bool_]:
    """Return (A, B) whether areas and aspect ratios differ by a factor of at most `max_change`."""
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
    rows_of = _rows_by_frame(detections, np.flatnonzero(_taking_part(detections, options)))
    grown = _grown(detections.boxes, options.buffer)
    successors: list[Rows] = [np.empty(0, np.int64)] * len(detections)
    predecessors: list[list[int]] = [[] for _ in range(len(detections))]
    for frame, rows in rows_of.items():
        following = rows_of.get(frame + 1, np.empty(0, np.int64))
        linked = overlap(grown[rows], grown[following], options.iou_threshold)
        linked &= _same_class(detections, rows, following, options)
        for row, choice in zip(rows, linked, strict=True):
            successors[row] = following[choice]
            for target in successors[row]:
                predecessors[target].append(row)

    ends = [row for rows in rows_of.values() for row in rows if len(successors[row]) == 0]
    starts_of = {frame: rows[[not predecessors[row] for row in rows]] for frame, rows in rows_of.items()}
    gap_links = {
        row: _across_gap(detections, grown, row, starts_of, _chain_to(row, successors, predecessors, options), options)
        for row in ends
    }
    for row, targets in gap_links.items():
        successors[row] = targets
    offsets = np.zeros(len(detections) + 1, np.int64)
    np.cumsum([len(rows) for rows in successors], out=offsets[1:])
    return LinkGraph(offsets, np.concatenate([*successors, np.empty(0, np.int64)]))


def _rows_by_frame(detections: Detections, rows: Rows) -> dict[int, Rows]:
    """Return the rows of each nonempty frame, ascending by frame and row."""
    frames = detections.frames[rows]
    order = np.argsort(frames, kind="stable")
    numbers, begins = np.unique(frames[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(rows[order], begins[1:]), strict=False))


def _same_class(detections: Detections, a: Rows, b: Rows, options: LinkOptions) -> NDArray[np.bool_]:
    if options.class_agnostic:
        return np.ones((len(a), len(b)), np.bool_)
    same: NDArray[np.bool_] = detections.labels[a][:, None] == detections.labels[b][None, :]
    return same


def _chain_to(row: int, successors: list[Rows], predecessors: list[list[int]], options: LinkOptions) -> tuple[int, int]:
    """Return the first row and the length of the chain to `row`; each link is the only link of both its ends."""
    for length in range(options.motion_frames):
        if len(predecessors[row]) != 1 or len(successors[predecessors[row][0]]) != 1:
            return row, length
        row = predecessors[row][0]
    return row, options.motion_frames


def _across_gap(
    detections: Detections,
    grown: Floats,
    row: int,
    starts_of: dict[int, Rows],
    chain: tuple[int, int],
    options: LinkOptions,
) -> Rows:
    """Return the compatible starts in the first later frame that has any."""
    frame = int(detections.frames[row])
    here = np.array([row])
    for later in (later for later in starts_of if 2 <= later - frame <= 1 + options.max_gap):
        starts = starts_of[later]
        expected = _moved(grown[row], detections.boxes, row, chain, later - frame)
        compatible = overlap(expected[None], grown[starts], options.gap_iou_threshold)
        compatible &= _similar_shape(detections.boxes[here], detections.boxes[starts], options.max_shape_change)
        compatible &= _same_class(detections, here, starts, options)
        if compatible.any():
            found: Rows = starts[compatible[0]]
            return found
    return np.empty(0, np.int64)


def _moved(box: Floats, boxes: Floats, row: int, chain: tuple[int, int], ahead: int) -> Floats:
    """Return the box `ahead` frames later, if its centre keeps the average motion of the chain."""
    origin, steps = chain
    if steps == 0:
        return box
    centres = (boxes[[origin, row], :2] + boxes[[origin, row], 2:]) * np.float32(0.5)
    shift = (centres[1] - centres[0]) * (np.float32(ahead) / np.float32(steps))
    moved: Floats = box + np.concatenate([shift, shift])
    return moved


# --- extraction ------------------------------------------------------------------------------------------------


class _BestPaths:
    """The table of best paths, by dynamic programming from the last frame to the first."""

    def __init__(self, detections: Detections, graph: LinkGraph, rows_of: dict[int, Rows]) -> None:
        self.rows_of = rows_of
        self.scores = detections.scores.astype(np.float64)
        count = len(detections)
        # Column 0 is the end of the path, row `count` with sum 0; the successors follow in ascending order.
        links = np.diff(graph.offsets)
        self.successors = np.full((count, 1 + links.max(initial=0)), count)
        origins = np.repeat(np.arange(count), links)
        self.successors[origins, 1 + np.arange(len(origins)) - graph.offsets[origins]] = graph.targets
        self.best = np.full(count + 1, -np.inf)
        self.best[count] = 0.0
        self.following = np.full(count, count)
        self.fill(max(rows_of, default=0))

    def fill(self, last_frame: int) -> None:
        """Fill in the rows of the frames up to `last_frame`; later rows do not depend on them."""
        for frame, rows in reversed(self.rows_of.items()):
            if frame > last_frame or len(rows) == 0:
                continue
            # best(i) = score(i) + max(0, max over links i -> j of best(j)); argmax takes the first of equal sums, so
            # the end of the path before any successor, and the lower row before the higher.
            sums = self.best[self.successors[rows]]
            choice = sums.argmax(axis=1)
            lines = np.arange(len(rows))
            self.best[rows] = self.scores[rows] + sums[lines, choice]
            self.following[rows] = self.successors[rows, choice]

    def best_path(self) -> tuple[Rows, float] | None:
        """Return the rows of the path with the greatest sum of scores and that sum; None if no sum is positive."""
        # Rows in frame order, so that argmax takes the earlier frame, then the lower row.
        order = np.concatenate([*self.rows_of.values(), np.empty(0, np.int64)])
        if len(order) == 0:
            return None
        row = order[self.best[order].argmax()]
        total = float(self.best[row])
        if not total > 0:
            return None
        path = []
        while row < len(self.following):
            path.append(row)
            row = self.following[row]
        return np.array(path, np.int64), total

    def remove(self, frame: int, rows: Rows) -> None:
        """Remove rows of a frame from the table."""
        self.best[rows] = -np.inf
        self.rows_of[frame] = np.setdiff1d(self.rows_of[frame], rows, assume_unique=True)


def _suppressed(detections: Detections, row: int, rows: Rows, options: LinkOptions) -> Rows:
    """Return those of `rows`, all in the frame of `row`, that its box overlaps by at least `nms_threshold`."""
    rows = rows[rows != row]
    near = overlap(detections.boxes[[row]], detections.boxes[rows], options.nms_threshold)
    near &= _same_class(detections, np.array([row]), rows, options)
    victims: Rows = rows[near[0]]
    return victims


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
        labels=np.array([majority_label(detections, path) for path in paths], np.int32),
        scores=np.array(
            [score_of(detections, path, total, options) for path, total in zip(paths, sums, strict=True)],
            np.float64,
        ),
    )


def majority_label(detections: Detections, path: Rows) -> int:
    """Return the label with the greatest sum of scores in path order; ties go to the smaller label."""
    weights: dict[int, float] = {}
    for row in path:
        label = int(detections.labels[row])
        weights[label] = weights.get(label, 0.0) + float(detections.scores[row])
    return max(sorted(weights), key=lambda label: weights[label])


def score_of(detections: Detections, path: Rows, total: float, options: LinkOptions | FlowOptions) -> float:
    """Return the score of a trajectory whose detections' scores have the sum `total`."""
    scores: Any = detections.scores[path]
    if options.rescore == "mean":
        return total / len(path)
    return float(scores.max()) if options.rescore == "max" else total
