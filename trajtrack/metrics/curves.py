"""HOTA over the overlap at which boxes match, as an image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from trajtrack.arguments import check_suffix
from trajtrack.files.atomic import atomic_path
from trajtrack.metrics.evaluate import Metrics
from trajtrack.printable import escaped

__all__ = ["CURVE_SUFFIXES", "draw_hota"]

CURVE_SUFFIXES = (".png", ".svg", ".pdf")
"""Suffixes of the files that `draw_hota` writes."""

_COLOURS = ("#2f6db5", "#d1662b", "#3a8f4d", "#a4478f", "#8a6d1d", "#2a9d9d", "#b8383b", "#6b5fc7")
"""Distinguishable for most people with colour blindness too."""
_QUIET, _TEXT = "#c3c7cc", "#30343a"
_PANELS = (("HOTA", "hota", "hotas"), ("DetA: detection", "deta", "detas"), ("AssA: association", "assa", "assas"))


def draw_hota(metrics: Mapping[str, Metrics], path: str | os.PathLike[str]) -> None:
    """Plot HOTA, detection and association accuracy of each entry over the overlap threshold, with their means.

    Curves that fall late have boxes that fit well; the distance between detection and association says which of the
    two costs more. The last entry is drawn strongest: give that of all videos last.

    Parameters
    ----------
    metrics
        Metrics by name, such as those of several trackers, or of the videos and of all together.
    path
        A ``.png``, ``.svg`` or ``.pdf`` file, written completely or not at all.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the suffix is not supported or there are no metrics.
    OSError
        If the image cannot be written.
    """
    target = Path(path)
    check_suffix(target, CURVE_SUFFIXES)
    if not metrics:
        raise ValueError("metrics: found none, expected at least one")
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("images need matplotlib: pip install 'trajtrack[view]'") from error
    with matplotlib.rc_context({"svg.hashsalt": "trajtrack"}):
        figure = Figure(figsize=(12.0, 4.4), dpi=120, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(_PANELS), sharey=True)
        for axes, (title, mean, values) in zip(panels, _PANELS, strict=True):
            for index, (name, own) in enumerate(metrics.items()):
                is_last = index == len(metrics) - 1
                axes.plot(
                    [100 * overlap for overlap in own.curves.overlaps],
                    [100 * value for value in getattr(own.curves, values)],
                    color=_TEXT if is_last else _COLOURS[index % len(_COLOURS)],
                    linewidth=2.2 if is_last else 1.2,
                    label=f"{escaped(name).replace('$', chr(92) + '$')}  {100 * getattr(own, mean):.1f}",
                )
            axes.set_title(title, loc="left", fontsize=10, color=_TEXT)
            axes.set_xlabel("overlap of a match, at least, per cent", color=_TEXT, fontsize=9)
            axes.set(xlim=(0, 100), ylim=(0, 100))
            axes.tick_params(colors=_TEXT, labelsize=8)
            axes.grid(color=_QUIET, alpha=0.4, linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(loc="lower left", frameon=False, fontsize=8, title="mean over overlaps", title_fontsize=8)
        panels[0].set_ylabel("per cent", color=_TEXT, fontsize=9)
        kind = target.suffix[1:].lower()
        with atomic_path(target) as unfinished:
            figure.savefig(unfinished, format=kind, metadata={"Date": None} if kind == "svg" else None)
