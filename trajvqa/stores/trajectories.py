"""Trajectories of the videos of a split, in one HDF5 file.

Datasets, for V videos with M trajectories in total: ``ids`` (V,) text; ``offset`` (V + 1,) int64, where video v has the
trajectories ``offset[v]`` to ``offset[v + 1]`` (exclusive); ``feat`` (M, D) float16 or float32, features averaged over
a trajectory's boxes; ``span`` (M, 2) float32, start and end as shares of the video: ``start / num_frames`` and ``(end +
1) / num_frames`` (the paper, Section 3.1.1); ``label`` (M,) int32; ``score`` (M,) float32. Where rows are segments of
trajectories, ``owner`` (M,) int32 is the same for all segments of one trajectory of a video. The boxes are optional:
``box_offset`` (M + 1,) int64, ``box_frame`` (R,) int32 and ``boxes`` (R, 4) float32 corners in pixels. Attributes:
``classes``, the class names in the order of the labels, and optionally ``tracker``, ``detector``, ``links``, ``fps``
and ``version``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from trajtrack.printable import printable_errors, shown
from trajvqa.stores.array_rows import ArrayRows, reporting_damage
from trajvqa.stores.hdf5 import (
    KEPT_IN_MEMORY,
    LazyFile,
    is_text,
    open_checked,
    read_column,
    read_ids,
    require_dataset,
    require_videos,
)
from trajvqa.stores.own_values import has_dataset
from trajvqa.stores.trajectory_batches import TrajectoryBatch, best_rows, check_limit
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["TrajectoryStore"]

_SURROGATE = re.compile("[\ud800-\udfff]")


class TrajectoryStore:
    """A trajectory store, checked when it is opened and read by each process separately.

    Features of up to `in_memory` bytes stay in memory after the first read; larger ones are read video by video.

    Parameters
    ----------
    path
        The file.
    in_memory
        Maximum number of bytes of features that stay in memory.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file does not have the layout of this module; naming the file, the dataset, the row, what was found and
        what was expected. Only `check_finite` finds NaN features, because it reads them all.
    """

    ids: tuple[str, ...]
    """IDs of the V videos, in the order of the file."""
    classes: tuple[str, ...]
    """Class names, in the order of the labels."""
    feature_size: int
    """Width D of a trajectory's features."""
    attributes: Mapping[str, Any]
    """Other attributes of the file that are single values: tracker, detector, frame rate, version."""

    @printable_errors
    def __init__(self, path: str | os.PathLike[str], in_memory: int = KEPT_IN_MEMORY) -> None:
        self.path = Path(path)
        self._file = LazyFile(path)
        self._max_in_memory = in_memory
        self._in_memory: NDArray[np.floating] | None = None
        with open_checked(path) as file, reporting_damage(self.path):
            self.ids = read_ids(require_dataset(file, "ids", "(V,)"))
            self._offsets = _integers(file, "offset", f"({len(self.ids) + 1},)")
            self._stored = ArrayRows.of_dataset(require_dataset(file, "feat", "(M, D)", "float"))
            count, self.feature_size = self._stored.shape
            self._spans = _floats(file, "span", f"({count}, 2)")
            self._labels = _integers(file, "label", f"({count},)")
            self._scores = _floats(file, "score", f"({count},)")
            self._owners = _integers(file, "owner", f"({count},)") if has_dataset(file, "owner") else None
            self._box_offsets: NDArray[np.int64] | None = None
            if has_dataset(file, "boxes"):
                boxes = require_dataset(file, "boxes", "(R, 4)", "float")
                require_dataset(file, "box_frame", f"({len(boxes)},)", "integer")
                self._box_offsets = _integers(file, "box_offset", f"({count + 1},)")
                self._check_offsets("box_offset", self._box_offsets, len(boxes))
            self.classes = _classes(file)
            self.attributes = {
                str(name): value.item() if isinstance(value := file.attrs[name], np.generic) else value
                for name in file.attrs
                if name != "classes" and _is_single(file.attrs.get_id(name))
            }
        self._check_offsets("offset", self._offsets, count)
        self._check_columns()
        self._indices = {video: index for index, video in enumerate(self.ids)}

    @property
    def counts(self) -> NDArray[np.int64]:
        """(V,) number of trajectories of each video."""
        return np.diff(self._offsets)

    @property
    def clips(self) -> int | None:
        """Number of clips at whose borders the trajectories are cut; None if they are whole."""
        found = self.attributes.get("clips")
        return found if type(found) is int and found > 0 else None

    @property
    def segmented(self) -> bool:
        """Whether rows are segments of trajectories, with owners."""
        return self._owners is not None

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        self._stored.close()
        self._file.close()

    def left_out(self, limit: int) -> int:
        """Return how many rows `read` leaves out of all videos with a limit."""
        return sum(int(count) - len(self._best(index, limit)) for index, count in enumerate(self.counts))

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, naming the file, their number and the first of them."""
        require_videos(self.path, self._indices, videos)

    @printable_errors
    def check_finite(self) -> None:
        """Raise ValueError if a feature is NaN or infinite; reads the whole file.

        The message names the file, the dataset, and the first such video and row.
        """
        for start, block in self._stored.blocks():
            bad = ~np.isfinite(block).all(axis=1)
            if bad.any():
                row = start + int(bad.argmax())
                video = self.ids[int(np.searchsorted(self._offsets, row, "right")) - 1]
                raise ValueError(
                    f"{self.path}: feat: video {video}, row {row}: found NaN or infinity, expected finite numbers"
                )

    @printable_errors
    def read(self, videos: Sequence[str], limit: int) -> TrajectoryBatch:
        """Read the trajectories of videos, sorted by start, then row.

        Parameters
        ----------
        videos
            IDs of B videos; they may repeat.
        limit
            Maximum number of trajectories of a video, with all their segments. Those with the highest scores are read;
            of equal scores, those with the lower rows.

        Returns
        -------
        TrajectoryBatch
            The trajectories; K is the largest number in `videos`, at least 1.

        Raises
        ------
        ValueError
            As `require`.
        """
        check_limit(limit)
        self.require(videos)
        chosen = [self._best(self._indices[video], limit) for video in videos]
        batch = TrajectoryBatch.padding(list(map(len, chosen)), self.feature_size)
        for index, rows in enumerate(chosen):
            count = len(rows)
            batch.features[index, :count] = self._features(rows)
            batch.spans[index, :count] = self._spans[rows]
            batch.labels[index, :count] = self._labels[rows]
            batch.mask[index, :count] = True
            batch.rows[index, :count] = rows
            batch.indices[index, :count] = rows - self._offsets[self._indices[videos[index]]]
            batch.owners[index, :count] = batch.indices[index, :count] if self._owners is None else self._owners[rows]
        return batch

    @printable_errors
    def trajectories(self, video: str) -> VideoTrajectories:
        """Return all trajectories of a video, in the order of the file.

        Raises
        ------
        ValueError
            As `require`.
        """
        self.require([video])
        first, last = self._range(self._indices[video])
        frames, boxes = self._read_boxes(first, last)
        return VideoTrajectories(
            video=video,
            features=self._features(np.arange(first, last)),
            spans=self._spans[first:last],
            labels=self._labels[first:last].astype(np.int32),
            scores=self._scores[first:last],
            owners=None if self._owners is None else self._owners[first:last].astype(np.int32),
            frames=frames,
            boxes=boxes,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_in_memory": None}

    def _range(self, index: int) -> tuple[int, int]:
        return int(self._offsets[index]), int(self._offsets[index + 1])

    def _best(self, index: int, limit: int) -> NDArray[np.int64]:
        """Return the rows of the best trajectories of a video, sorted by start, then row."""
        first, last = self._range(index)
        owners = None if self._owners is None else self._owners[first:last]
        return first + best_rows(self._scores[first:last], self._spans[first:last, 0], limit, owners)

    def _features(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        if len(self._stored) * self.feature_size * self._stored.dtype.itemsize > self._max_in_memory:
            return self._stored.read(rows).astype(np.float32, copy=False)
        if self._in_memory is None:
            self._in_memory = np.empty(self._stored.shape, self._stored.dtype)
            for start, block in self._stored.blocks():
                self._in_memory[start : start + len(block)] = block
        return self._in_memory[rows].astype(np.float32, copy=False)

    def _read_boxes(
        self, first: int, last: int
    ) -> tuple[tuple[NDArray[np.int32], ...] | None, tuple[NDArray[np.float32], ...] | None]:
        if self._box_offsets is None:
            return None, None
        offsets = self._box_offsets[first : last + 1]
        file = self._file.open()
        with reporting_damage(self.path):
            frames = file["box_frame"][offsets[0] : offsets[-1]].astype(np.int32)
            boxes = file["boxes"][offsets[0] : offsets[-1]].astype(np.float32)
        cuts = offsets[1:-1] - offsets[0]
        if first == last:
            return (), ()
        return tuple(np.split(frames, cuts)), tuple(np.split(boxes, cuts))

    def _check_offsets(self, name: str, offsets: NDArray[np.int64], count: int) -> None:
        if offsets[0] != 0 or offsets[-1] != count:
            raise ValueError(f"{self.path}: {name}: found {offsets[0]} to {offsets[-1]}, expected 0 to {count}")
        steps = np.diff(offsets)
        if (steps < 0).any():
            row = int((steps < 0).argmax())
            raise ValueError(
                f"{self.path}: {name}, row {row + 1}: found {offsets[row + 1]}, expected at least {offsets[row]}"
            )

    def _check_columns(self) -> None:
        starts, ends = self._spans.T
        count = len(self.classes)
        wrong_spans = ~((starts >= 0) & (starts <= ends) & (ends <= 1))
        wrong_labels = (self._labels < 0) | (self._labels >= count)
        checks = (
            ("span", self._spans, wrong_spans, "0 <= start <= end <= 1"),
            ("label", self._labels, wrong_labels, f"a label below {count}, the number of classes"),
            ("score", self._scores, ~np.isfinite(self._scores), "a finite number"),
        )
        for name, values, bad, expected in checks:
            if bad.any():
                row = int(bad.argmax())
                raise ValueError(f"{self.path}: {name}, row {row}: found {values[row].tolist()}, expected {expected}")


def _integers(file: h5py.File, name: str, shape_text: str) -> NDArray[np.int64]:
    return read_column(file, name, shape_text, "integer").astype(np.int64)


def _floats(file: h5py.File, name: str, shape_text: str) -> NDArray[np.float32]:
    # Values beyond float32 become infinite, which the checks of the columns report.
    with np.errstate(over="ignore"):
        return read_column(file, name, shape_text, "float").astype(np.float32)


def _classes(file: h5py.File) -> tuple[str, ...]:
    where = f"{file.filename}: attribute classes"
    if "classes" not in file.attrs:
        raise ValueError(f"{where}: found None, expected the class names")
    kind = file.attrs.get_id("classes").dtype
    found = file.attrs["classes"] if is_text(kind) or kind.kind != "O" else f"values of {kind}"
    if isinstance(found, h5py.Empty):
        return ()
    if isinstance(found, np.ndarray) and found.ndim == 1:
        # Text of another encoding is read as bytes, or as lone surrogates.
        names = [name.decode("utf-8", "surrogateescape") if type(name) is bytes else name for name in found.tolist()]
        if all(isinstance(name, str) and not _SURROGATE.search(name) for name in names):
            return tuple(names)
    raise ValueError(f"{where}: found {shown(found)}, expected the class names")


def _is_single(attribute: h5py.h5a.AttrID) -> bool:
    return attribute.shape == () and (is_text(attribute.dtype) or attribute.dtype.kind in "iufb")
