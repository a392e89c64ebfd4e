"""Turn what people have into detections: files, arrays, one entry per frame, and tables, recognised without imports."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.column_names import OTHER_NAMES, name_columns, normalised
from trajtrack.columns import as_array, as_integers
from trajtrack.containers import CONTAINERS, container_of
from trajtrack.containers.label_naming import numbered
from trajtrack.detections import BoxFormat, Detections, check_box_format
from trajtrack.io import read
from trajtrack.printable import near_name, shown
from trajtrack.tables import is_table, names_beside, refuse_several_videos

__all__ = ["DetectionsLike", "as_detections"]

DetectionsLike = Detections | str | os.PathLike[str] | Mapping[Any, Any] | Iterable[Any]
"""What `trajtrack.link` takes; arrays, tables and tensors are iterable."""

_BY_FRAME = "one entry per frame, link([boxes_of_frame_0, ...])"
_BY_NUMBER = "entries by the number of their frame, link({0: boxes_of_frame_0, ...})"
_BY_IMAGE = "one for each image, link(detector(image) for image in video)"
_COLUMNS = "columns, link({'xyxy': boxes, 'conf': scores, 'frame': frames})"
_DETECTIONS = "link(Detections(boxes, scores, frames))"
_PAIRS = "one pair per frame, link([(boxes, scores), ...])"
_FILES = ("one file, link('video.txt')", "many videos, link_many(['video1.txt', 'video2.txt'])")
_FRAME_FIRST = "frame, box, score and label, link(Detections(a[:, 1:5], a[:, 5], a[:, 0], a[:, 6]))"
_FRAME_FIRST_UNLABELLED = "frame, box and score, link(Detections(a[:, 1:5], a[:, 5], a[:, 0]))"
_FRAME_LAST = "box, score and frame, link(Detections(a[:, :4], a[:, 4], a[:, 5]))"
_BOXES: dict[str, BoxFormat] = {"boxes": "xyxy", "xyxy": "xyxy", "xywh": "xywh", "cxcywh": "cxcywh"}
_PLURALS = {"frame": ("frames",), "score": ("scores",), "label": ("labels",), "track_id": ("track_ids",)}
_NAMES = {ours: (*names, *_PLURALS[ours]) for ours, names in OTHER_NAMES.items()}


def as_detections(value: Any, *, box_format: BoxFormat | None = None) -> Detections:
    """Return the detections of one video; rows keep the order in which they are given.

    Parameters
    ----------
    value
        As in `trajtrack.link`.
    box_format
        Format of boxes in arrays and in columns of boxes; default: corners.

    Raises
    ------
    TypeError, ValueError
        If `value` is none of these, or may mean several things; the message names the nearest calls.
    """
    if box_format is not None:
        check_box_format(box_format)
    if isinstance(value, Detections):
        _refuse_format(box_format, "Detections, which have corners")
        return value
    if isinstance(value, str | os.PathLike):
        _refuse_format(box_format, "a file, whose format determines it")
        return read(value)
    if isinstance(value, Mapping):
        return _of_mapping(value, box_format)
    if is_table(value):
        _refuse_format(box_format, "a table, whose column names determine it")
        return Detections.from_table(value)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _of_array(as_array("detections", value), box_format)
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        found = type(value).__name__
        raise TypeError(
            f"detections: found {found}, expected trajtrack.Detections: {_either(_DETECTIONS, _BY_FRAME, _COLUMNS)}"
        )
    if not isinstance(value, list | tuple) and container_of(value) is not CONTAINERS[-1]:
        raise _unclear(f"{type(value).__name__} of one frame", _BY_FRAME, _BY_NUMBER, _BY_IMAGE)
    if _is_frame_tuple(value):
        raise _unclear("a tuple of boxes and scores without frames", _DETECTIONS, _COLUMNS, _PAIRS)
    if isinstance(value, list | tuple) and value and all(_is_row(row) for row in value):
        return _of_array(as_array("detections", value), box_format)
    return _of_frames(value, box_format)


def _of_frames(entries: Iterable[Any], box_format: BoxFormat | None) -> Detections:
    return Detections.from_frames((_entry(entry) for entry in entries), box_format or "xyxy")


def _entry(entry: Any) -> Any:
    if isinstance(entry, str | os.PathLike):
        raise TypeError(f"detections: found the name {shown(os.fspath(entry))} in a list, expected {_either(*_FILES)}")
    return dict(zip(("boxes", "scores", "labels"), entry, strict=False)) if _is_frame_tuple(entry) else entry


def _is_frame_tuple(value: Any) -> bool:
    """Return whether `value` is the tuple (boxes, scores) or (boxes, scores, labels)."""
    if not isinstance(value, tuple) or len(value) not in (2, 3):
        return False
    if any(isinstance(part, Mapping) for part in value):
        return False
    try:
        boxes, *others = [tuple(part.shape) if hasattr(part, "shape") else np.shape(part) for part in value]
    except ValueError:  # lists of different lengths
        return False
    return (boxes == (0,) or boxes[1:] == (4,)) and all(each == boxes[:1] for each in others)


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and all(np.isscalar(number) for number in value)


def _of_mapping(value: Mapping[Any, Any], box_format: BoxFormat | None) -> Detections:
    if not value:
        raise _unclear("an empty mapping", _BY_NUMBER, _COLUMNS, _BY_FRAME)
    if all(isinstance(key, int | np.integer) for key in value):
        numbers = as_integers("frame", list(value))
        try:
            found = _of_frames(value.values(), box_format)
        except (ValueError, TypeError) as error:
            place, entry, rest = str(error).partition("frames, entry ")
            index, _, message = rest.partition(":")
            if place or not entry:
                raise
            raise type(error)(f"detections, frame {numbers[int(index)]}:{message}") from error
        return Detections(
            found.boxes,
            found.scores,
            numbers[found.frames],
            found.labels,
            int(numbers.max()) + 1,
            label_names=found.label_names,
        )
    held = [name for name in _BOXES if name in value]
    if not held and not name_columns(value).sides and (hint := _near_boxes(value)):
        raise ValueError(f"detections: found the columns {_listed(value)}, expected one of {', '.join(_BOXES)}{hint}")
    if not held:
        _refuse_format(box_format, "columns of single numbers, whose names determine it")
        return Detections.from_table(value)
    meaning = name_columns(value, _NAMES)
    names = meaning.names
    if "frame" not in names:
        raise _unclear(f"columns without frames{_near_column('frame', value)}", _COLUMNS, _DETECTIONS, _BY_FRAME)
    if len(held) > 1 or "score" not in names:
        hint = "" if "score" in names else _near_column("score", value)
        raise ValueError(
            f"detections: found the columns {_listed(value)}, expected one of boxes and one of scores{hint}"
        )
    if held[0] != "boxes":
        _refuse_format(box_format, f"the column {held[0]!r}, whose name determines it")
    refuse_several_videos(value, meaning.videos)
    columns: dict[str, Any] = {ours + "s": value[theirs] for ours, theirs in names.items()}
    if "label" in names:
        columns |= _labels(value[names["label"]], value.get(meaning.class_name), meaning.class_name)
    return Detections(value[held[0]], box_format=box_format or _BOXES[held[0]], **columns)


def _near_column(ours: str, columns: Iterable[object]) -> str:
    """Return a question for the first column that may be meant as ours."""
    names = (ours, *_NAMES[ours])
    taken = {other for each, further in _NAMES.items() for other in (each, *further)}
    unread = [column for column in columns if normalised(column) not in taken]
    return next(filter(None, (near_name(column, names) for column in unread)), "")


def _near_boxes(columns: Iterable[object]) -> str:
    return next(filter(None, (near_name(column, _BOXES) for column in columns)), "")


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))


def _labels(values: Any, class_names: Any, class_name: str | None) -> dict[str, Any]:
    """Return labels given by number or by name, and the names."""
    labels, names = numbered(values)
    if labels is values and class_name is not None:
        names = names_beside(as_integers("labels", values), class_names, class_name)
    return {"labels": labels, "label_names": names}


def _of_array(rows: NDArray[Any], box_format: BoxFormat | None) -> Detections:
    if rows.ndim == 3 and rows.shape[2] in (5, 6):
        return _of_frames(list(rows), box_format)
    if rows.ndim == 2 and rows.shape[1] in (4, 5):
        raise _unclear(f"an array of shape {rows.shape}, which has no frames", _BY_FRAME, _DETECTIONS, _COLUMNS)
    if rows.ndim != 2 or rows.shape[1] not in (6, 7):
        raise _unclear(f"an array of shape {rows.shape}", _DETECTIONS, _BY_FRAME, _COLUMNS)
    framed = _is_whole(rows[:, 0]) and _may_be_boxes(rows[:, 1:6], box_format) and _is_whole(rows[:, 6:])
    other = _may_be_boxes(rows[:, :5], box_format) and _is_whole(rows[:, 5:])
    if not framed or other:
        found = f"an array of shape {rows.shape} whose columns may not be frame, box, score, label"
        raise _unclear(found, _FRAME_FIRST if rows.shape[1] == 7 else _FRAME_FIRST_UNLABELLED, _FRAME_LAST, _BY_FRAME)
    labels = rows[:, 6] if rows.shape[1] == 7 else None
    return Detections(rows[:, 1:5], rows[:, 5], rows[:, 0], labels, box_format=box_format or "xyxy")


def _is_whole(column: NDArray[Any]) -> bool:
    return bool(((column >= 0) & (column == np.floor(column))).all())


def _may_be_boxes(columns: NDArray[Any], box_format: BoxFormat | None) -> bool:
    """Return whether five columns may be a box and a probability."""
    near, far, scores = columns[:, :2], columns[:, 2:4], columns[:, 4]
    lowest = near if box_format in (None, "xyxy") else 0
    return bool((far >= lowest).all() and ((scores >= 0) & (scores <= 1)).all())


def _refuse_format(box_format: BoxFormat | None, what: str) -> None:
    if box_format is not None:
        raise ValueError(f"box_format: found {box_format!r} with {what}, expected None")


def _unclear(found: str, *calls: str) -> ValueError:
    """Return the error for input that may mean several things, with the nearest calls that mean one."""
    return ValueError(f"detections: found {found}, expected {_either(*calls)}")


def _either(*calls: str) -> str:
    return f"{'; '.join(calls[:-1])}; or {calls[-1]}"
