"""NExT-GQA's files: when the answers of questions can be seen, predicted spans, and times of sampled frames."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files import json_fields
from trajtrack.files.atomic import atomic_output
from trajtrack.files.packed import read_unpacked
from trajtrack.printable import printable_errors, shown

__all__ = [
    "Annotations",
    "Span",
    "read_annotations",
    "read_frame_times",
    "read_spans",
    "write_annotations",
    "write_spans",
]

Span = tuple[float, float]
"""Start and end in seconds."""


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
