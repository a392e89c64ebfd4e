"""What all images by matplotlib have in common: their suffixes, colours, axes, and how they are written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from trajtrack.arguments import check_suffix
from trajtrack.files.atomic import atomic_path

__all__ = [
    "COLOURS",
    "IMAGE_SUFFIXES",
    "QUIET",
    "TEXT",
    "image_path",
    "new_figure",
    "quieten",
    "save_figure",
    "style_axes",
]

IMAGE_SUFFIXES = (".png", ".svg", ".pdf")
"""Suffixes of the images that can be written."""
QUIET = "#c3c7cc"
TEXT = "#30343a"
COLOURS = ("#2f6db5", "#d1662b", "#3a8f4d", "#a4478f", "#8a6d1d", "#2a9d9d", "#b8383b", "#6b5fc7")
"""Colours of lines in turn, distinguishable for most people with colour blindness too."""

_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""Metadata without the time of writing, so that the same figure is the same file."""


def image_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of an image; ValueError if the suffix is not supported."""
    target = Path(path)
    check_suffix(target, IMAGE_SUFFIXES)
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
    quieten(axes)


def quieten(axes: Any) -> None:
    """Give axes quiet borders and small labels."""
    axes.spines[:].set_color(QUIET)
    axes.tick_params(which="both", color=QUIET, labelcolor=TEXT, labelsize=8)


def save_figure(figure: Any, target: Path) -> None:
    """Write a figure atomically, in the format of the suffix; the same figure gives the same bytes."""
    import matplotlib

    suffix = target.suffix.lower()
    with matplotlib.rc_context({"svg.hashsalt": "trajtrack"}), atomic_path(target) as unfinished:
        figure.savefig(unfinished, format=suffix[1:], metadata=_UNDATED.get(suffix))
