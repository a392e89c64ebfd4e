"""Which answer is chosen in place of which, as an image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from trajtrack.plots import COLOURS, QUIET, TEXT, image_path, new_figure, quieten, save_figure
from trajtrack.printable import escaped
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.by_type import TYPE_TITLES
from trajvqa.evaluation.confusion import MAX_TEXTS, MIN_COVERED, Confusion, confusions

__all__ = ["draw_confusions"]

_PER_ROW = 3
_CELL, _FRAME = 0.36, 1.3
"""Width of a cell, and of what surrounds a matrix, in inches."""
_BAR_WIDTH = 0.8
_INSET = 0.05
"""Distance of the frame of a correct choice from the border of its cell, as a share of the cell."""
_LONGEST_TEXT = 18
_DARK = 0.5
"""Share above which a cell has white numbers."""


def draw_confusions(
    predictions: Mapping[str, int], questions: Questions, path: str | os.PathLike[str], title: str = ""
) -> list[str]:
    """Draw which answer is chosen in place of which, for each question type whose answers are few (`confusions`).

    Rows are the correct answers, columns the chosen ones; correct choices are on the diagonal. The number in a cell
    counts questions. Its colour is their share of the questions that offer the text among their candidates, since a
    text that is rarely offered can only rarely be chosen.

    Parameters
    ----------
    predictions
        The chosen candidate of each question, by ``{video}_{qid}``.
    questions
        The questions, with answers.
    path
        A ``.png``, ``.svg`` or ``.pdf`` file, written completely or not at all.
    title
        Title above the image, such as the name of the model.

    Returns
    -------
    The types that have a matrix, by NExT-QA's codes.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the suffix is not supported, a question has no prediction or no answer, or no type qualifies.
    OSError
        If the image cannot be written.
    """
    target = image_path(path)
    found = confusions(questions, predictions)
    if not found:
        raise ValueError(
            "found no question type whose candidates are nearly all among a few correct answers, expected one with "
            f"at most {MAX_TEXTS} that make up {100 * MIN_COVERED:.0f} % of its candidates"
        )
    columns = min(len(found), _PER_ROW)
    rows = -(-len(found) // columns)
    side = _FRAME + _CELL * max(len(each.texts) + 1 for each in found)
    figure = new_figure(side * columns + _BAR_WIDTH, side * rows + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat[len(found) :]:
        axes.set_visible(False)
    for axes, confusion in zip(panels.flat, found, strict=False):
        image = _draw_matrix(axes, confusion)
    bar = figure.colorbar(image, ax=panels, fraction=0.05, aspect=25, shrink=0.8 / rows, anchor=(0.0, 1.0))
    bar.set_label("share of the questions that offer the text, %", color=TEXT, fontsize=8)
    quieten(bar.ax)
    bar.outline.set_visible(False)
    figure.supxlabel("number: questions; framed: correct; hatched: never offered", color=TEXT, fontsize=8)
    figure.suptitle(escaped(title), color=TEXT, fontsize=11, parse_math=False)
    save_figure(figure, target)
    return [each.kind for each in found]


def _draw_matrix(axes: Any, confusion: Confusion) -> Any:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    count = len(confusion.texts)
    # The column of other texts, if there are any.
    width = count + bool(confusion.offered[:, count].any())
    chosen, offered = confusion.chosen[:, :width], confusion.offered[:, :width]
    shares = np.divide(100.0 * chosen, offered, out=np.full(chosen.shape, np.nan), where=offered > 0)
    colours = LinearSegmentedColormap.from_list("shares", ["white", COLOURS[0]])
    image = axes.imshow(shares, cmap=colours, vmin=0, vmax=100)
    for row, column in np.ndindex(*chosen.shape):
        corner = (column - 0.5, row - 0.5)
        if not offered[row, column]:
            axes.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor=QUIET, hatch="////", linewidth=0))
        elif chosen[row, column]:
            ink = "white" if shares[row, column] > 100 * _DARK else TEXT
            number = f"{chosen[row, column]:,}"
            axes.text(column, row, number, color=ink, fontsize=7.5, ha="center", va="center_baseline")
        if row == column:
            inside = (column - 0.5 + _INSET, row - 0.5 + _INSET)
            side = 1 - 2 * _INSET
            axes.add_patch(Rectangle(inside, side, side, facecolor="none", edgecolor=TEXT, linewidth=0.9))
    names = [_short(text) for text in confusion.texts]
    axes.set_xticks(range(width), [*names, "other"][:width], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), names)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)
    title = f"{TYPE_TITLES[confusion.kind]}: {chosen.sum():,} questions"
    axes.set_title(title, loc="left", fontsize=10, color=TEXT)
    axes.set_xlabel("chosen", color=TEXT, fontsize=9)
    axes.set_ylabel("correct", color=TEXT, fontsize=9)
    quieten(axes)
    return image


def _short(text: str) -> str:
    shown = escaped(text)
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[: _LONGEST_TEXT - 1]}…"
