"""How well answers are grounded in time, as in NExT-GQA's evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trajvqa.datasets.nextgqa import Annotations, Span

__all__ = ["Grounding", "in_seconds", "score_grounding"]

_COLUMNS = ("Acc@GQA", "mIoP", "IoP@0.3", "IoP@0.5", "mIoU", "IoU@0.3", "IoU@0.5")
"""Columns of NExT-GQA's table, in its order, which is that of the fields of `Grounding`."""

_ROUNDING = 1e-3


@dataclass(frozen=True)
class Grounding:
    """How well predicted spans fit annotated ones: shares of the questions, as NExT-GQA's evaluation computes them.

    The *intersection over prediction* (IoP) of a predicted and an annotated span is the time that they share, divided
    by the length of the predicted one; the *intersection over union* (IoU), divided by the time from the earlier start
    to the later end. Spans that do not touch have 0. A prediction without length has IoU 0, and IoP 1 if it lies in the
    annotated span, both ends included. A question with several annotated spans has the greatest of their values,
    separately for IoP and IoU.

    Questions without a predicted span do not count. Means and shares are over those that do.
    """

    acc_gqa: float | None
    """Share of the questions with a correct answer and an IoP of at least 0.5; None if no answers were given."""
    mean_iop: float
    """Mean IoP."""
    iop_30: float
    """Share of the questions with an IoP of at least 0.3."""
    iop_50: float
    """Share of the questions with an IoP of at least 0.5."""
    mean_iou: float
    """Mean IoU."""
    iou_30: float
    """Share of the questions with an IoU of at least 0.3."""
    iou_50: float
    """Share of the questions with an IoU of at least 0.5."""
    count: int
    """Number of annotated questions with a predicted span."""
    missing: int
    """Number of annotated questions without one."""

    def to_dict(self) -> dict[str, Any]:
        """Return shares and counts as values that JSON can hold."""
        return asdict(self)

    def table(self) -> str:
        """Return the columns that NExT-GQA's evaluation prints, in percent to one decimal; a dash means not known."""
        values = list(asdict(self).values())[: len(_COLUMNS)]
        cells = ["-" if value is None else f"{value * 100:.1f}" for value in values]
        widths = [max(len(name), len(cell)) for name, cell in zip(_COLUMNS, cells, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in (_COLUMNS, cells)
        )


def score_grounding(
    annotations: Annotations, spans: Mapping[str, Span], right: Mapping[str, bool] | None = None
) -> Grounding:
    """Compare predicted spans with annotated ones, as NExT-GQA's ``eval_ground.py`` does.

    Parameters
    ----------
    annotations
        The annotated spans.
    spans
        The predicted span of each question, by ``{video}_{qid}``. Those of other questions are ignored.
    right
        Whether each of these questions is answered correctly, for `Grounding.acc_gqa`.

    Raises
    ------
    ValueError
        If no annotated question has a predicted span, or `right` lacks one that has.
    """
    keys = [key for key in annotations.spans if key in spans]
    if not keys:
        raise ValueError(
            f"spans: found none of the {len(annotations)} questions of {annotations.source}, expected some"
        )
    unknown = [] if right is None else [key for key in keys if key not in right]
    if unknown:
        raise ValueError(
            f"right: found nothing about {len(unknown)} of {len(keys)} questions, the first {unknown[0]}, expected "
            "True or False for each"
        )
    iops, ious = zip(*(_overlaps(spans[key], annotations.spans[key]) for key in keys), strict=True)
    acc = None
    if right is not None:
        acc = _mean([right[key] and iop >= 0.5 for key, iop in zip(keys, iops, strict=True)])
    return Grounding(
        acc_gqa=acc,
        mean_iop=_mean(iops),
        iop_30=_mean([iop >= 0.3 for iop in iops]),
        iop_50=_mean([iop >= 0.5 for iop in iops]),
        mean_iou=_mean(ious),
        iou_30=_mean([iou >= 0.3 for iou in ious]),
        iou_50=_mean([iou >= 0.5 for iou in ious]),
        count=len(keys),
        missing=len(annotations) - len(keys),
    )


def _mean(values: Sequence[float]) -> float:
    """Return the mean of values that are added one after the other; `sum` is more precise in some versions of Python.

    The published script adds them so, and in the same order.
    """
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def _overlaps(found: Span, annotated: tuple[Span, ...]) -> tuple[float, float]:
    """Return the greatest IoP and the greatest IoU of a predicted span."""
    start, end = found
    iops, ious = [0.0], [0.0]
    for low, high in annotated:
        if start == end:
            iops.append(float(low <= start <= high))
            continue
        shared = min(high, end) - max(low, start)  # negative if the spans do not touch
        iops.append(shared / (end - start))
        ious.append(shared / (max(high, end) - min(low, start)))
    return max(iops), max(ious)


def in_seconds(shares: Mapping[str, Span], annotations: Annotations) -> dict[str, Span]:
    """Return spans that are given as shares of the duration in seconds, rounded to tenths as in NExT-GQA's evaluation.

    Parameters
    ----------
    shares
        Start and end of each question as shares of the duration, by ``{video}_{qid}``.
    annotations
        What knows the durations. Other questions are left out.

    Raises
    ------
    ValueError
        If an end is beyond the video; the message names the question.
    """
    found = {}
    for key, span in shares.items():
        if key in annotations.videos:
            if span[1] > 1 + _ROUNDING:
                raise ValueError(f"question {key}: found {list(span)}, expected shares of the duration, up to 1")
            start, end = np.round(np.array(span) * annotations.durations[annotations.videos[key]], 1).tolist()
            found[key] = (start, end)
    return found
