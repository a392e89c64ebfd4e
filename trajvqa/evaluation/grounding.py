"""Grounding of answers in time as in NExT-GQA's evaluation, and its files of annotated and of predicted spans."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files import json_fields
from trajtrack.files.atomic import atomic_output
from trajtrack.files.packed import read_unpacked
from trajtrack.printable import printable_errors, shown

__all__ = [
    "Annotations",
    "Grounding",
    "Span",
    "in_seconds",
    "read_annotations",
    "read_frame_times",
    "read_spans",
    "score_grounding",
    "write_annotations",
    "write_spans",
]

Span = tuple[float, float]
"""Start and end in seconds."""

_COLUMNS = ("Acc@GQA", "mIoP", "IoP@0.3", "IoP@0.5", "mIoU", "IoU@0.3", "IoU@0.5")
"""Columns of NExT-GQA's table, in its order, which is that of the fields of `Grounding`."""


_ROUNDING = 1e-3


@dataclass(frozen=True, eq=False)
class Annotations:
    """The spans of time in which the answers of questions can be seen."""

    spans: Mapping[str, tuple[Span, ...]]
    """At least one span of each question, by ``{video}_{qid}``."""
    durations: Mapping[str, float]
    """Duration of each video in seconds, by its ID. It is rounded: a span may end a little later."""
    videos: Mapping[str, str]
    """Video of each question, by ``{video}_{qid}``."""
    source: str = ""
    """File of the annotations, for messages."""

    def __len__(self) -> int:
        return len(self.spans)


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


@printable_errors
def read_annotations(path: str | os.PathLike[str]) -> Annotations:
    """Read annotated spans in the form of NExT-GQA's ``gsub_val.json``.

    The file holds ``{"<video>": {"duration": 34, "location": {"<qid>": [[1.2, 5.8], ...], ...}}, ...}``, in seconds.
    Other fields, such as ``fps``, are ignored.

    Parameters
    ----------
    path
        The file, JSON in UTF-8, optionally compressed with gzip.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the content is not such JSON. The message names the file, the video and the question.
    """
    source = os.fspath(path)
    spans: dict[str, tuple[Span, ...]] = {}
    durations, videos = {}, {}
    for video, entry in _read_object(source, '{"<video>": {"duration": ..., "location": ...}, ...}').items():
        where = f"{source}: video {video}"
        duration = _number(_field(entry, "duration", where))
        if duration is None or duration <= 0:
            raise ValueError(f"{where}: duration: found {shown(entry['duration'])}, expected seconds above 0")
        durations[video] = duration
        location = _field(entry, "location", where)
        if not isinstance(location, dict):
            raise ValueError(f'{where}: location: found {shown(location)}, expected {{"<qid>": [[start, end], ...]}}')
        for qid, values in location.items():
            key, place = f"{video}_{qid}", f"{where}, question {qid}"
            if key in spans:
                raise ValueError(f"{place}: found another question {key} before it, expected distinct ones")
            if not isinstance(values, list) or not values:
                raise ValueError(f"{place}: found {shown(values)}, expected a list of at least one [start, end]")
            spans[key] = tuple(_span(value, f"{place}, span {index}", 0.0) for index, value in enumerate(values))
            videos[key] = video
    if not spans:
        raise ValueError(f"{source}: found no question, expected at least one with its spans")
    return Annotations(spans, durations, videos, source)


def write_annotations(path: str | os.PathLike[str], annotations: Annotations) -> None:
    """Write annotated spans in the form of NExT-GQA's ``gsub_val.json``; `read_annotations` returns the same.

    Parameters
    ----------
    path
        The file, written or replaced atomically.
    annotations
        The spans. Videos without a question that has spans are left out.

    Raises
    ------
    ValueError
        If a span is not finite, or ends before it starts.
    OSError
        If the file cannot be written.
    """
    content: dict[str, dict[str, Any]] = {}
    for key, spans in annotations.spans.items():
        video = annotations.videos[key]
        entry = content.setdefault(video, {"duration": annotations.durations[video], "location": {}})
        entry["location"][key.removeprefix(f"{video}_")] = [_span([*each], f"annotations, {key}") for each in spans]
    with atomic_output(path) as file:
        file.write(json.dumps(content).encode() + b"\n")


@printable_errors
def read_spans(
    path: str | os.PathLike[str], annotations: Annotations, on_others: Callable[[int], None] | None = None
) -> dict[str, Span]:
    """Read predicted spans in the form of NExT-GQA's evaluation.

    The file holds ``{"<video>_<qid>": [1.2, 5.8], ...}``: the start and the end of each question.

    Parameters
    ----------
    path
        The file, JSON in UTF-8, optionally compressed with gzip.
    annotations
        The questions to read the spans of.
    on_others
        Called with the number of spans of other questions, if any; they are left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the content is not such JSON, or has no annotated question. The message names the file and the question.
    """
    source = os.fspath(path)
    content = _read_object(source, '{"<video>_<qid>": [start, end], ...}')
    found = {key: _span(value, f"{source}: question {key}") for key, value in content.items()}
    spans = {key: span for key, span in found.items() if key in annotations.spans}
    if not spans:
        example = next(iter(annotations.spans))
        raise ValueError(
            f"{source}: found none of the {len(annotations)} questions of {annotations.source}, expected some, such as "
            f"{example}"
        )
    if len(found) > len(spans) and on_others is not None:
        on_others(len(found) - len(spans))
    return spans


def write_spans(path: str | os.PathLike[str], spans: Mapping[str, Span]) -> None:
    """Write predicted spans in the form of NExT-GQA's evaluation; `read_spans` returns the same.

    Parameters
    ----------
    path
        The file, written or replaced atomically.
    spans
        Start and end in seconds, by ``{video}_{qid}``.

    Raises
    ------
    ValueError
        If a span is not finite, or ends before it starts.
    OSError
        If the file cannot be written.
    """
    content = {key: _span([*span], f"spans, {key}") for key, span in spans.items()}
    with atomic_output(path) as file:
        file.write(json.dumps(content).encode() + b"\n")


@printable_errors
def read_frame_times(path: str | os.PathLike[str]) -> dict[str, NDArray[np.float64]]:
    """Read the times of the frames that were sampled of each video, as in NExT-GQA's ``frame2time_val.json``.

    The file holds ``{"<video>": [1.2, 2.2, ...], ...}``, in seconds. ``upbd_val.json`` has the same form.

    Parameters
    ----------
    path
        The file, JSON in UTF-8, optionally compressed with gzip.

    Returns
    -------
    (T,) ascending times of each video; a frame that was sampled twice has its time twice.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the content is not such JSON. The message names the file and the video.
    """
    source = os.fspath(path)
    times = {}
    for video, values in _read_object(source, '{"<video>": [time, ...], ...}').items():
        where = f"{source}: video {video}"
        if not isinstance(values, list) or not values:
            raise ValueError(f"{where}: found {shown(values)}, expected a list of at least one time")
        for index, value in enumerate(values):
            number = _number(value)
            if number is None or number < 0 or (index and number < values[index - 1]):
                raise ValueError(f"{where}, frame {index}: found {shown(value)}, expected ascending seconds from 0")
        times[video] = np.array(values, np.float64)
    return times


def _read_object(source: str, layout: str) -> dict[str, Any]:
    try:
        content = json_fields.parse(read_unpacked(source))
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{source}: found a JSON {type(content).__name__}, expected {layout}")
    return content


def _field(entry: Any, name: str, where: str) -> Any:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: found {shown(entry)}, expected an object with duration and location")
    if name not in entry:
        raise ValueError(f"{where}: found no {name}, expected one")
    return entry[name]


def _number(value: Any) -> float | None:
    """Return a finite number, or None for other values."""
    try:
        return json_fields.number(value, ())
    except ValueError:
        return None


def _span(value: Any, where: str, low: float = -np.inf) -> Span:
    """Return a span that starts at `low` at the earliest and does not end before it starts."""
    numbers = [_number(each) for each in value] if isinstance(value, list) else []
    if len(numbers) == 2:
        start, end = numbers
        if start is not None and end is not None and low <= start <= end:
            return start, end
    least = "" if low == -np.inf else f"{low:g} <= "
    raise ValueError(f"{where}: found {shown(value)}, expected [start, end] in seconds, {least}start <= end")
