"""Draw the figures of docs/flow.md from the results of the library for small synthetic scenes.

``python docs/flow_figures.py [FOLDER]`` writes them to FOLDER (default: docs/images).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

import trajtrack
from trajtrack import flow_reference
from trajtrack.flow_options import FlowConstants

_COLOURS = ("#1d4ed8", "#b45309", "#15803d", "#7c3aed", "#be123c", "#0e7490", "#4d7c0f", "#a21caf")
_GREY = "#9ca3af"
_SIZE = 30


class _Crossing(NamedTuple):
    """Two objects that cross while a detector often misses them, and false detections."""

    detections: trajtrack.Detections
    tops: NDArray[np.float64]
    owners: NDArray[np.int64]
    """The object of each detection, 2 for false detections."""


def _crossing() -> _Crossing:
    rng = np.random.default_rng(0)
    rows = []
    for owner, (start, speed) in enumerate(((20, 2.6), (180, -2.6))):
        for frame in range(60):
            top = start + speed * frame + rng.normal(0, 0.8)
            if 27 <= frame <= 33 and rng.random() < 0.6:
                continue
            rows.append((frame, top, rng.uniform(0.6, 0.95), owner))
    rows += [(frame, rng.uniform(0, 200), rng.uniform(0.05, 0.4), 2) for frame in range(0, 60, 9)]
    frames, tops, scores, owners = np.array(rows).T
    boxes = np.stack([np.full_like(tops, 100), tops, np.full_like(tops, 100 + _SIZE), tops + _SIZE], axis=1)
    return _Crossing(trajtrack.Detections(boxes, scores, frames.astype(int)), tops, owners.astype(int))


def draw_confidence(figure: Figure) -> None:
    """Draw the confidence and the precision of detections by score, for probabilities and for logits."""
    scene = trajtrack.make_scene(
        num_frames=200, objects_per_frame=12, num_classes=1, false_positives=12, dropout=0.05, seed=5
    )
    found = scene.detections
    correct = _is_correct(found, scene.truth)
    probabilities = found.scores.astype(np.float64)
    logits = np.log(np.clip(probabilities, 1e-3, 1 - 1e-3) / (1 - np.clip(probabilities, 1e-3, 1 - 1e-3)))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, scores, name in zip(panels, (probabilities, logits), ("probabilities", "logits"), strict=True):
        order = np.argsort(found.frames, kind="stable")
        confidence = flow_reference.calibrate(
            flow_reference.Boxes.of(found.boxes[order]),
            scores[order].astype(np.float32),
            found.frames[order].astype(np.int64),
            np.zeros(len(order), np.int64),
            FlowConstants(),
        )
        by_score = np.argsort(scores[order], kind="stable")
        axes.plot(scores[order][by_score], confidence[by_score], color=_COLOURS[0], label="confidence")
        edges = np.quantile(scores, np.linspace(0, 1, 13))
        bins = np.clip(np.searchsorted(edges, scores, "right") - 1, 0, 11)
        axes.plot(
            [scores[bins == k].mean() for k in range(12)],
            [correct[bins == k].mean() for k in range(12)],
            "o",
            color=_COLOURS[1],
            label="share of correct detections",
        )
        axes.axhline(FlowConstants().high, color=_GREY, linestyle="--", linewidth=1)
        axes.set(xlabel=f"score ({name})")
    panels[0].set(ylabel="confidence", ylim=(-0.03, 1.03))
    panels[0].legend(loc="lower right", frameon=False)


def _is_correct(found: trajtrack.Detections, truth: trajtrack.Detections) -> NDArray[np.bool_]:
    """Return whether each detection overlaps a true box of its frame by at least a half."""
    correct = np.zeros(len(found), bool)
    for frame in range(found.num_frames):
        rows, true = np.flatnonzero(found.frames == frame), truth.boxes[truth.frames == frame].astype(np.float64)
        boxes = found.boxes[rows].astype(np.float64)[:, None]
        sides = np.minimum(boxes[..., 2:], true[:, 2:]) - np.maximum(boxes[..., :2], true[:, :2])
        intersection = np.clip(sides, 0, None).prod(axis=-1)
        union = (boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) + (true[:, 2:] - true[:, :2]).prod(axis=-1)
        correct[rows] = (intersection / (union - intersection)).max(axis=1, initial=0) >= 0.5
    return correct


def draw_paths(figure: Figure) -> None:
    """Draw the trajectories of two objects that cross, by Seq-NMS and by minimum-cost flow."""
    scene = _crossing()
    panels = figure.subplots(1, 2, sharey=True)
    for axes, method, name in zip(panels, ("seq-nms", "flow"), ("Seq-NMS", "minimum-cost flow"), strict=True):
        tracks = trajtrack.link(scene.detections, method=method)
        for track in tracks:
            colour = _COLOURS[track.id % len(_COLOURS)]
            middle = (track.boxes[:, 1] + track.boxes[:, 3]) / 2
            axes.plot(track.frames, middle, color=colour, linewidth=1)
            real = track.rows >= 0
            axes.plot(track.frames[real], middle[real], ".", color=colour, markersize=6)
        left = tracks.track_ids < 0
        axes.plot(scene.detections.frames[left], scene.tops[left] + _SIZE / 2, "x", color=_GREY, markersize=5)
        axes.set_title(f"{name}: {len(tracks)} trajectories", fontsize=11)
        axes.set(xlabel="frame")
    panels[0].set(ylabel="y of the centre, pixels")
    panels[0].invert_yaxis()


def draw_boxes(figure: Figure) -> None:
    """Draw the upper edge of a trajectory's boxes: detected, smoothed, and interpolated across the gap."""
    scene = _crossing()
    tracks = trajtrack.link(scene.detections, method="flow")
    track = tracks[0]
    axes: Axes = figure.subplots()
    real = track.rows >= 0
    line = np.polyval(np.polyfit(track.frames, track.boxes[:, 1], 1), track.frames)
    detected = scene.detections.boxes[track.rows[real], 1]
    axes.plot(track.frames[real], detected - line[real], "o", color=_GREY, markersize=4, label="detected")
    axes.plot(track.frames, track.boxes[:, 1] - line, color=_COLOURS[0], label="smoothed")
    axes.plot(
        track.frames[~real],
        (track.boxes[:, 1] - line)[~real],
        "s",
        color=_COLOURS[1],
        markersize=4,
        label="interpolated",
    )
    axes.set(xlabel="frame", ylabel="upper edge, pixels from a straight path")
    axes.legend(frameon=False)


_FIGURES = {
    "confidence": (draw_confidence, 3.6),
    "paths": (draw_paths, 3.8),
    "boxes": (draw_boxes, 3.2),
}  # the function and the height in inches


def write(folder: Path) -> None:
    """Write all figures; repeated calls write the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "trajtrack", "font.family": "DejaVu Sans"}):
        for name, (draw, height) in _FIGURES.items():
            figure = Figure(figsize=(9, height), facecolor="white", layout="constrained")
            draw(figure)
            for axes in figure.axes:
                axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(folder / f"flow-{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
