"""What the package's images of curves and charts have in common: colours, axes, and writing by matplotlib."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from trajtrack.files.atomic import atomic_path

__all__ = ["COLOURS", "QUIET", "TEXT", "image_path", "new_figure", "save_figure", "style_axes"]

QUIET = "#c3c7cc"
TEXT = "#30343a"
COLOURS = ("#2f6db5", "#d1662b", "#3a8f4d", "#a4478f", "#8a6d1d", "#2a9d9d", "#b8383b", "#6b5fc7")
"""Colours of lines in turn, distinguishable for most people with colour blindness too."""

_SUFFIXES = (".png", ".svg", ".pdf")


def image_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of an image; ValueError if the suffix is not supported."""
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise ValueError(f"path: found {str(path)!r}, expected one of the suffixes {', '.join(_SUFFIXES)}")
    return target


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure of matplotlib, in inches; ImportError if it is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("images need matplotlib: pip install 'trajtrack[view]'") from error
    figure = Figure(figsize=(width, height), dpi=120, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Any, title: str) -> None:
    """Give axes a title, a quiet grid and quiet borders."""
    axes.set_title(title, loc="left", fontsize=10, color=TEXT, parse_math=False)
    axes.grid(color=QUIET, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_color(QUIET)
    axes.tick_params(which="both", color=QUIET, labelcolor=TEXT, labelsize=8)


def save_figure(figure: Any, target: Path) -> None:
    """Write a figure atomically, in the format of the suffix."""
    with atomic_path(target) as unfinished:
        figure.savefig(unfinished, format=target.suffix[1:].lower())
