"""Detections: what a detector found in a video, as aligned columns."""

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
from trajtrack.tables import table_columns

__all__ = ["BoxFormat", "Detections", "concat"]

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]

_BOX_FORMATS = ("xyxy", "xywh", "cxcywh")


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Detections:
    """The detections of one video: one row a box, in any order, frames without boxes included.

    Columns that already have the stored dtype and layout are taken without a copy: writing into them afterwards changes
    the detections too. Every value is checked here, once; whatever takes a `Detections` relies on it.

    Where the boxes are on a GPU, all columns are: those that already have the stored dtype and layout are kept in
    place, others pass through main memory once. `boxes`, `scores`, `frames` and `labels` are then copied to main memory
    when they are first asked for, and these copies stay as they are.

    Parameters
    ----------
    boxes
        (N, 4) corners ``x1, y1, x2, y2`` in continuous pixels, with ``x1 <= x2``, ``y1 <= y2`` and no coordinate beyond
        1e9.
    scores
        (N,) confidences; any finite numbers, negative ones too.
    frames
        (N,) frame numbers from 0. Floats are taken where they hold exact integers.
    labels
        (N,) classes; 0 for every row where left out.
    num_frames
        Number of frames of the video; one more than the last frame that holds a box where left out. Nothing is sized by
        it.
    box_format
        How `boxes` are given: ``"xyxy"``, ``"xywh"`` (left, top, width, height) or ``"cxcywh"`` (centre, width,
        height). The other two are converted to corners in float64 and rounded once.
    track_ids
        (N,) identities that the rows already carry, for ground truth and the results of a tracker; -1 for none. Linking
        ignores them.
    label_names
        Class names by label, carried to results and into the files that have room for them.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, the first offending row, what was found and what was expected.
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
    """(N,) identities, -1 for none; None where rows carry none."""
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
        on_gpu = _take_on_gpu(boxes, scores, frames, labels, box_format)
        if on_gpu is not None and (num_frames is None or as_count("num_frames", num_frames) > on_gpu.last_frame):
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
                raise ValueError(f"{name}: expected {count} rows like boxes, found {len(column)}")
        fault = _core.first_fault(columns["boxes"], columns["scores"], columns["frames"])
        if fault is not None:
            raise ValueError(_describe(fault, columns, boxes, scores, box_format))
        last = int(columns["frames"].max(initial=-1))
        if num_frames is None:
            num_frames = last + 1
        elif as_count("num_frames", num_frames) <= last:
            row = int(columns["frames"].argmax())
            raise ValueError(f"frames, row {row}: found frame {last}, expected a frame below num_frames={num_frames}")
        fields = {"track_ids": None, **columns, "num_frames": int(num_frames), "label_names": _as_names(label_names)}
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
            raise ValueError(f"track_ids: expected {columns.count} rows like boxes, found {len(ids)}")
        object.__setattr__(self, "_on_gpu", columns)
        object.__setattr__(self, "track_ids", ids)
        object.__setattr__(self, "num_frames", columns.last_frame + 1 if num_frames is None else int(num_frames))
        object.__setattr__(self, "label_names", _as_names(label_names))

    if not TYPE_CHECKING:  # a type checker would take it as leave for any name

        def __getattr__(self, name: str) -> NDArray[Any]:
            """Copy a column to main memory when it is first asked for."""
            if self._on_gpu is None or name not in ("boxes", "scores", "frames", "labels"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            column = gpu.to_host(name, getattr(self._on_gpu, name))
            object.__setattr__(self, name, column)
            return column

    def __getstate__(self) -> dict[str, Any]:
        """Return all columns in main memory: where they are unpickled there may be no GPU."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def device(self) -> str:
        """Where the columns are: ``"cpu"`` or ``"cuda:N"``."""
        return "cpu" if self._on_gpu is None else f"cuda:{self._on_gpu.device}"

    @classmethod
    def from_frames(
        cls,
        frames: Iterable[Any],
        box_format: BoxFormat = "xyxy",
        *,
        label_names: Mapping[int, str] | None = None,
    ) -> Detections:
        """Take one entry a frame, in order.

        `trajtrack.attach_ids` puts the ids of their trajectories into such entries.

        Parameters
        ----------
        frames
            Each entry is

            - ``None`` (an empty frame) or an array of 5 or 6 columns (four of the box, score, label);
            - a mapping with ``boxes``, ``scores`` and perhaps ``labels`` (torchvision, `post_process_object_detection`
              of Hugging Face Transformers; its ``text_labels``, where there are any, are taken for labels);
            - a list of mappings with ``score``, ``label`` and ``box`` (Transformers' object-detection pipelines);
            - a `supervision.Detections`, an Ultralytics `Results`;
            - `Instances` of detectron2, or a mapping that has them as ``instances``.
        box_format
            How the boxes of arrays and of mappings with ``boxes`` are given.
        label_names
            Class names by label. Where left out, they are those that the entries bring. Labels that are text become
            numbers: by `label_names` where given, else from 0 in the order of the names.

        Raises
        ------
        ValueError, TypeError
            Naming the entry, what was found and what was expected; also where entries give one label different names.
        """
        if isinstance(frames, Mapping) or not isinstance(frames, Iterable):
            raise TypeError(f"frames: expected one entry a frame, found {type(frames).__name__}")
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
            if held.scores is None:
                raise ValueError("found boxes without scores, expected a score for each")
            scores = as_reals("scores", held.scores, ndim=1)
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
        """Take a table with one row a detection.

        `trajtrack.attach_ids` puts the ids of their trajectories into such a table.

        Parameters
        ----------
        table
            A table of pandas or polars, a mapping of columns, or anything that gives an Arrow stream
            (``__arrow_c_stream__``: pyarrow, DuckDB), with ``frame``, ``score``, the four corners ``x1``, ``y1``,
            ``x2``, ``y2`` (or ``x``, ``y``, ``w``, ``h``: left, top, width, height), and perhaps ``label`` and
            ``track_id``. Other columns are left alone.
        num_frames
            As in `Detections`.
        columns
            Where columns have other names: from the name here to the name in the table, for example
            ``{"score": "confidence"}``.
        label_names
            As in `from_frames`; labels that are text become numbers as there.

        Raises
        ------
        ValueError, TypeError
            When a column is missing, has no numbers or has a missing value, naming the column and the row.
        ImportError
            When a table that speaks Arrow alone is given and pyarrow is not installed.
        """
        names = None if label_names is None else _as_names(label_names)
        return cls(**table_columns(table, columns, names), num_frames=num_frames)

    def __len__(self) -> int:
        return len(self.boxes) if self._on_gpu is None else self._on_gpu.count

    def __getitem__(self, rows: slice | Sequence[int] | NDArray[Any]) -> Detections:
        """Select rows by a slice, a boolean mask or row numbers; `num_frames` stays."""
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
        """Make detections of fields that are known to be right."""
        detections = object.__new__(cls)
        detections.__dict__.update(fields)  # as a frozen class has it, but all at once
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
        """Return the columns ``frame, x1, y1, x2, y2, score, label`` and, where there are identities, ``track_id``."""
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
    """Join detections of one video, row after row; the frame numbers stay as they are.

    Raises
    ------
    ValueError
        When two parts give one label different names.
    """
    if not parts:
        return Detections(np.empty((0, 4)), np.empty(0), np.empty(0))
    names: dict[int, str] = {}
    for part in parts:
        for label, name in part.label_names.items():
            if names.setdefault(label, name) != name:
                raise ValueError(f"label_names: label {label} is {names[label]!r} in one part and {name!r} in another")
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
    """Take a boolean mask or row numbers of a table of `count` rows; a single number is refused."""
    selection = np.asarray(rows)
    if selection.ndim != 1 or (selection.size and selection.dtype.kind not in "iub"):
        raise TypeError(f"rows: expected a slice, a boolean mask or row numbers, found {rows!r}")
    if selection.dtype == bool and len(selection) != count:
        raise IndexError(f"rows: expected a mask of {count} rows, found {len(selection)}")
    return selection if selection.size else selection.astype(np.intp)


def _take_on_gpu(boxes: Any, scores: Any, frames: Any, labels: Any, box_format: str) -> GpuColumns | None:
    """Take the columns where the boxes are on a GPU and nothing is wrong with any of them; else return None."""
    boxes = gpu.detached(boxes)
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


def as_corners(boxes: Any, box_format: str = "xyxy") -> NDArray[np.float32]:
    """Take boxes of a format as (N, 4) corners."""
    if box_format not in _BOX_FORMATS:
        raise ValueError(f"box_format: expected one of {', '.join(_BOX_FORMATS)}, found {box_format!r}")
    if box_format != "xyxy":
        given = as_array("boxes", boxes)
        if given.ndim == 2 and given.shape[1] == 4:
            first, size = np.split(given.astype(np.float64), 2, axis=1)
            if box_format == "cxcywh":
                first = first - size / 2
            boxes = np.concatenate([first, first + size], axis=1)
    corners = as_reals("boxes", boxes, ndim=2)
    if corners.shape[1] != 4:
        raise ValueError(f"boxes: expected shape (N, 4), found {corners.shape}")
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
        raise TypeError(f"label_names: expected a mapping from label to name, found {type(names).__name__}") from None
    for label, name in items:
        if not isinstance(name, str):
            raise TypeError(f"label_names: expected a name for label {label}, found {name!r}")
        try:
            as_count("label", label, minimum=np.iinfo(np.int32).min)
        except (TypeError, ValueError) as error:
            raise type(error)(f"label_names: {error}") from None
    return {int(label): name for label, name in items}


def _describe(
    fault: tuple[str, int], columns: Mapping[str, NDArray[Any]], boxes: Any, scores: Any, box_format: str
) -> str:
    """Say what the core found wrong, in the caller's own numbers."""
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
