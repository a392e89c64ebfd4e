"""Linking by minimum-cost flow in plain NumPy, to be read from top to bottom: the specification of the compiled core.

Paths of greatest total value are chosen jointly instead of one after the other: Zhang, Li and Nevatia, "Global data
association for multi-object tracking using network flows", CVPR 2008. Confidences, motion noise and the shift of the
camera are estimated from the detections themselves. It is slow; `trajtrack.link` returns the same results, bit for bit.
All arithmetic is in float64 with each operation rounded once; gains are rounded to multiples of 2**-20, so that their
sums are exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trajtrack.detections import Detections
from trajtrack.flow_options import FlowConstants, FlowOptions
from trajtrack.reference import majority_label, score_of
from trajtrack.trajectories import Reason, Trajectories

__all__ = ["Boxes", "calibrate", "choose_links", "exp", "link", "log"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ONE = 2**20
"""The integer that stands for a gain of 1."""
SAMPLE = 8192
"""Approximate number of nodes at which noise is measured, if there are as many."""
PROPOSAL_SAMPLE = 2048
"""The same for proposals."""
SCALE_STEPS = 2
"""How often the prior motion is reduced or increased at most."""
SMALLEST_SIDE = 1e-6
"""Boxes are at least this wide and high, in pixels."""


def link(
    detections: Detections, options: FlowOptions | None = None, constants: FlowConstants | None = None
) -> Trajectories:
    """Link detections as ``trajtrack.link(detections, options)`` does."""
    options, constants = options or FlowOptions(), constants or FlowConstants()
    with np.errstate(over="ignore"):
        rows = np.flatnonzero(detections.scores >= np.float32(options.min_score))
    rows = rows[np.argsort(detections.frames[rows], kind="stable")]
    reasons = np.full(len(detections), Reason.BELOW_MIN_SCORE, np.int8)
    reasons[rows] = Reason.LOW_CONFIDENCE

    frames = detections.frames[rows].astype(np.int64)
    frames = (frames - frames[:1]) // _step(frames)
    labels = np.zeros(len(rows), np.int64) if options.class_agnostic else detections.labels[rows].astype(np.int64)
    boxes, scores = Boxes.of(detections.boxes[rows]), detections.scores[rows]
    duration = _duration(frames)

    suppressed_by = np.full(len(detections), -1, np.int64)
    suppressor = suppressors(boxes, scores, frames, labels, constants)
    kept = suppressor == np.arange(len(rows))
    reasons[rows[~kept]] = Reason.SUPPRESSED
    suppressed_by[rows[~kept]] = rows[suppressor[~kept]]
    rows, frames, labels, boxes, scores = rows[kept], frames[kept], labels[kept], boxes[kept], scores[kept]
    if options.calibrate:
        confidence = calibrate(boxes, scores, frames, labels, constants)
    else:
        confidence = np.clip(scores.astype(np.float64), 0, 1)

    taking_part = np.flatnonzero(confidence >= constants.low)
    rows, frames, labels = rows[taking_part], frames[taking_part], labels[taking_part]
    boxes, confidence = boxes[taking_part], confidence[taking_part]
    model = _Model(boxes, frames, labels, confidence, duration, constants)
    next_of = model.link_nodes()
    track_of, evidence = model.tracks(next_of)
    model.fill(next_of, track_of)
    return _finish(detections, options, rows, model, track_of, evidence, reasons, suppressed_by)


# --- numbers -----------------------------------------------------------------------------------------------------

# Both functions consist of operations that are rounded in the same way everywhere, unlike those of the C library.

_LOG_TERMS = [1.0 / (2 * k + 1) for k in range(11)]
_EXP_TERMS = [1.0]
for _n in range(1, 14):
    _EXP_TERMS.append(_EXP_TERMS[-1] / _n)
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_LN2 = 0.6931471805599453


def log(x: Floats) -> Floats:
    """Return the natural logarithm of positive numbers, by 2 artanh((x - 1) / (x + 1))."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < 0.7071067811865476
    mantissa = np.where(small, mantissa * 2.0, mantissa)
    exponent = np.where(small, exponent - 1, exponent).astype(np.float64)
    f = (mantissa - 1.0) / (mantissa + 1.0)
    square = f * f
    total = np.full_like(square, _LOG_TERMS[-1])
    for term in _LOG_TERMS[-2::-1]:
        total = total * square + term
    result: Floats = exponent * _LN2 + 2.0 * f * total
    return result


def exp(x: Floats) -> Floats:
    """Return the exponential of numbers in [-700, 700]; numbers outside are moved to its ends."""
    x = np.minimum(np.maximum(x, -700.0), 700.0)
    k = np.rint(x * 1.4426950408889634)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    total = np.full_like(r, _EXP_TERMS[-1])
    for term in _EXP_TERMS[-2::-1]:
        total = total * r + term
    result: Floats = np.ldexp(total, k.astype(np.int32))
    return result


def _log1(x: float) -> float:
    return float(log(np.array([x]))[0])


def _exp1(x: float) -> float:
    return float(exp(np.array([x]))[0])


def _quantile(values: NDArray[Any], numerator: int, denominator: int) -> Any:
    """Return the order statistic at the rank ``(n - 1) * numerator // denominator``."""
    return np.sort(values)[(len(values) - 1) * numerator // denominator]


def _rounded(gains: Floats) -> Ints:
    """Return gains, limited to a million, as multiples of 1 / `ONE`."""
    result: Ints = np.rint(np.minimum(np.maximum(gains, -1e6), 1e6) * ONE).astype(np.int64)
    return result


# --- boxes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Boxes:
    """Centres and sides of boxes."""

    x: Floats
    y: Floats
    w: Floats
    h: Floats

    @staticmethod
    def of(corners: NDArray[np.float32]) -> Boxes:
        """Return those of boxes (N, 4) given by their corners."""
        c = corners.astype(np.float64)
        return Boxes(
            (c[:, 0] + c[:, 2]) * 0.5,
            (c[:, 1] + c[:, 3]) * 0.5,
            np.maximum(c[:, 2] - c[:, 0], SMALLEST_SIDE),
            np.maximum(c[:, 3] - c[:, 1], SMALLEST_SIDE),
        )

    def __getitem__(self, index: Any) -> Boxes:
        return Boxes(self.x[index], self.y[index], self.w[index], self.h[index])

    def moved(self, dx: Floats, dy: Floats) -> Boxes:
        return replace(self, x=self.x + dx, y=self.y + dy)

    def enlarged(self, by: Floats) -> Boxes:
        return replace(self, w=self.w + 2.0 * by, h=self.h + 2.0 * by)


def _overlap(a: Boxes, b: Boxes) -> Floats:
    """Return the intersection over union of boxes that broadcast to the same shape."""
    width = np.minimum(a.x + a.w * 0.5, b.x + b.w * 0.5) - np.maximum(a.x - a.w * 0.5, b.x - b.w * 0.5)
    height = np.minimum(a.y + a.h * 0.5, b.y + b.h * 0.5) - np.maximum(a.y - a.h * 0.5, b.y - b.h * 0.5)
    intersection = width * height
    union = (a.w * a.h + b.w * b.h) - intersection
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # boxes that do not intersect
        result: Floats = np.where((width > 0) & (height > 0), intersection / union, 0.0)
    return result


def _pairs(frames: Ints, labels: Ints, tails: Ints, heads: Ints, distances: range) -> Iterator[tuple[int, Ints, Ints]]:
    """Yield the distance, tails and heads of all pairs of a label, for each frame and distance; both are ascending."""
    tails_of, heads_of = _by_frame(frames, tails), _by_frame(frames, heads)
    for frame, here in tails_of.items():
        for distance in distances:
            there = heads_of.get(frame + distance)
            if there is not None:
                a, b = np.nonzero(labels[here][:, None] == labels[there][None, :])
                yield distance, here[a], there[b]


def _step(frames: Ints) -> int:
    """Return the distance of the frames with boxes: 12 if every twelfth frame of a video was given to the detector."""
    distinct = np.unique(frames)
    return int(np.gcd.reduce(np.diff(distinct))) if len(distinct) > 2 else 1


def _duration(frames: Ints) -> int:
    """Return the number of frames from the first to the last of ascending frames."""
    return int(frames[-1] - frames[0]) + 1 if len(frames) else 0


def _by_frame(frames: Ints, nodes: Ints) -> dict[int, Ints]:
    numbers, begins = np.unique(frames[nodes], return_index=True)
    return dict(zip(numbers.tolist(), np.split(nodes, begins[1:]), strict=False))


# --- proposals ---------------------------------------------------------------------------------------------------


def suppressors(
    boxes: Boxes, scores: NDArray[np.float32], frames: Ints, labels: Ints, constants: FlowConstants
) -> Ints:
    """Return the detection that suppresses each detection, itself if none does.

    None is suppressed unless so many overlap a better one that they must be proposals, many on each object.

    Parameters
    ----------
    boxes, scores, frames, labels
        Columns of N detections, ordered by frame.
    constants
        The constants of the method.
    """
    count = len(scores)
    if count == 0:
        return np.arange(count)
    every = max(1, count // PROPOSAL_SAMPLE)
    sampled = np.isin(frames, np.unique(frames)[::every])
    redundant = _suppress(boxes, scores, frames, labels, np.flatnonzero(sampled), constants.proposal_overlap)
    share = constants.proposal_share * (float(sampled.sum()) + constants.proposal_weight)
    if float((redundant != np.arange(count)).sum()) <= share:
        return np.arange(count)
    return _suppress(boxes, scores, frames, labels, np.arange(count), constants.suppression_overlap)


def _suppress(
    boxes: Boxes, scores: NDArray[np.float32], frames: Ints, labels: Ints, nodes: Ints, threshold: float
) -> Ints:
    """Return the suppressor of each node by non-maximum suppression of some nodes in each frame and label."""
    suppressor = np.arange(len(scores))
    kept_of: dict[tuple[int, int], list[int]] = {}
    for node in nodes[np.lexsort((nodes, -scores[nodes]))].tolist():
        kept = kept_of.setdefault((int(frames[node]), int(labels[node])), [])
        over = np.flatnonzero(_overlap(boxes[node], boxes[np.array(kept, np.int64)]) > threshold)
        if len(over):
            suppressor[node] = kept[over[0]]
        else:
            kept.append(node)
    return suppressor


# --- confidence --------------------------------------------------------------------------------------------------


def calibrate(
    boxes: Boxes, scores: NDArray[np.float32], frames: Ints, labels: Ints, constants: FlowConstants
) -> Floats:
    """Return the confidence of each detection: how often detections of its score persist.

    Parameters
    ----------
    boxes, scores, frames, labels
        Columns of N detections, ordered by frame.
    constants
        The constants of the method.

    Returns
    -------
    (N,) confidences in [0, 1].
    """
    count = len(scores)
    if count == 0 or scores.min() == scores.max():
        return np.ones(count)
    duration = _duration(frames)
    window = max(1, min(constants.window, max(duration // 15, constants.least_window), duration // 3))
    persistence = _count_in_window(_chains(boxes, frames, labels, constants), frames, window)

    # The smallest sufficient set of the highest scores; equal scores are not separated.
    needed = max(constants.top_share * count, min(constants.top_count, count))
    descending = np.sort(scores)[::-1]
    top = scores >= descending[min(int(np.ceil(needed)), count) - 1]
    ranked = np.sort(persistence[top])
    required = int(ranked[int(constants.top_failures * (len(ranked) - 1))])
    least = constants.occupied * (2 * window + 1)
    certain = required >= least
    persists = persistence >= (required if certain else least)
    persisting = int(persists[top].sum()) / int(top.sum())
    probabilities = bool(scores.min() >= 0 and scores.max() <= 1)
    if probabilities:
        if certain:
            top_score = constants.top_score
        elif duration <= 2 * constants.least_window:
            top_score = constants.top_score_most
        else:
            top_score = max(persisting / constants.plateau, constants.top_score_least)
            top_score = min(top_score, constants.top_score_most)
        relative = _relative(scores, labels, constants, top_score)
        if not certain:
            return relative

    plateau = max(persisting, constants.plateau) if certain else 1.0
    confidence = _rising(scores, persists)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) < count:
            confidence[own] = _shrink(
                _rising(scores[own], persists[own]), confidence[own], len(own), constants.label_weight
            )
    confidence = np.minimum(confidence / plateau, 1.0)
    if probabilities:
        share = constants.score_share
        share += (1.0 - share) * constants.score_weight / (count + constants.score_weight)
        confidence = (1.0 - share) * confidence + share * relative
    return confidence


def _relative(scores: NDArray[np.float32], labels: Ints, constants: FlowConstants, least: float) -> Floats:
    """Return the scores, raised if the highest of their label are below `least`."""
    given = scores.astype(np.float64)

    def typical(own: Floats) -> float:
        return float(np.sort(own)[len(own) - 1 - int(0.5 * constants.top_share * len(own))])

    def factor(top: float) -> float:
        return least / top if 0 < top < least else 1.0

    of_all = typical(given)
    result = np.minimum(given * factor(of_all), 1.0)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) < len(given):
            top = _shrink(typical(given[own]), of_all, len(own), constants.score_weight)
            result[own] = np.minimum(given[own] * factor(top), 1.0)
    return result


def _shrink(value: Any, of_all: Any, count: int, weight: float) -> Any:
    """Return the value of a label with `count` detections, shrunk to that of all labels."""
    return (count * value + weight * of_all) / (count + weight)


def _chains(boxes: Boxes, frames: Ints, labels: Ints, constants: FlowConstants) -> Ints:
    """Return the chain of each box: mutual best matches are chained, in neighbouring frames first, then across gaps."""
    count = len(frames)
    next_of, previous_of = np.full(count, -1), np.full(count, -1)
    for distance in range(1, constants.chain_distance + 1):
        # The motion over the last links, at most `chain_motion`.
        first = np.arange(count)
        for _ in range(constants.chain_motion):
            first = np.where(previous_of[first] >= 0, previous_of[first], first)
        steps = np.maximum(frames - frames[first], 1)
        moving = float(distance) if distance > 1 else 0.0
        expected = boxes.moved((boxes.x - boxes.x[first]) / steps * moving, (boxes.y - boxes.y[first]) / steps * moving)
        best_next, best_previous = np.full(count, -1), np.full(count, -1)
        tails, heads = np.flatnonzero(next_of < 0), np.flatnonzero(previous_of < 0)
        for _, a, b in _pairs(frames, labels, tails, heads, range(distance, distance + 1)):
            value = _overlap(expected[a], boxes[b])
            near = value > constants.chain_overlap
            a, b, value = a[near], b[near], value[near]
            for order, key, best, other in (
                (np.lexsort((b, -value, a)), a, best_next, b),
                (np.lexsort((a, -value, b)), b, best_previous, a),
            ):
                chosen, where = np.unique(key[order], return_index=True)
                best[chosen] = other[order][where]
        mutual = np.flatnonzero(best_next >= 0)
        mutual = mutual[best_previous[best_next[mutual]] == mutual]
        next_of[mutual] = best_next[mutual]
        previous_of[best_next[mutual]] = mutual
    chain = np.arange(count)
    for node in range(count):
        if previous_of[node] >= 0:
            chain[node] = chain[previous_of[node]]
    return chain


def _count_in_window(chain: Ints, frames: Ints, window: int) -> Ints:
    """Return the number of boxes of each node's chain in the frames up to `window` away."""
    key = chain * (int(frames.max()) + 2 * window + 2) + frames
    ordered = np.sort(key)
    result: Ints = np.searchsorted(ordered, key + window, "right") - np.searchsorted(ordered, key - window, "left")
    return result


def _rising(scores: NDArray[np.float32], persists: Bools) -> Floats:
    """Return the isotonic regression of `persists` on the scores, by pooling adjacent violators, at `scores`."""
    which = np.unique(scores, return_inverse=True)[1]
    hits = np.bincount(which, persists).astype(int).tolist()
    sizes = np.bincount(which).tolist()
    blocks: list[tuple[int, int, int]] = []  # persisting detections, detections, distinct scores
    for hit, size in zip(hits, sizes, strict=True):
        block = (hit, size, 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    fit = np.repeat([hit / size for hit, size, _ in blocks], [number for _, _, number in blocks])
    result: Floats = fit[which]
    return result


# --- the best disjoint paths ---------------------------------------------------------------------------------------


def choose_links(num_rows: int, num_columns: int, links: list[tuple[int, int, int]], stay: list[int]) -> list[int]:
    """Assign rows to columns with the greatest sum of gains, by successive shortest augmenting paths.

    Parameters
    ----------
    num_rows, num_columns
        Numbers of rows and columns.
    links
        Row, column and gain of each link, ascending.
    stay
        Gain of each row that is assigned to no column.

    Returns
    -------
    The column of each row, -1 for none. Rows are assigned in ascending order; among paths of equal length the first
    found with the lowest column is taken, which decides between assignments of the same sum.
    """
    links_of: list[list[tuple[int, int]]] = [[] for _ in range(num_rows)]
    for row, column, gain in links:
        links_of[row].append((column, gain))
    row_price, column_price = [0] * num_rows, [0] * num_columns
    column_of, row_of = [-1] * num_rows, [-1] * num_columns
    for start in range(num_rows):
        row_price[start] = min([-stay[start]] + [-gain - column_price[column] for column, gain in links_of[start]])
        distance: dict[int, int] = {}
        before: dict[int, int] = {}
        done: list[int] = []
        heap: list[tuple[int, int]] = []
        shortest, end_row, end_column = None, -1, -1
        row, travelled = start, 0
        while True:
            length = travelled - stay[row] - row_price[row]
            if shortest is None or length < shortest:
                shortest, end_row, end_column = length, row, -1
            for column, gain in links_of[row]:
                length = travelled - gain - row_price[row] - column_price[column]
                if length >= distance.get(column, length + 1):
                    continue
                distance[column], before[column] = length, row
                if length < shortest:
                    if row_of[column] < 0:
                        shortest, end_row, end_column = length, -1, column
                    else:
                        heapq.heappush(heap, (length, column))
            while heap and heap[0][0] != distance[heap[0][1]]:
                heapq.heappop(heap)
            if not heap or heap[0][0] >= shortest:
                break
            travelled, column = heapq.heappop(heap)
            done.append(column)
            row = row_of[column]
        row_price[start] += shortest
        for column in done:
            column_price[column] -= shortest - distance[column]
            row_price[row_of[column]] += shortest - distance[column]
        if end_column < 0 and end_row != start:
            end_column, column_of[end_row] = column_of[end_row], -1
        while end_column >= 0:
            row = before[end_column]
            row_of[end_column] = row
            end_column, column_of[row] = (column_of[row] if row != start else -1), end_column
    return column_of


# --- motion ------------------------------------------------------------------------------------------------------


class _Noise(NamedTuple):
    """Variances in units of a box's area, per frame where they grow."""

    position: float
    acceleration: float
    speed: float
    size: float
    size_drift: float


@dataclass
class _States:
    """State of the object at each node, estimated from the boxes of its track up to the node or from it on.

    Positions and velocities in pixels; variances in units of the box's area; logarithms of the sides.
    """

    x: Floats
    y: Floats
    vx: Floats
    vy: Floats
    pp: Floats
    pv: Floats
    vv: Floats
    w: Floats
    h: Floats
    ss: Floats


def _filter(boxes: Boxes, size: Floats, times: Ints, order: Ints, offsets: Ints, noise: _Noise) -> _States:
    """Run a Kalman filter along each track: constant velocity for the centre, a random walk for log width and height.

    The two coordinates share one covariance, and so do the two sides.
    """
    states = _States(*(np.zeros(len(times)) for _ in range(10)))
    log_w, log_h = log(boxes.w), log(boxes.h)
    lengths = np.diff(offsets)
    for step in range(int(lengths.max(initial=0))):
        i = order[offsets[:-1][lengths > step] + step]
        if step == 0:
            x, y, vx, vy = boxes.x[i], boxes.y[i], np.zeros(len(i)), np.zeros(len(i))
            pp, pv, vv = np.full(len(i), noise.position), np.zeros(len(i)), np.full(len(i), noise.speed)
            w, h, ss = log_w[i], log_h[i], np.full(len(i), noise.size)
        else:
            before = order[offsets[:-1][lengths > step] + step - 1]
            d = (times[i] - times[before]).astype(np.float64)
            ratio = (size[before] * size[before]) / (size[i] * size[i])
            pp0, pv0, vv0 = states.pp[before] * ratio, states.pv[before] * ratio, states.vv[before] * ratio
            vx, vy = states.vx[before], states.vy[before]
            x, y = states.x[before] + vx * d, states.y[before] + vy * d
            pp = pp0 + 2.0 * d * pv0 + d * d * vv0 + noise.acceleration / 3.0 * (d * d * d)
            pv = pv0 + d * vv0 + noise.acceleration / 2.0 * (d * d)
            vv = vv0 + noise.acceleration * d
            share = 1.0 / (pp + noise.position)
            k0, k1 = pp * share, pv * share
            ex, ey = boxes.x[i] - x, boxes.y[i] - y
            x, y, vx, vy = x + k0 * ex, y + k0 * ey, vx + k1 * ex, vy + k1 * ey
            pp, pv, vv = pp - k0 * pp, pv - k0 * pv, vv - k1 * pv
            ss = states.ss[before] + noise.size_drift * d
            k = ss / (ss + noise.size)
            w = states.w[before] + k * (log_w[i] - states.w[before])
            h = states.h[before] + k * (log_h[i] - states.h[before])
            ss = ss - k * ss
        states.x[i], states.y[i], states.vx[i], states.vy[i] = x, y, vx, vy
        states.pp[i], states.pv[i], states.vv[i] = pp, pv, vv
        states.w[i], states.h[i], states.ss[i] = w, h, ss
    return states


def _tracks_of(next_of: Ints) -> tuple[Ints, Ints]:
    """Return the nodes by track and frame, and the tracks' offsets; tracks are ordered by their first node."""
    starts = np.ones(len(next_of), np.bool_)
    starts[next_of[next_of >= 0]] = False
    order, offsets = [], [0]
    for node in np.flatnonzero(starts):
        while node >= 0:
            order.append(node)
            node = next_of[node]
        offsets.append(len(order))
    return np.array(order, np.int64), np.array(offsets, np.int64)


class _Model:
    """The detections that take part, what is estimated from them, and the steps of the method."""

    def __init__(
        self,
        boxes: Boxes,
        frames: Ints,
        labels: Ints,
        confidence: Floats,
        duration: int,
        constants: FlowConstants,
    ) -> None:
        self.given, self.boxes, self.frames, self.labels = boxes, boxes, frames, labels
        self.size = np.sqrt(boxes.w * boxes.h)
        self.log_w, self.log_h = log(boxes.w), log(boxes.h)
        self.duration, self.constants = duration, constants
        self.strong = confidence >= constants.high
        odds = np.clip(confidence, 1e-4, 1.0 - 1e-4)
        value = np.clip(log(odds / (1.0 - odds)), -constants.value_cap, constants.value_cap)
        self.value = np.where(self.strong, _rounded(value), 0)
        self.numbers, self.frame_of = np.unique(frames, return_inverse=True)
        self.camera_x, self.camera_y = np.zeros(len(frames)), np.zeros(len(frames))  # of each node
        c = constants
        self.prior = _Noise(
            c.position_noise * c.position_noise,
            c.acceleration * c.acceleration,
            c.speed * c.speed,
            c.size_noise * c.size_noise,
            c.size_drift * c.size_drift,
        )
        self.noise = self.prior
        self.measured: tuple[float, float] | None = None  # variances of position and acceleration, without factors

    # --- links

    def link_nodes(self) -> Ints:
        """Return the next node of each node, -1 for none: two rounds of short links, then long links."""
        nodes = np.flatnonzero(self.strong)
        next_of = self.first_links(nodes)
        self.estimate(next_of)
        past, future = self.states(next_of)
        next_of, _ = self.best_paths(nodes, self.links_by_overlap(past, future, nodes))
        self.estimate(next_of)
        past, future = self.states(next_of)
        has_next = next_of >= 0
        has_previous = np.zeros(len(next_of), np.bool_)
        has_previous[next_of[has_next]] = True
        # In a short video, a single node may be a trajectory too.
        single = self.strong & ~has_previous & ~has_next & (self.value >= self.required_evidence())
        tails = np.flatnonzero((has_previous & ~has_next) | single)
        heads = np.flatnonzero((has_next & ~has_previous) | single)
        links = self.links_by_likelihood(past, future, tails, heads, self.longest_link())
        row_of, column_of = np.full(len(next_of), -1), np.full(len(next_of), -1)
        row_of[tails], column_of[heads] = np.arange(len(tails)), np.arange(len(heads))
        chosen = choose_links(
            len(tails),
            len(heads),
            [(int(row_of[tail]), int(column_of[head]), gain) for tail, head, gain in links],
            [0] * len(tails),
        )
        for tail, column in zip(tails, chosen, strict=True):
            if column >= 0:
                next_of[tail] = heads[column]
        return next_of

    def first_links(self, nodes: Ints) -> Ints:
        """Link neighbouring frames under the prior motion with which the best paths have the greatest sum.

        The prior motion is reduced by `scale_step` as long as the sum grows; if it does not, the motion is increased.
        """
        c, prior = self.constants, self.prior
        alone = np.full(len(self.frames), -1)

        def best_with(scale: float) -> tuple[int, Ints, _Noise]:
            square = scale * scale
            self.noise = prior._replace(
                acceleration=prior.acceleration * square,
                speed=prior.speed * square,
                size_drift=prior.size_drift * square,
            )
            past, future = self.states(alone)
            next_of, total = self.best_paths(nodes, self.links_by_likelihood(past, future, nodes, nodes, 1))
            return total, next_of, self.noise

        best = best_with(1.0)
        for factor in (1.0 / c.scale_step, c.scale_step):
            scale = factor
            for _ in range(SCALE_STEPS):
                found = best_with(scale)
                if found[0] <= best[0]:
                    break
                best = found
                scale *= factor
            if scale != factor:
                break
        _, next_of, self.prior = best
        return next_of

    def best_paths(self, nodes: Ints, links: list[tuple[int, int, int]]) -> tuple[Ints, int]:
        """Choose disjoint paths with the greatest sum of the gains of links and the values of nodes, less 2 end costs.

        A node's column is the node before it. A node that is assigned to its own column is unused. Returns the next
        node of each node and the sum.
        """
        number = np.full(len(self.frames), -1)
        number[nodes] = np.arange(len(nodes))
        value = (self.value[nodes] - 2 * int(np.rint(self.constants.end_cost * ONE))).tolist()
        edges = [(k, k, 0) for k in range(len(nodes))]
        edges += [(int(number[a]), int(number[b]), gain + value[number[a]]) for a, b, gain in links]
        chosen = choose_links(len(nodes), len(nodes), sorted(edges), value)
        gain_of = {(k, column): gain for k, column, gain in edges}
        total = sum(value[k] if column < 0 else gain_of[k, column] for k, column in enumerate(chosen))
        next_of = np.full(len(self.frames), -1)
        for k, column in enumerate(chosen):
            if column >= 0 and column != k:
                next_of[nodes[k]] = nodes[column]
        return next_of, total

    def states(self, next_of: Ints) -> tuple[_States, _States]:
        """Return the states estimated from the past and from the future of each node's track."""
        order, offsets = _tracks_of(next_of)
        past = _filter(self.boxes, self.size, self.frames, order, offsets, self.noise)
        backwards = np.concatenate([order[begin:end][::-1] for begin, end in pairwise(offsets)] or [order])
        future = _filter(self.boxes, self.size, -self.frames, backwards, offsets, self.noise)
        future.vx, future.vy, future.pv = -future.vx, -future.vy, -future.pv
        return past, future

    def links_by_likelihood(
        self, past: _States, future: _States, tails: Ints, heads: Ints, longest: int
    ) -> list[tuple[int, int, int]]:
        """Return links whose gain, the log likelihood ratio against chance plus twice the end cost, is positive."""
        c, noise = self.constants, self.noise
        links: list[tuple[int, int, int]] = []
        for distance, i, j in _pairs(self.frames, self.labels, tails, heads, range(1, longest + 1)):
            d = float(distance)
            area = self.size[i] * self.size[j]
            pp = past.pp[i] + 2.0 * d * past.pv[i] + d * d * past.vv[i] + noise.acceleration * d * d * d / 3.0
            pp = pp + future.pp[j]
            dx, dy = future.x[j] - past.x[i] - past.vx[i] * d, future.y[j] - past.y[i] - past.vy[i] * d
            limit = c.gate * c.gate * pp * area
            near = np.flatnonzero((dx * dx <= limit) & (dy * dy <= limit))
            i, j, area, pp, dx, dy = i[near], j[near], area[near], pp[near], dx[near], dy[near]
            pv = past.pv[i] + d * past.vv[i] + noise.acceleration * d * d / 2.0 + future.pv[j]
            vv = past.vv[i] + noise.acceleration * d + future.vv[j]
            det = pp * vv - pv * pv
            wx, wy = future.vx[j] - past.vx[i], future.vy[j] - past.vy[i]
            deviation = vv * (dx * dx + dy * dy) - 2.0 * pv * (dx * wx + dy * wy) + pp * (wx * wx + wy * wy)
            deviation = deviation / (det * area)
            ss = past.ss[i] + future.ss[j] + noise.size_drift * d
            dw, dh = past.w[i] - future.w[j], past.h[i] - future.h[j]
            deviation = deviation + (dw * dw + dh * dh) / ss
            # Student's t in six dimensions, against a head whose position, speed and size are those of any object.
            speed = (future.vx[j] * future.vx[j] + future.vy[j] * future.vy[j]) / area
            speed_variance = noise.speed + future.vv[j]
            ratio = speed_variance * (0.25 + future.ss[j]) / (det * ss)
            gain = log(ratio) - 0.5 * (c.tail + 6.0) * log(1.0 + deviation / c.tail)
            gain = gain + 0.5 * speed / speed_variance + (1.0 - c.chance) - c.skip_cost * (d - 1.0)
            gain = gain + 2.0 * c.end_cost
            links += self._best_links(i, j, _rounded(gain))
        return sorted(links)

    def links_by_overlap(self, past: _States, future: _States, nodes: Ints) -> list[tuple[int, int, int]]:
        """Return links whose gain, from the overlap of each box with the prediction of the other, is positive.

        Boxes of neighbouring frames are enlarged as far as the prediction is uncertain.
        """
        c, growth = self.constants, self.noise.acceleration / 3.0
        forward = Boxes(past.x, past.y, exp(past.w), exp(past.h))
        backward = Boxes(future.x, future.y, exp(future.w), exp(future.h))
        links: list[tuple[int, int, int]] = []
        for distance, i, j in _pairs(self.frames, self.labels, nodes, nodes, range(1, c.distance + 1)):
            d = float(distance)
            later = forward[i].moved(past.vx[i] * d, past.vy[i] * d)
            earlier = backward[j].moved(-(future.vx[j] * d), -(future.vy[j] * d))
            by = back_by = np.zeros(len(i))
            if distance == 1:
                ahead = past.pp[i] + 2.0 * past.pv[i] + past.vv[i] + growth
                behind = future.pp[j] - 2.0 * future.pv[j] + future.vv[j] + growth
                by = c.buffer * np.sqrt(ahead + future.pp[j])
                back_by = c.buffer * np.sqrt(behind + past.pp[i])
            here, there = self.size[i], self.size[j]
            in_later = _overlap(later.enlarged(by * here), backward[j].enlarged(by * there))
            in_earlier = _overlap(forward[i].enlarged(back_by * here), earlier.enlarged(back_by * there))
            # Boxes that do not overlap in the later frame are not linked.
            near = in_later > 0
            gain = c.overlap_gain * ((in_later + in_earlier) * 0.5 - c.min_overlap) - c.overlap_skip_cost * (d - 1.0)
            links += self._best_links(i[near], j[near], _rounded(gain[near]))
        return sorted(links)

    def _best_links(self, tails: Ints, heads: Ints, gains: Ints) -> list[tuple[int, int, int]]:
        """Return links of positive gain, at most `candidates` per tail: the greatest gains, then the first heads."""
        order = np.lexsort((heads, -gains, tails))
        order = order[gains[order] > 0]
        tails, heads, gains = tails[order], heads[order], gains[order]
        rank = np.arange(len(tails)) - np.searchsorted(tails, tails, "left")
        chosen = rank < self.constants.candidates
        return list(zip(tails[chosen].tolist(), heads[chosen].tolist(), gains[chosen].tolist(), strict=True))

    # --- camera and noise

    def estimate(self, next_of: Ints) -> None:
        """Estimate the shift of the camera, then the noise of the stabilised boxes."""
        self._estimate_camera(next_of)
        self.boxes = self.given.moved(-self.camera_x, -self.camera_y)
        self._estimate_noise(next_of)

    def _estimate_camera(self, next_of: Ints) -> None:
        """Estimate the shift between neighbouring frames: the median displacement, if the objects agree on it."""
        c = self.constants
        tails = np.flatnonzero(next_of >= 0)
        tails = tails[self.frames[next_of[tails]] - self.frames[tails] == 1]
        dx = self.given.x[next_of[tails]] - self.given.x[tails]
        dy = self.given.y[next_of[tails]] - self.given.y[tails]
        shift_x, shift_y = np.zeros(len(self.numbers)), np.zeros(len(self.numbers))
        for frame, chosen in _by_frame(self.frame_of[tails], np.arange(len(tails))).items():
            if len(chosen) < c.camera_links:
                continue
            limit = c.camera_spread * _quantile(self.given.h[tails[chosen]], 1, 2)
            spread = [_quantile(v[chosen], 3, 4) - _quantile(v[chosen], 1, 4) for v in (dx, dy)]
            if max(spread) <= limit:
                shift_x[frame + 1] = _quantile(dx[chosen], 1, 2)
                shift_y[frame + 1] = _quantile(dy[chosen], 1, 2)
        self.camera_x, self.camera_y = np.cumsum(shift_x)[self.frame_of], np.cumsum(shift_y)[self.frame_of]

    def _estimate_noise(self, next_of: Ints) -> None:
        """Separate noise from motion by differences at two lags; shrink to the prior if there are few."""
        c, prior, lag = self.constants, self.prior, self.constants.lag
        noise, self.measured = prior, None
        centres, sides = (self.boxes.x, self.boxes.y), (self.log_w, self.log_h)
        near, far = self._second_differences(centres, next_of, 1), self._second_differences(centres, next_of, lag)
        if len(near) >= 5:
            a = self._variance(near)
            if len(far) >= 5:
                q = max((self._variance(far) - a) / (2.0 / 3.0 * (lag * lag * lag - 1)), 0.0)
                q = max(q, 0.1 * a / 6.0 * 0.01)
                r = max((a - 2.0 / 3.0 * q) / 6.0, 0.1 * a / 6.0)
            else:
                q = prior.acceleration
                r = max((a - 2.0 / 3.0 * q) / 6.0, 0.3 * a / 6.0)
            velocities = self._differences(centres, next_of, lag, self.size) / float(lag)
            if len(velocities) < 5:
                velocities = self._differences(centres, next_of, 1, self.size)
            speed = self._variance(velocities)
            few = min(len(near), len(far))
            self.measured = (
                self._shrunk(r, len(near), prior.position / c.position_factor, 1e-6),
                self._shrunk(q, few, prior.acceleration / c.acceleration_factor, 1e-8),
            )
            noise = noise._replace(
                position=c.position_factor * self._shrunk(r, len(near), prior.position / c.position_factor, 1e-5),
                acceleration=c.acceleration_factor
                * self._shrunk(q, few, prior.acceleration / c.acceleration_factor, 1e-7),
                speed=c.speed_factor * self._shrunk(speed, len(velocities), prior.speed / c.speed_factor, 1e-5),
            )
        changes = self._differences(sides, next_of, 1)
        if len(changes) >= 5:
            a = self._variance(changes)
            slow_changes = self._differences(sides, next_of, lag)
            if len(slow_changes) >= 5:
                drift = max((self._variance(slow_changes) - a) / (lag - 1), 0.02 * a)
                r = max((a - drift) / 2.0, 0.1 * a)
            else:
                drift = prior.size_drift
                r = max((a - drift) / 2.0, 0.3 * a)
            noise = noise._replace(
                size=c.size_factor * self._shrunk(r, len(changes), prior.size / c.size_factor, 1e-5),
                size_drift=c.size_drift_factor
                * self._shrunk(drift, len(changes), prior.size_drift / c.size_drift_factor, 1e-7),
            )
        self.noise = noise

    def _after(self, next_of: Ints, steps: int) -> Ints:
        """Return the node `steps` links and frames later, -1 for none."""
        node = np.arange(len(next_of))
        for _ in range(steps):
            node = np.where(node >= 0, next_of[node], -1)
        apart = self.frames[node] - self.frames == steps
        result: Ints = np.where((node >= 0) & apart, node, -1)
        return result

    def _sampled(self, chosen: Bools) -> Ints:
        """Return those of the chosen nodes that are in the sample."""
        nodes = np.flatnonzero(chosen)
        sampled: Ints = nodes[nodes % max(1, len(chosen) // SAMPLE) == 0]
        return sampled

    def _differences(
        self, columns: tuple[Floats, Floats], next_of: Ints, steps: int, scale: Floats | None = None
    ) -> Floats:
        """Return (L, 2) differences of two columns over `steps` frames, divided by the earlier node's `scale`."""
        after = self._after(next_of, steps)
        i = self._sampled(after >= 0)
        found = np.stack([column[after[i]] - column[i] for column in columns], axis=1)
        return found if scale is None else found / scale[i][:, None]

    def _second_differences(self, columns: tuple[Floats, Floats], next_of: Ints, steps: int) -> Floats:
        """Return (L, 2) second differences of two columns at `steps` frames, divided by the size."""
        after = self._after(next_of, steps)
        i = self._sampled((after >= 0) & (after[after] >= 0))
        j = after[i]
        k = after[j]
        found = np.stack([column[i] - 2.0 * column[j] + column[k] for column in columns], axis=1)
        return found / self.size[j][:, None]

    def _variance(self, differences: Floats) -> float:
        """Return the variance of a normal distribution with the same 90 % quantile of absolute values."""
        deviation = float(_quantile(np.abs(differences).ravel(), 9, 10)) / 1.645
        return deviation * deviation

    def _shrunk(self, variance: float, count: int, prior: float, least: float) -> float:
        share = count / (count + self.constants.prior_weight)
        return _exp1(share * _log1(max(variance, least)) + (1.0 - share) * _log1(prior))

    def longest_link(self) -> int:
        """Return the maximum number of frames of a long link.

        In the middle of a gap of d frames, the position has the standard deviation sqrt(q d^3 / 192), with q the
        variance of the acceleration. The longest link is twice the gap at which it is `long_deviation`.
        """
        c = self.constants
        q = self.prior.acceleration if self.measured is None else self.measured[1]
        length = 1
        while length < c.longest and (length + 1) ** 3 * q <= 8.0 * 192.0 * c.long_deviation * c.long_deviation:
            length += 1
        return min(max(length, c.distance), c.longest)

    # --- trajectories

    def tracks(self, next_of: Ints) -> tuple[Ints, dict[int, int]]:
        """Return the track of each node, -1 for none, and the evidence of each track that is kept."""
        order, offsets = _tracks_of(next_of)
        track_of = np.full(len(next_of), -1)
        evidence: dict[int, int] = {}
        for begin, end in pairwise(offsets.tolist()):
            nodes = order[begin:end]
            total = int(self.value[nodes].sum())
            if total >= self.required_evidence():
                track_of[nodes] = nodes[0]
                evidence[int(nodes[0])] = total
        return track_of, evidence

    def required_evidence(self) -> int:
        """Return the minimum evidence of a trajectory; less in short videos."""
        c = self.constants
        return int(np.rint(min(c.evidence, c.evidence_share * float(self.duration)) * ONE))

    def fill(self, next_of: Ints, track_of: Ints) -> None:
        """Add detections of no track to the tracks whose box they overlap: in gaps, then at ends, then at starts."""
        past, future = self.states(next_of)
        free_of = _by_frame(self.frames, np.flatnonzero(track_of < 0))
        members = _members(track_of)
        found: list[tuple[float, int, int]] = []
        for track, nodes in members.items():
            for i, j in pairwise(nodes.tolist()):
                for frame in range(int(self.frames[i]) + 1, int(self.frames[j])):
                    share = float(frame - self.frames[i]) / float(self.frames[j] - self.frames[i])
                    a, b = self.boxes[i], self.boxes[j]
                    box = Boxes(*(p + (q - p) * share for p, q in zip(_sides(a), _sides(b), strict=True)))
                    found += self._overlapping(box, track, free_of.get(frame), int(self.labels[i]))
        self._take(found, track_of, {})
        for states, step in ((past, 1), (future, -1)):
            self._extend(states, step, track_of, free_of, members)

    def _overlapping(self, box: Boxes, track: int, free: Ints | None, label: int) -> list[tuple[float, int, int]]:
        if free is None:
            return []
        free = free[self.labels[free] == label]
        overlap = _overlap(box, self.boxes[free])
        return [
            (-float(value), track, int(node))
            for value, node in zip(overlap, free, strict=True)
            if value >= self.constants.fill_overlap
        ]

    def _take(self, found: list[tuple[float, int, int]], track_of: Ints, taken: dict[tuple[int, int], int]) -> None:
        """Give each track at most one node per frame, the greatest overlap first, then the first track and node."""
        for _, track, node in sorted(found):
            key = (track, int(self.frames[node]))
            if track_of[node] < 0 and key not in taken:
                track_of[node] = track
                taken[key] = node

    def _extend(
        self, states: _States, step: int, track_of: Ints, free_of: dict[int, Ints], members: dict[int, Ints]
    ) -> None:
        """Extend tracks frame by frame, as long as a detection overlaps the predicted box."""
        noise, memory = self.noise, self.constants.size_memory
        ends: dict[int, dict[int, tuple[float, ...]]] = {}  # by frame and track
        for track, nodes in members.items():
            node = nodes[-1] if step > 0 else nodes[0]
            state = tuple(
                float(v[node]) for v in (states.x, states.y, states.vx, states.vy, states.pp, states.pv, states.vv)
            )
            state += (float(self.boxes.w[node]), float(self.boxes.h[node]))
            ends.setdefault(int(self.frames[node]), {})[track] = state
        d = float(step)
        for frame in self.numbers[::step].tolist():
            expected = {
                track: (x + vx * d, y + vy * d, vx, vy, pp, pv, vv, w, h)
                for track, (x, y, vx, vy, pp, pv, vv, w, h) in ends.get(frame - step, {}).items()
            }
            found: list[tuple[float, int, int]] = []
            for track, (x, y, *_, w, h) in expected.items():
                free = free_of.get(frame)
                if free is not None:
                    box = Boxes(*(np.array(v) for v in (x, y, w, h)))
                    found += self._overlapping(box, track, free[track_of[free] < 0], int(self.labels[track]))
            taken: dict[tuple[int, int], int] = {}
            self._take(found, track_of, taken)
            for (track, _), node in taken.items():
                x, y, vx, vy, pp, pv, vv, w, h = expected[track]
                pp = pp + 2.0 * d * pv + vv + noise.acceleration / 3.0
                pv = pv + d * vv + d * noise.acceleration / 2.0
                vv = vv + noise.acceleration
                k0, k1 = pp / (pp + noise.position), pv / (pp + noise.position)
                ex, ey = float(self.boxes.x[node]) - x, float(self.boxes.y[node]) - y
                ends.setdefault(frame, {})[track] = (
                    x + k0 * ex,
                    y + k0 * ey,
                    vx + k1 * ex,
                    vy + k1 * ey,
                    pp - k0 * pp,
                    pv - k0 * pv,
                    vv - k1 * pv,
                    memory * w + (1.0 - memory) * float(self.boxes.w[node]),
                    memory * h + (1.0 - memory) * float(self.boxes.h[node]),
                )

    def smoothed(self, nodes: Ints) -> Boxes:
        """Return the boxes of a track after local linear regression with Gaussian weights, in image coordinates."""
        boxes = self.boxes[nodes]
        if self.measured is not None:
            position, acceleration = self.measured
            bandwidth = self.constants.bandwidth * float(np.sqrt(np.sqrt(position / acceleration)))
            boxes = Boxes(*_regress(np.stack(_sides(boxes)), self.frames[nodes], bandwidth))
        return boxes.moved(self.camera_x[nodes], self.camera_y[nodes])


def _members(track_of: Ints) -> dict[int, Ints]:
    """Return the nodes of each track, ascending."""
    nodes = np.flatnonzero(track_of >= 0)
    nodes = nodes[np.argsort(track_of[nodes], kind="stable")]
    return _by_frame(track_of, nodes)


def _sides(boxes: Boxes) -> tuple[Floats, Floats, Floats, Floats]:
    return boxes.x, boxes.y, boxes.w, boxes.h


def _regress(values: Floats, frames: Ints, bandwidth: float) -> Floats:
    """Smooth (4, L) values by local linear regression."""
    reach = int(np.ceil(2.5 * bandwidth))
    offsets = np.arange(reach + 1, dtype=np.float64)
    weights = exp(-0.5 * (offsets / bandwidth) * (offsets / bandwidth))
    result = values.copy()
    begins = np.searchsorted(frames, frames - reach, "left")
    ends = np.searchsorted(frames, frames + reach, "right")
    for i, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if end - begin < 3:
            continue
        s0 = s1 = s2 = 0.0
        for k in range(begin, end):
            x = float(frames[k] - frames[i])
            weight = float(weights[abs(int(frames[k] - frames[i]))])
            s0, s1, s2 = s0 + weight, s1 + weight * x, s2 + weight * x * x
        det = s0 * s2 - s1 * s1
        if det < 1e-9:
            continue
        total = np.zeros(4)
        for k in range(begin, end):
            x = float(frames[k] - frames[i])
            weight = float(weights[abs(int(frames[k] - frames[i]))])
            total = total + weight * (s2 - s1 * x) * values[:, k]
        result[:, i] = total / det
    return result


# --- results -----------------------------------------------------------------------------------------------------


def _finish(
    detections: Detections,
    options: FlowOptions,
    rows: Ints,
    model: _Model,
    track_of: Ints,
    evidence: dict[int, int],
    reasons: NDArray[np.int8],
    suppressed_by: Ints,
) -> Trajectories:
    paths = _members(track_of)
    for track, nodes in list(paths.items()):
        if len(nodes) < options.min_length:
            reasons[rows[nodes]] = Reason.TOO_SHORT
            del paths[track]
    # Nodes are ordered by frame and row.
    ordered = sorted(paths, key=lambda track: (-evidence[track], paths[track][0]))
    track_ids = np.full(len(detections), -1, np.int64)
    columns: list[NDArray[np.float32]] = [np.empty((0, 4), np.float32)]
    parts: list[Ints] = [np.empty(0, np.int64)]
    labels, scores = [], []
    for number, track in enumerate(ordered):
        nodes = paths[track]
        path = rows[nodes]
        parts.append(path)
        track_ids[path] = number
        reasons[path] = Reason.LINKED
        labels.append(majority_label(detections, path))
        total = 0.0
        for row in path:
            total += float(detections.scores[row])
        scores.append(score_of(detections, path, total, options))
        if options.smooth:
            b = model.smoothed(nodes)
            corners = (b.x - b.w * 0.5, b.y - b.h * 0.5, b.x + b.w * 0.5, b.y + b.h * 0.5)
            columns.append(np.stack(corners, axis=1).astype(np.float32))
    offsets = np.zeros(len(ordered) + 1, np.int64)
    np.cumsum([len(part) for part in parts[1:]], out=offsets[1:])
    return Trajectories(
        detections=detections,
        options=options,
        track_ids=track_ids,
        reasons=reasons,
        suppressed_by=suppressed_by,
        offsets=offsets,
        rows=np.concatenate(parts),
        labels=np.array(labels, np.int32),
        scores=np.array(scores, np.float64),
        smoothed=np.concatenate(columns) if options.smooth else None,
    )
