"""Trajectories drawn as a still image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import check_tracks, identities_of
from trajtrack.columns import as_count
from trajtrack.detections import Detections
from trajtrack.plots import QUIET, TEXT, image_path, new_figure, quieten, save_figure
from trajtrack.printable import counted, escaped
from trajtrack.trajectories import Trajectories
from trajtrack.viewer.colours import track_colours
from trajtrack.viewer.images import check_size

__all__ = ["draw"]

_IMAGE_WIDTH = 8.6  # inches
_LABELLED = 60
"""Maximum number of trajectories whose IDs fit into the image."""


def draw(
    tracks: Trajectories | Detections,
    path: str | os.PathLike[str],
    *,
    detections: Detections | None = None,
    size: tuple[float, float] | None = None,
    max_tracks: int = 40,
    title: str | None = None,
) -> None:
    """Draw the paths of trajectories through the video, and a timeline of the frames that each spans.

    On the left each trajectory is the path of the centre of its boxes, from a dot to the last box, labelled with its
    ID. On the right it is a bar along the frames; bars are sorted by first frame. Across gaps paths are dotted and bars
    are pale.

    Parameters
    ----------
    tracks
        Trajectories, or boxes with `track_ids`, whose rows with -1 are ignored.
    path
        A ``.png``, ``.svg`` or ``.pdf`` file, which is written completely or not at all.
    detections
        All detections, whose centres are drawn as faint dots; default: no dots.
    size
        Width and height of the video in pixels; default: large enough for all boxes.
    max_tracks
        Maximum number of trajectories with a colour and a bar: those with the most detections. The others are grey
        paths.
    title
        Title above the image; default: the number of trajectories.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `tracks` are not Trajectories or Detections.
    ValueError
        If the suffix is not supported, boxes have no identities, or the size is out of range.
    OSError
        If the file cannot be written.
    """
    target = image_path(path)
    if size is not None:
        check_size(size)
    chosen, others = _select(_as_paths(tracks), as_count("max_tracks", max_tracks))
    low, high = _extent([*chosen, *others], size)
    height = _IMAGE_WIDTH * float((high[1] - low[1]) / (high[0] - low[0])) + 1.2
    figure = new_figure(_IMAGE_WIDTH * 1.65, min(max(height, 4.5), 12.0))
    image, timeline = figure.subplots(1, 2, width_ratios=(1.7, 1))
    _draw_paths(image, chosen, others, detections)
    image.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), aspect="equal")
    _draw_timeline(timeline, chosen, _num_frames(tracks))
    # A dollar sign in a name is no formula.
    text = escaped(title or _count(chosen, others), keep="\n")
    figure.suptitle(text, color=TEXT, fontsize=13, parse_math=False)
    save_figure(figure, target)


@dataclass(frozen=True)
class _Path:
    """The detected boxes of one trajectory, sorted by frame."""

    number: int
    frames: NDArray[np.int32]
    boxes: NDArray[np.float32]

    @property
    def colour(self) -> tuple[float, float, float]:
        """Red, green and blue from 0 to 1."""
        red, green, blue = (track_colours([self.number], on_white=True)[0] / 255).tolist()
        return red, green, blue

    @property
    def centres(self) -> NDArray[np.float64]:
        corners = self.boxes.astype(np.float64)
        return (corners[:, :2] + corners[:, 2:]) / 2

    @property
    def runs(self) -> list[slice]:
        """Runs of rows without missing frames between them."""
        breaks = np.flatnonzero(np.diff(self.frames) > 1) + 1
        return [slice(a, b) for a, b in zip([0, *breaks], [*breaks, len(self.frames)], strict=True)]

    @property
    def gaps(self) -> list[slice]:
        """Pairs of rows on either side of missing frames."""
        return [slice(row, row + 2) for row in np.flatnonzero(np.diff(self.frames) > 1)]


def _as_paths(tracks: Trajectories | Detections) -> list[_Path]:
    check_tracks(tracks)
    boxes = tracks.to_detections(interpolate=False) if isinstance(tracks, Trajectories) else tracks
    ids = identities_of(boxes)
    order = np.lexsort((boxes.frames, ids))
    order = order[ids[order] >= 0]
    numbers, begins = np.unique(ids[order], return_index=True)
    rows = np.split(order, begins[1:])
    return [
        _Path(number, boxes.frames[own], boxes.boxes[own]) for number, own in zip(numbers.tolist(), rows, strict=False)
    ]


def _select(paths: list[_Path], limit: int) -> tuple[list[_Path], list[_Path]]:
    """Return the longest paths, sorted by first frame, and the others."""
    by_length = sorted(paths, key=lambda path: (-len(path.frames), path.number))
    chosen = sorted(by_length[:limit], key=lambda path: (path.frames[0], path.number))
    return chosen, by_length[limit:]


def _count(chosen: list[_Path], others: list[_Path]) -> str:
    total = len(chosen) + len(others)
    text = counted(total, "trajectory", "trajectories")
    return f"{text}, the {len(chosen)} longest in colour" if others else text


def _num_frames(tracks: Trajectories | Detections) -> int:
    return tracks.detections.num_frames if isinstance(tracks, Trajectories) else tracks.num_frames


def _draw_paths(
    axes: Any,
    chosen: list[_Path],
    others: list[_Path],
    detections: Detections | None,
) -> None:
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Rectangle

    if detections is not None and len(detections):
        centres = (detections.boxes[:, :2] + detections.boxes[:, 2:]) / 2
        axes.plot(*centres.T, ".", markersize=1.5, color=QUIET, alpha=0.5, zorder=1, rasterized=True)
    axes.add_collection(LineCollection([path.centres for path in others], colors=QUIET, linewidths=0.8, zorder=2))
    for path in chosen:
        colour, centres = path.colour, path.centres
        axes.add_collection(
            LineCollection([centres[run] for run in path.runs], colors=[colour], linewidths=1.8, zorder=4)
        )
        axes.add_collection(
            LineCollection(
                [centres[gap] for gap in path.gaps], colors=[colour], linewidths=1.4, linestyles=":", zorder=3
            )
        )
        x1, y1, x2, y2 = path.boxes[-1].tolist()
        box = [Rectangle((x1, y1), x2 - x1, y2 - y1)]
        axes.add_collection(
            PatchCollection(box, facecolors=[(*colour, 0.10)], edgecolors=[(*colour, 0.9)], linewidths=1.2, zorder=5)
        )
        axes.plot(*centres[0], "o", markersize=4, color=colour, zorder=5)
        if len(chosen) <= _LABELLED:
            axes.text(
                x1,
                y1,
                str(path.number),
                color="white",
                fontsize=7,
                va="bottom",
                clip_on=True,
                zorder=6,
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2},
            )
    _entitle(axes, "Where: paths of box centres from the dot to the last box, dotted across gaps")
    axes.set_xlabel("x, pixels", color=TEXT)
    axes.set_ylabel("y, pixels", color=TEXT)
    quieten(axes)


def _draw_timeline(axes: Any, chosen: list[_Path], num_frames: int) -> None:
    for index, path in enumerate(chosen):
        colour = path.colour
        spans = [(path.frames[run.start], path.frames[run.stop - 1] - path.frames[run.start] + 1) for run in path.runs]
        axes.broken_barh(
            [(path.frames[0], path.frames[-1] - path.frames[0] + 1)],
            (index - 0.36, 0.72),
            facecolors=[(*colour, 0.25)],
        )
        axes.broken_barh(spans, (index - 0.36, 0.72), facecolors=[colour])
    axes.set(xlim=(0, max(num_frames, 1)), ylim=(max(len(chosen), 1) - 0.4, -0.6))
    ticks = range(len(chosen)) if len(chosen) <= _LABELLED else []
    axes.set_yticks(ticks, [str(chosen[index].number) for index in ticks], fontsize=7)
    axes.set_xlabel("frame", color=TEXT)
    axes.set_ylabel("trajectory", color=TEXT)
    axes.grid(axis="x", color=QUIET, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)
    _entitle(axes, "When: pale across gaps")
    quieten(axes)


def _extent(paths: list[_Path], size: tuple[float, float] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the upper left and the lower right corner of the visible area."""
    if size is not None:
        return np.zeros(2), np.asarray(size, np.float64)
    if not paths:
        return np.zeros(2), np.ones(2)
    low = np.min([path.boxes[:, :2].min(axis=0) for path in paths], axis=0).astype(np.float64)
    high = np.max([path.boxes[:, 2:].max(axis=0) for path in paths], axis=0).astype(np.float64)
    margin = 0.02 * np.max(high - low) + 1e-6
    return low - margin, high + margin


def _entitle(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=TEXT)
