"""HOTA over the overlap at which boxes match, as an image."""

from __future__ import annotations

import os
from collections.abc import Mapping

from trajtrack.metrics.evaluate import Metrics
from trajtrack.plots import COLOURS, TEXT, image_path, new_figure, save_figure, style_axes
from trajtrack.printable import escaped

__all__ = ["draw_hota"]

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
    target = image_path(path)
    if not metrics:
        raise ValueError("metrics: found none, expected at least one")
    figure = new_figure(12.0, 4.4)
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (title, mean, values) in zip(panels, _PANELS, strict=True):
        style_axes(axes, title)
        for index, (name, own) in enumerate(metrics.items()):
            is_last = index == len(metrics) - 1
            axes.plot(
                [100 * overlap for overlap in own.curves.overlaps],
                [100 * value for value in getattr(own.curves, values)],
                color=TEXT if is_last else COLOURS[index % len(COLOURS)],
                linewidth=2.2 if is_last else 1.2,
                label=f"{escaped(name).replace('$', chr(92) + '$')}  {100 * getattr(own, mean):.1f}",
            )
        axes.set_xlabel("overlap of a match, at least, per cent", color=TEXT, fontsize=9)
        axes.set(xlim=(0, 100), ylim=(0, 100))
        axes.legend(loc="lower left", frameon=False, fontsize=8, title="mean over overlaps", title_fontsize=8)
    panels[0].set_ylabel("per cent", color=TEXT, fontsize=9)
    save_figure(figure, target)
