"""Accuracy by question type, of one model or beside others, as an image."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from trajtrack.plots import COLOURS, TEXT, image_path, new_figure, save_figure, style_axes
from trajtrack.printable import escaped
from trajvqa.datasets.questions import Questions
from trajvqa.evaluation.accuracy import is_right
from trajvqa.evaluation.by_type import LEAST_VIDEOS, Estimate, TypeResult, results_by_type

__all__ = ["draw_accuracy"]

_NAMES_WIDTH, _ACCURACY_WIDTH, _DIFFERENCE_WIDTH, _AGREEMENT_WIDTH = 2.6, 4.0, 2.8, 3.4
_ROW_HEIGHT, _FRAME_HEIGHT = 0.32, 1.5
_GAP = 0.5
"""Distance before a group, in rows."""
_STEP = 0.27
"""Distance between the models of a row, in rows."""
_MARGIN = 3.0
"""Percentage points left free beside the outermost mark."""
_BOTH, _NEITHER = "#868d96", "#e6e8ea"
_LEAST_LABELLED = 6.0
"""Smallest share in per cent that has room for its number."""
_NAME_LENGTH, _NAME_BEGIN = 70, 16


def draw_accuracy(
    predictions: Mapping[str, Mapping[str, int]], questions: Questions, path: str | os.PathLike[str]
) -> None:
    """Draw the accuracy of a model by question type, and what sets it apart from other models.

    Each type and group of NExT-QA that has questions is a row, with the number of its questions. A dot is an accuracy;
    its bar is the 95 % interval by the bootstrap over videos (`bootstrap_interval`), from the questions of that row
    alone, so that the bars of types with few questions are long. Where all draws have the same accuracy, as with one
    video or only correct answers, there is no interval, and the dot is hollow. Chance is a dashed line.

    With other models, a second panel shows the difference of the first from each, with its interval on the same draws:
    its dot is filled where that excludes 0, which says more than whether the bars of two accuracies overlap. A further
    panel for each other model shows the shares of the questions that both answer correctly, one alone, or neither. The
    intervals are not corrected for the number of types: of 20 differences that do not exist, one is filled.

    Parameters
    ----------
    predictions
        The chosen candidate of each question, by ``{video}_{qid}``, for each model by its name; the first is compared
        with the others.
    questions
        The questions, with answers.
    path
        A ``.png``, ``.svg`` or ``.pdf`` file, written completely or not at all.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the suffix is not supported, there is no model or no question, or a question has no prediction or no answer.
    OSError
        If the image cannot be written.
    """
    target = image_path(path)
    if not predictions:
        raise ValueError("predictions: found none, expected those of at least one model")
    results = results_by_type(questions, [is_right(questions, each) for each in predictions.values()])
    places = _places(results)
    others = len(predictions) - 1
    widths = [_ACCURACY_WIDTH, *[_DIFFERENCE_WIDTH] * (others > 0), *[_AGREEMENT_WIDTH] * others]
    figure = new_figure(_NAMES_WIDTH + sum(widths), _FRAME_HEIGHT + _ROW_HEIGHT * (places[-1] + 1 + others))
    (panels,) = figure.subplots(1, len(widths), sharey=True, squeeze=False, width_ratios=widths)
    _draw_accuracies(panels[0], results, places, 100 / questions.num_candidates)
    if others:
        _draw_differences(panels[1], results, places)
    for index, axes in enumerate(panels[2:]):
        _draw_agreement(axes, results, places, index)
    _name_rows(panels[0], results, places)
    _entitle(figure, panels[0], list(predictions), results[0].videos)
    figure.supxlabel(_caption(results), color=TEXT, fontsize=8)
    save_figure(figure, target)


def _places(results: Sequence[TypeResult]) -> list[float]:
    """Return the vertical position of each row."""
    places: list[float] = []
    for result in results:
        places.append(places[-1] + 1 + (_GAP if result.is_total else 0) if places else 0.0)
    return places


def _draw_accuracies(axes: Any, results: Sequence[TypeResult], places: Sequence[float], chance: float) -> None:
    style_axes(axes, "Accuracy, %")
    axes.axvline(chance, color=TEXT, linewidth=0.8, linestyle="--")
    ends = [chance]
    for result, place in zip(results, places, strict=True):
        shifts = _shifts(len(result.accuracies))
        for estimate, shift, colour in zip(result.accuracies, shifts, COLOURS, strict=False):
            _draw_estimate(axes, estimate, place + shift, colour, filled=estimate.has_interval)
            ends += [100 * estimate.low, 100 * estimate.high, 100 * estimate.value]
    axes.set_xlim(max(min(ends) - _MARGIN, -_MARGIN / 2), min(max(ends) + _MARGIN, 100 + _MARGIN / 2))


def _draw_differences(axes: Any, results: Sequence[TypeResult], places: Sequence[float]) -> None:
    style_axes(axes, "Difference, points")
    axes.axvline(0, color=TEXT, linewidth=0.8)
    for result, place in zip(results, places, strict=True):
        shifts = _shifts(len(result.differences))
        for index, (estimate, shift) in enumerate(zip(result.differences, shifts, strict=True)):
            _draw_estimate(axes, estimate, place + shift, COLOURS[1 + index], filled=result.differs[index])


def _draw_agreement(axes: Any, results: Sequence[TypeResult], places: Sequence[float], index: int) -> None:
    style_axes(axes, "Correct: both, one alone, neither, %")
    axes.grid(visible=False)
    colours = (_BOTH, COLOURS[0], COLOURS[1 + index], _NEITHER)
    for result, place in zip(results, places, strict=True):
        each = result.agreements[index]
        begin = 0.0
        for share, colour in zip((each.both, each.first, each.second, each.neither), colours, strict=True):
            width = 100 * share
            axes.barh(place, width, left=begin, height=0.7, color=colour)
            if width >= _LEAST_LABELLED:
                ink = TEXT if colour == _NEITHER else "white"
                middle = begin + width / 2
                axes.text(middle, place, f"{width:.0f}", color=ink, fontsize=7, ha="center", va="center_baseline")
            begin += width
    axes.set_xlim(0, 100)


def _draw_estimate(axes: Any, estimate: Estimate, place: float, colour: str, filled: bool) -> None:
    axes.plot([100 * estimate.low, 100 * estimate.high], [place, place], "-", color=colour, linewidth=1.6, zorder=2)
    face = colour if filled else "white"
    axes.plot(100 * estimate.value, place, "o", color=colour, markerfacecolor=face, markersize=4.5, zorder=3)


def _shifts(count: int) -> list[float]:
    """Return vertical offsets from the middle of a row, one for each model."""
    return [_STEP * (index - (count - 1) / 2) for index in range(count)]


def _name_rows(axes: Any, results: Sequence[TypeResult], places: Sequence[float]) -> None:
    names = [f"{each.title}: {each.questions:,} {_noun('question', each.questions)}" for each in results]
    axes.set_yticks(places, names)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    for label, result in zip(axes.get_yticklabels(), results, strict=True):
        label.set_fontweight("bold" if result.is_total else "normal")


def _entitle(figure: Any, axes: Any, names: Sequence[str], videos: int) -> None:
    """Say what the image is of: one model, or the colours of several and of the bars that belong to no model alone."""
    title = f"accuracy by question type, {videos:,} {_noun('video', videos)}"
    if len(names) == 1:
        figure.suptitle(f"{_short(names[0])}: {title}", color=TEXT, fontsize=11, parse_math=False)
        return
    for name, colour in zip(names, COLOURS, strict=False):
        axes.plot([], [], "o-", color=colour, markersize=4.5, linewidth=1.6, label=_short(name))
    for colour, label in ((_BOTH, "both correct"), (_NEITHER, "neither correct")):
        axes.plot([], [], "s", color=colour, markersize=7, label=label)
    legend = figure.legend(
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize=8,
        labelcolor=TEXT,
        title=title.capitalize(),
        title_fontsize=11,
    )
    legend.get_title().set_color(TEXT)
    for text in legend.get_texts():  # a dollar sign in a name is no formula
        text.set_parse_math(False)


def _caption(results: Sequence[TypeResult]) -> str:
    lines = ["dot: accuracy; bar: 95 % interval (bootstrap over videos); dashed: chance"]
    if not all(estimate.has_interval for each in results for estimate in each.accuracies):
        lines[0] += "; hollow: no interval, since all draws are alike"
    if results[0].differences:
        few = min(each.videos for each in results) < LEAST_VIDEOS
        exception = f" and there are at least {LEAST_VIDEOS} videos" if few else ""
        lines.append(f"difference: the first minus the other; filled where its 95 % interval excludes 0{exception}")
    return "\n".join(lines)


def _noun(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _short(name: str) -> str:
    """Return a name that fits above the image; a long one lacks its middle."""
    text = escaped(name)
    return text if len(text) <= _NAME_LENGTH else f"{text[:_NAME_BEGIN]}…{text[1 + _NAME_BEGIN - _NAME_LENGTH :]}"
