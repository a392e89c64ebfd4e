"""The detections of a video as aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trajtrack import _core, gpu
from trajtrack.columns import as_array, as_count, as_integers, as_reals
from trajtrack.containers import container_of
from trajtrack.containers.label_naming import LabelNaming
from trajtrack.gpu import GpuColumns
from trajtrack.printable import near_name, shown
from trajtrack.tables import table_columns

__all__ = ["BoxFormat", "Detections", "concat"]

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]

_MAX_FRAMES = 2**63 - 1
_BOX_FORMATS = ("xyxy", "xywh", "cxcywh")


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Detections:
    """The detections of one video, one box per row in any order, including frames without boxes.

    Columns that already have the stored dtype and layout are not copied: writing to them later changes the detections
    too. Every value is checked here, once; functions that take `Detections` rely on it.

    If the boxes are on a GPU, all columns are stored there: those that already have the stored dtype and layout stay in
    place, others pass through main memory once. `boxes`, `scores`, `frames` and `labels` are copied to main memory on
    first access, and the copies are kept.

    Parameters
    ----------
    boxes
        (N, 4) corners ``x1, y1, x2, y2`` in continuous pixels, with ``x1 <= x2``, ``y1 <= y2`` and no coordinate beyond
        1e9.
    scores
        (N,) confidences; any finite numbers, including negative ones.
    frames
        (N,) frame numbers from 0. Floats must hold exact integers.
    labels
        (N,) classes; default: 0 for every row.
    num_frames
        Number of frames of the video; default: one more than the last frame that holds a box. No memory is allocated
        for it.
    box_format
        Format of `boxes`: ``"xyxy"``, ``"xywh"`` (left, top, width, height) or ``"cxcywh"`` (centre, width,
        height). The last two are converted to corners in float64 and rounded once.
    track_ids
        (N,) existing identities of the rows, for ground truth and tracker results; -1 for none. Linking ignores them.
    label_names
        Class names by label, copied to results and to file formats that store them.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it, the first offending row, what was found and what was
        expected.
    """

    boxes: NDArray[np.float32]
    """(N, 4) corners in pixels."""
    scores: NDArray[np.float32]
    """(N,) confidences."""
    frames: NDArray[np.int32]
    """(N,) frame numbers."""
    labels: NDArray[np.int32]
    """(N,) classes."""
    num_frames: int
    """Number of frames of the video."""
    track_ids: NDArray[np.int64] | None
    """(N,) identities, -1 for none; None if the detections have no identities."""
    label_names: Mapping[int, str]
    """Class names by label."""
    _on_gpu: ClassVar[GpuColumns | None] = None

    def __init__(
        self,
        boxes: ArrayLike,
        scores: ArrayLike,
        frames: ArrayLike,
        labels: ArrayLike | None = None,
        num_frames: int | None = None,
        box_format: BoxFormat = "xyxy",
        *,
        track_ids: ArrayLike | None = None,
        label_names: Mapping[int, str] | None = None,
    ) -> None:
        if num_frames is not None:
            num_frames = as_count("num_frames", num_frames, maximum=_MAX_FRAMES)
        on_gpu = _take_on_gpu(boxes, scores, frames, labels, box_format)
        if on_gpu is not None and (num_frames is None or num_frames > on_gpu.last_frame):
            self._keep_on_gpu(on_gpu, num_frames, track_ids, label_names)
            return
        columns = {
            "boxes": as_corners(boxes, box_format),
            "scores": as_reals("scores", scores, ndim=1),
            "frames": as_integers("frames", frames),
        }
        count = len(columns["boxes"])
        columns["labels"] = np.zeros(count, np.int32) if labels is None else as_integers("labels", labels)
        if track_ids is not None:
            columns["track_ids"] = _as_track_ids(track_ids)
        for name, column in columns.items():
            if len(column) != count:
                raise ValueError(f"{name}: found {len(column)} rows, expected {count} as in boxes")
        fault = _core.first_fault(columns["boxes"], columns["scores"], columns["frames"])
        if fault is not None:
            raise ValueError(_describe(fault, columns, boxes, scores, box_format))
        last = int(columns["frames"].max(initial=-1))
        if num_frames is None:
            num_frames = last + 1
        elif num_frames <= last:
            row = int(columns["frames"].argmax())
            raise ValueError(f"frames, row {row}: found frame {last}, expected a frame below num_frames={num_frames}")
        fields = {"track_ids": None, **columns, "num_frames": num_frames, "label_names": _as_names(label_names)}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def _keep_on_gpu(
        self,
        columns: GpuColumns,
        num_frames: int | None,
        track_ids: Any,
        label_names: Mapping[int, str] | None,
    ) -> None:
        ids = None if track_ids is None else _as_track_ids(track_ids)
        if ids is not None and len(ids) != columns.count:
            raise ValueError(f"track_ids: found {len(ids)} rows, expected {columns.count} as in boxes")
        object.__setattr__(self, "_on_gpu", columns)
        object.__setattr__(self, "track_ids", ids)
        object.__setattr__(self, "num_frames", columns.last_frame + 1 if num_frames is None else num_frames)
        object.__setattr__(self, "label_names", _as_names(label_names))

    if not TYPE_CHECKING:  # a type checker would take it as permission for any name

        def __getattr__(self, name: str) -> NDArray[Any]:
            """Copy a column to main memory on first access."""
            if self._on_gpu is None or name not in ("boxes", "scores", "frames", "labels"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            column = gpu.to_host(name, getattr(self._on_gpu, name))
            object.__setattr__(self, name, column)
            return column

    def __getstate__(self) -> dict[str, Any]:
        """Return all columns in main memory: the process that unpickles them may have no GPU."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def device(self) -> str:
        """Device that holds the columns: ``"cpu"`` or ``"cuda:N"``."""
        return "cpu" if self._on_gpu is None else f"cuda:{self._on_gpu.device}"

    @classmethod
    def from_frames(
        cls,
        frames: Iterable[Any],
        box_format: BoxFormat = "xyxy",
        *,
        label_names: Mapping[int, str] | None = None,
    ) -> Detections:
        """Build detections from one entry per frame, in order.

        `trajtrack.attach_ids` adds trajectory IDs to such entries.

        Parameters
        ----------
        frames
            Each entry is

            - ``None`` (an empty frame) or an array of 5 or 6 columns (four for the box, score, optional label);
            - a mapping with ``boxes``, ``scores`` and optionally ``labels`` (torchvision,
              `post_process_object_detection` of Hugging Face Transformers; ``text_labels``, if present, are used
              instead of ``labels``);
            - a list of mappings with ``score``, ``label`` and ``box`` (object-detection pipelines of Transformers);
            - a `supervision.Detections` or an Ultralytics `Results`;
            - `Instances` of detectron2, or a mapping that holds them as ``instances``.
        box_format
            Format of the boxes of arrays and of mappings with ``boxes``.
        label_names
            Class names by label; default: the names in the entries. Text labels become numbers: those of `label_names`
            if given, otherwise numbers from 0 in the sorted order of the names.

        Raises
        ------
        ValueError, TypeError
            If an entry is invalid, some entries with boxes have labels and others none, or entries give one label
            different names; the message names the entry, what was found and what was expected.
        """
        if isinstance(frames, Mapping) or not isinstance(frames, Iterable):
            raise TypeError(f"frames: found {type(frames).__name__}, expected one entry per frame")
        naming = LabelNaming(None if label_names is None else _as_names(label_names))
        parts = [cls._of_frame(index, entry, box_format, naming) for index, entry in enumerate(frames)]
        joined = concat(parts)
        labels, names = naming.finish(joined.labels)
        return cls(
            joined.boxes,
            joined.scores,
            joined.frames,
            labels,
            num_frames=len(parts),
            label_names=names,
        )

    @classmethod
    def _of_frame(cls, index: int, entry: Any, box_format: BoxFormat, naming: LabelNaming) -> Detections:
        try:
            held = container_of(entry).columns(entry)
            if held.scores is None and held.count:
                raise ValueError("found boxes without scores, expected a score for each")
            scores = as_reals("scores", [] if held.scores is None else held.scores, ndim=1)
            naming.learn(held.label_names)
            return cls(
                held.boxes,
                scores,
                frames=np.full(len(scores), index, np.int32),
                labels=naming.number(held.labels, len(scores)),
                box_format=held.box_format or box_format,
            )
        except (ValueError, TypeError) as error:
            raise type(error)(f"frames, entry {index}: {error}") from error

    @classmethod
    def from_table(
        cls,
        table: Any,
        num_frames: int | None = None,
        *,
        columns: Mapping[str, str] | None = None,
        label_names: Mapping[int, str] | None = None,
    ) -> Detections:
        """Build detections from a table with one row per detection.

        `trajtrack.attach_ids` adds trajectory IDs to such a table.

        Parameters
        ----------
        table
            A pandas or polars table, a mapping of columns, or any object that exports an Arrow stream
            (``__arrow_c_stream__``: pyarrow, DuckDB), with ``frame``, ``score``, the corners ``x1``, ``y1``, ``x2``,
            ``y2`` (or ``x``, ``y``, ``w``, ``h``: left, top, width, height), and optionally ``label`` and ``track_id``.
            Common other names are found too, such as ``frame_id``, ``confidence``, ``conf``, ``class_id``, ``class``,
            ``cls``, ``tracker_id``, ``x_min`` or ``bb_left``; ``class_name`` beside the numbers of classes gives their
            names. Other columns are ignored.
        num_frames
            As in `Detections`.
        columns
            Names in the table of columns that differ from the names above, for example
            ``{"score": "confidence"}``.
        label_names
            As in `from_frames`; text labels become numbers in the same way.

        Raises
        ------
        ValueError, TypeError
            If a column is missing, is not numeric or has a missing value, or a column such as ``video`` or ``camera``
            has more than one value; the message names the column and the row.
        ImportError
            If the table supports only the Arrow protocol and pyarrow is not installed.
        """
        names = None if label_names is None else _as_names(label_names)
        return cls(**table_columns(table, columns, names), num_frames=num_frames)

    def __len__(self) -> int:
        return len(self.boxes) if self._on_gpu is None else self._on_gpu.count

    def __getitem__(self, rows: slice | Sequence[int] | NDArray[Any]) -> Detections:
        """Select rows by a slice, a boolean mask or row numbers; `num_frames` does not change."""
        if not isinstance(rows, slice):
            rows = as_rows(rows, len(self))
        ids = self.track_ids
        return Detections._of_checked(
            boxes=np.ascontiguousarray(self.boxes[rows]),
            scores=np.ascontiguousarray(self.scores[rows]),
            frames=np.ascontiguousarray(self.frames[rows]),
            labels=np.ascontiguousarray(self.labels[rows]),
            num_frames=self.num_frames,
            track_ids=None if ids is None else np.ascontiguousarray(ids[rows]),
            label_names=self.label_names,
        )

    @classmethod
    def _of_checked(cls, **fields: Any) -> Detections:
        """Build detections from fields that are known to be valid."""
        detections = object.__new__(cls)
        detections.__dict__.update(fields)  # bypasses the frozen class, all fields at once
        return detections

    def __iter__(self) -> Any:
        raise TypeError("Detections has no rows to iterate over: use its columns, or slice it")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Detections):
            return NotImplemented
        ids, other_ids = self.track_ids, other.track_ids
        return (
            self.num_frames == other.num_frames
            and self.label_names == other.label_names
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("boxes", "scores", "frames", "labels")
            )
            and (ids is other_ids or (ids is not None and other_ids is not None and np.array_equal(ids, other_ids)))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        counts = {"box": len(self), "frame": self.num_frames, "class": len(np.unique(self.labels))}
        plurals = {"box": "boxes", "frame": "frames", "class": "classes"}
        boxes, frames, classes = (f"{count} {noun if count == 1 else plurals[noun]}" for noun, count in counts.items())
        parts = [f"{boxes} in {frames}", classes]
        if len(self):
            parts.append(f"scores {self.scores.min():.3g} to {self.scores.max():.3g}")
        if self.track_ids is not None:
            parts.append(f"{len(np.unique(self.track_ids[self.track_ids >= 0]))} identities")
        return f"Detections({', '.join(parts)})"

    def to_columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns ``frame, x1, y1, x2, y2, score, label`` and, if there are identities, ``track_id``."""
        corners = {name: self.boxes[:, axis] for axis, name in enumerate(("x1", "y1", "x2", "y2"))}
        columns: dict[str, NDArray[Any]] = {
            "frame": self.frames,
            **corners,
            "score": self.scores,
            "label": self.labels,
        }
        if self.track_ids is not None:
            columns["track_id"] = self.track_ids
        return columns


def concat(parts: Sequence[Detections]) -> Detections:
    """Concatenate the rows of detections of one video; frame numbers do not change.

    Raises
    ------
    ValueError
        If two parts give one label different names.
    """
    if not parts:
        return Detections(np.empty((0, 4)), np.empty(0), np.empty(0))
    names: dict[int, str] = {}
    for part in parts:
        for label, name in part.label_names.items():
            if names.setdefault(label, name) != name:
                raise ValueError(f"label_names, label {label}: found {name!r}, expected {names[label]!r} as before")
    ids = None
    if any(part.track_ids is not None for part in parts):
        ids = np.concatenate([np.full(len(part), -1) if part.track_ids is None else part.track_ids for part in parts])
    return Detections(
        boxes=np.concatenate([part.boxes for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        frames=np.concatenate([part.frames for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        num_frames=max(part.num_frames for part in parts),
        track_ids=ids,
        label_names=names,
    )


def as_rows(rows: Any, count: int) -> NDArray[Any]:
    """Convert a boolean mask or row numbers, but not a single number, to an index array for `count` rows."""
    selection: NDArray[Any] = np.asanyarray(rows)
    if isinstance(selection, np.ma.MaskedArray):
        raise TypeError("rows: found a masked array, expected a slice, a boolean mask or row numbers")
    if selection.ndim != 1 or (selection.size and selection.dtype.kind not in "iub"):
        raise TypeError(f"rows: found {shown(rows)}, expected a slice, a boolean mask or row numbers")
    if selection.dtype == bool and len(selection) != count:
        raise IndexError(f"rows: found a mask of {len(selection)} rows, expected {count}")
    return selection if selection.size else selection.astype(np.intp)


def _take_on_gpu(boxes: Any, scores: Any, frames: Any, labels: Any, box_format: str) -> GpuColumns | None:
    """Return the columns if the boxes are on a GPU and every column is valid, otherwise None."""
    boxes = gpu.readable(boxes)
    if not gpu.is_on_gpu(boxes) or _core.cuda_problem() is not None:
        return None
    given = gpu.view("boxes", boxes)
    if len(given.shape) != 2 or given.shape[1] != 4:
        return None
    count, device = given.shape[0], given.device
    as_given = "<f4" if box_format == "xyxy" else "converted"
    columns = (
        gpu.place("boxes", boxes, as_given, 2, device, lambda: as_corners(boxes, box_format)),
        gpu.place("scores", scores, "<f4", 1, device, lambda: as_reals("scores", scores, ndim=1)),
        gpu.place("frames", frames, "<i4", 1, device, lambda: as_integers("frames", frames)),
        gpu.upload(np.zeros(count, np.int32), device)
        if labels is None
        else gpu.place("labels", labels, "<i4", 1, device, lambda: as_integers("labels", labels)),
    )
    views = [gpu.view("columns", column) for column in columns]
    if any(column.shape[0] != count for column in views):
        return None
    faulty_row, last_frame = _core.check_cuda_columns(*views)
    if faulty_row is not None:
        return None
    return GpuColumns(*columns, device=device, count=count, last_frame=last_frame)


def check_box_format(box_format: str) -> None:
    """Raise ValueError unless it is the name of a format of boxes."""
    if box_format not in _BOX_FORMATS:
        expected = f"expected one of {', '.join(_BOX_FORMATS)}{near_name(box_format, _BOX_FORMATS)}"
        raise ValueError(f"box_format: found {shown(box_format)}, {expected}")


def as_corners(boxes: Any, box_format: str = "xyxy") -> NDArray[np.float32]:
    """Convert boxes of any format to (N, 4) corners."""
    check_box_format(box_format)
    if box_format != "xyxy":
        given = as_array("boxes", boxes)
        if given.ndim == 2 and given.shape[1] == 4:
            first, size = np.split(given.astype(np.float64), 2, axis=1)
            if box_format == "cxcywh":
                first = first - size / 2
            boxes = np.concatenate([first, first + size], axis=1)
    corners = as_reals("boxes", boxes, ndim=2)
    if corners.shape[1] != 4:
        raise ValueError(f"boxes: found shape {corners.shape}, expected (N, 4)")
    return corners


def _as_track_ids(track_ids: Any) -> NDArray[np.int64]:
    ids = as_integers("track_ids", track_ids, np.int64)
    if (ids < -1).any():
        row = int((ids < -1).argmax())
        raise ValueError(f"track_ids, row {row}: found {ids[row]}, expected an identity from 0, or -1 for none")
    return ids


def _as_names(names: Mapping[int, str] | None) -> Mapping[int, str]:
    if names is None:
        return {}
    try:
        items = list(names.items())
    except AttributeError:
        raise TypeError(f"label_names: found {type(names).__name__}, expected a mapping from label to name") from None
    for label, name in items:
        if not isinstance(name, str):
            raise TypeError(f"label_names, label {shown(label)}: found {shown(name)}, expected a name")
        try:
            as_count("label", label, np.iinfo(np.int32).min, np.iinfo(np.int32).max)
        except (TypeError, ValueError) as error:
            raise type(error)(f"label_names: {error}") from None
    return {int(label): name for label, name in items}


def _describe(
    fault: tuple[str, int], columns: Mapping[str, NDArray[Any]], boxes: Any, scores: Any, box_format: str
) -> str:
    """Return the error message for a fault that the core found, with the values that the caller passed."""
    kind, row = fault
    if kind == "frame":
        return f"frames, row {row}: found {columns['frames'][row]}, expected a frame number of at least 0"
    if kind == "score":
        return f"scores, row {row}: found {as_array('scores', scores)[row]}, expected a finite number"
    found = as_array("boxes", boxes)[row].tolist()
    expected = {
        "box_range": "four finite numbers of at most 1e9",
        "box_order": "x1 <= x2 and y1 <= y2" if box_format == "xyxy" else "a width and a height of at least 0",
    }[kind]
    return f"boxes, row {row}: found {found}, expected {expected}"
