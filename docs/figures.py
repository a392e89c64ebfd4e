"""Draw the figures of docs/algorithm.md from the results of the library for one small scene.

``python docs/figures.py [FOLDER]`` writes them to FOLDER (default: docs/images). All boxes are 20 pixels wide and high
and have the same x coordinates, so that a figure with time along x and the y coordinates along y shows every overlap.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from numpy.typing import NDArray

import trajtrack

_SIZE = 20
_SCENE = [  # frame, top, score, column among the boxes of its frame
    (0, 34, 0.9, 0),  # an object that moves down and is missed in frames 3 and 4
    (1, 38, 0.8, 0),
    (2, 42, 0.7, 0),
    (5, 56, 0.6, 0),
    (6, 60, 0.8, 0),
    (7, 64, 0.7, 0),
    (0, 104, 0.5, 0),  # an object that moves up, with two redundant proposals
    (1, 100, 0.7, 0),
    (1, 103, 0.8, 1),
    (2, 96, 0.6, 0),
    (2, 98, 0.4, 1),
    (3, 92, 0.5, 0),
    (4, 4, 0.3, 0),  # a false detection
]
_COLUMNS = [column for *_, column in _SCENE]
_OPTIONS = trajtrack.LinkOptions(max_gap=3)
_WIDTH = 0.3  # width of a box, in frames
_COLOURS = ("#1d4ed8", "#b45309", "#15803d")
_GREY = "#6b7280"
_TEXT = "#1f2937"


def scene() -> trajtrack.Detections:
    tops = np.array([top for _, top, *_ in _SCENE])
    boxes = np.stack([np.zeros_like(tops), tops, np.full_like(tops, _SIZE), tops + _SIZE], axis=1)
    return trajtrack.Detections(boxes, [score for *_, score, _ in _SCENE], [frame for frame, *_ in _SCENE])


def draw_links(axes: Axes) -> None:
    """Draw the links between successive frames, and the one across a gap with the expected box."""
    found, graph, tracks = scene(), trajtrack.link_graph(scene(), _OPTIONS), trajtrack.link(scene(), _OPTIONS)
    for row in range(len(found)):
        _box(axes, found, row, _GREY)
    for row, target in _links(graph):
        is_gap = found.frames[target] - found.frames[row] > 1
        _arrow(axes, found, row, target, _COLOURS[0] if is_gap else _GREY, dashed=is_gap)
        if is_gap:
            _expected(axes, tracks[int(tracks.track_ids[row])], row, int(found.frames[target]))


def draw_best_path(axes: Axes) -> None:
    """Draw the best sum of each box of the second object, and the path that attains the best one."""
    found, graph, tracks = scene(), trajtrack.link_graph(scene(), _OPTIONS), trajtrack.link(scene(), _OPTIONS)
    second = tracks[1]
    rows = [row for row in range(len(found)) if found.boxes[row, 1] > 90]
    best = _best_sums(found, graph)
    assert np.isclose(best[second.rows[0]], second.scores.sum()), "the figure and the library disagree"
    taken = set(zip(second.rows, second.rows[1:], strict=False))
    for row in rows:
        on_path = row in second.rows
        _box(axes, found, row, _COLOURS[1] if on_path else _GREY, text=f"{found.scores[row]:.1f}")
        x, top = _centre(row, found)[0], found.boxes[row, 1]
        axes.text(x, top - 1, f"B = {best[row]:.1f}", ha="center", va="bottom", color=_TEXT, fontsize=11, weight="bold")
    for row, target in _links(graph):
        if row in rows:
            is_taken = (row, target) in taken
            _arrow(axes, found, row, target, _COLOURS[1] if is_taken else _GREY, width=2.2 if is_taken else 1.0)


def draw_suppression(axes: Axes) -> None:
    """Draw the trajectories in the order in which they were selected, and the boxes that they suppressed."""
    found, tracks = scene(), trajtrack.link(scene(), _OPTIONS)
    for row, (number, reason) in enumerate(zip(tracks.track_ids, tracks.reasons, strict=True)):
        is_suppressed = reason == trajtrack.Reason.SUPPRESSED
        _box(axes, found, row, _GREY if is_suppressed else _COLOURS[number], crossed=is_suppressed)
    for track in tracks:
        for row, target in zip(track.rows, track.rows[1:], strict=False):
            if row >= 0 and target >= 0:
                _arrow(axes, found, row, target, _COLOURS[track.id], width=2.2)
        for frame, box in zip(track.frames[track.interpolated], track.boxes[track.interpolated], strict=True):
            _rectangle(axes, float(frame), box[1], _COLOURS[track.id], linestyle=":", fill=False)
        last = track.boxes[-1]
        detected = [found.scores[row] for row in track.rows if row >= 0]
        axes.text(
            track.end + 0.22,
            (last[1] + last[3]) / 2,
            f"selected {('first', 'second', 'third')[track.id]}: sum {sum(detected):.1f}",
            va="center",
            color=_COLOURS[track.id],
            fontsize=11,
        )


def draw_streaming(axes: Axes) -> None:
    """Draw when a `Linker` returns each connected component: as soon as no later frame can link to it."""
    found, tracks = scene(), trajtrack.link(scene(), _OPTIONS)
    linker = trajtrack.Linker(_OPTIONS)
    pushed: list[int] = []
    for frame in range(int(found.frames.max()) + _OPTIONS.max_gap + 2):
        rows = np.flatnonzero(found.frames == frame)
        pushed += rows.tolist()
        settled = linker.push(found.boxes[rows], found.scores[rows])
        if len(settled):
            rows = np.array(pushed)[settled.rows]
            _returned(axes, found, rows, _COLOURS[tracks.track_ids[rows].max()], frame)
    assert linker.num_open == 0, "the figure omits a component"


def _returned(axes: Axes, found: trajtrack.Detections, rows: NDArray[np.int64], colour: str, frame: int) -> None:
    for row in rows:
        _box(axes, found, row, colour)
    tops = found.boxes[rows, 1]
    begin, end = int(found.frames[rows].min()) - 0.3, int(found.frames[rows].max()) + 0.6
    top, bottom = float(tops.min()) - 4, float(tops.max()) + _SIZE + 4
    axes.add_patch(Rectangle((begin, top), end - begin, bottom - top, facecolor=colour, alpha=0.1, linewidth=0))
    middle = (top + bottom) / 2
    axes.annotate(
        f"returned\nin frame {frame}",
        xy=(end, middle),
        xytext=(frame, middle),
        arrowprops={"arrowstyle": "<-", "color": colour},
        ha="center",
        va="center",
        color=colour,
        fontsize=10,
    )


def _links(graph: trajtrack.LinkGraph) -> Iterable[tuple[int, int]]:
    for row, (begin, end) in enumerate(zip(graph.offsets, graph.offsets[1:], strict=False)):
        yield from ((row, int(target)) for target in graph.targets[begin:end])


def _best_sums(found: trajtrack.Detections, graph: trajtrack.LinkGraph) -> dict[int, float]:
    best: dict[int, float] = {}
    for row in np.argsort(-found.frames, kind="stable").tolist():
        after = graph.targets[graph.offsets[row] : graph.offsets[row + 1]].tolist()
        best[row] = float(found.scores[row]) + max([0.0, *(best[target] for target in after)])
    return best


def _expected(axes: Axes, track: trajtrack.Trajectory, row: int, frame: int) -> None:
    """Draw the expected box of a chain that starts with its trajectory."""
    last = int(np.flatnonzero(track.rows == row)[0])
    step = (track.boxes[last] - track.boxes[0]) / (track.frames[last] - track.frames[0])
    top = float((track.boxes[last] + step * (frame - track.frames[last]))[1])
    _rectangle(axes, float(frame), top, _COLOURS[0], linestyle=":", fill=False)
    axes.text(frame, top - 1, "expected", ha="center", va="bottom", color=_COLOURS[0], fontsize=10)


def _centre(row: int, found: trajtrack.Detections) -> tuple[float, float]:
    return float(found.frames[row]) + 0.36 * _COLUMNS[row], float(found.boxes[row, 1]) + _SIZE / 2


def _box(
    axes: Axes, found: trajtrack.Detections, row: int, colour: str, text: str | None = None, crossed: bool = False
) -> None:
    x, y = _centre(row, found)
    _rectangle(axes, x, float(found.boxes[row, 1]), colour, hatch="////" if crossed else None)
    axes.text(x, y, text or f"{found.scores[row]:.1f}", ha="center", va="center", color=_TEXT, fontsize=10, zorder=4)


def _rectangle(
    axes: Axes, x: float, top: float, colour: str, linestyle: str = "-", fill: bool = True, hatch: str | None = None
) -> None:
    corner = (x - _WIDTH / 2, top)
    face = matplotlib.colors.to_rgba("white" if hatch else colour, 1 if hatch else 0.15)
    if fill:
        axes.add_patch(Rectangle(corner, _WIDTH, _SIZE, facecolor="white", edgecolor="none", zorder=2))
    axes.add_patch(
        Rectangle(
            corner,
            _WIDTH,
            _SIZE,
            facecolor=face if fill else "none",
            edgecolor=(*matplotlib.colors.to_rgb(colour), 0.35) if hatch else colour,
            linestyle=linestyle,
            hatch=hatch,
            zorder=3,
        )
    )


def _arrow(
    axes: Axes,
    found: trajtrack.Detections,
    row: int,
    target: int,
    colour: str,
    width: float = 1.2,
    dashed: bool = False,
) -> None:
    (x, y), (x_after, y_after) = _centre(row, found), _centre(target, found)
    axes.add_patch(
        FancyArrowPatch(
            (x + _WIDTH / 2, y),
            (x_after - _WIDTH / 2, y_after),
            arrowstyle="-|>",
            mutation_scale=10,
            color=colour,
            linewidth=width,
            linestyle="--" if dashed else "-",
            shrinkA=0,
            shrinkB=0,
            zorder=1 + width / 10,  # the path above other links, all links behind the boxes
        )
    )


_FIGURES = {  # the function, the last frame and the limits of the y axis
    "links": (draw_links, 7, (130, -2)),
    "best-path": (draw_best_path, 3, (130, 84)),
    "suppression": (draw_suppression, 8.8, (130, -2)),
    "streaming": (draw_streaming, 11, (132, -3)),
}


def write(folder: Path) -> None:
    """Write all figures; repeated calls write the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "trajtrack", "font.family": "DejaVu Sans", "hatch.linewidth": 0.6}):
        for name, (draw, last, heights) in _FIGURES.items():
            figure = Figure(figsize=(9, 4.2), facecolor="white", layout="constrained")
            axes = figure.subplots()
            draw(axes)
            axes.set(xlim=(-0.5, last + 0.6), ylim=heights, xlabel="frame")
            axes.set_xticks(range(int(last) + 1))
            axes.set_ylabel("y, pixels")
            axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(folder / f"algorithm-{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
