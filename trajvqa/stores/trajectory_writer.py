"""Writing trajectory stores, one video at a time and atomically."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import h5py
import numpy as np
from numpy.typing import NDArray

from trajvqa.stores.hdf5 import created, write_ids
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = ["write_trajectories"]

_CHUNK_BYTES = 1 << 17


def write_trajectories(
    path: str | os.PathLike[str],
    videos: Iterable[VideoTrajectories],
    classes: Sequence[str],
    *,
    half: bool = False,
    **attributes: str | float,
) -> None:
    """Write a trajectory store in the layout of `trajvqa.stores.trajectories`.

    Parameters
    ----------
    path
        The file to write or to replace. If an error occurs, also in `videos`, it is left as it was.
    videos
        The videos. Only one is held in memory at a time.
    classes
        Names of the labels 0, 1, 2, ...; the sequence may grow during the iteration over `videos`.
    half
        Whether features are rounded to float16, which halves the file.
    **attributes
        Attributes of the file, such as ``tracker``, ``detector``, ``fps`` and ``version``.

    Raises
    ------
    ValueError
        If there are no videos, a video repeats, a label has no name, feature sizes differ, only some videos have boxes
        or owners, or a feature is beyond float16; naming the video.
    """
    with created(path) as file:
        writer: _Writer | None = None
        for video in videos:
            if writer is None:
                writer = _Writer(file, video, np.dtype(np.float16 if half else np.float32))
            writer.append(video, len(classes))
        if writer is None:
            raise ValueError("videos: found none, expected at least one")
        writer.finish()
        file.attrs["classes"] = list(classes) if classes else h5py.Empty(h5py.string_dtype())
        file.attrs.update(attributes)


class _Writer:
    """Appends videos to an open file: large columns immediately, small ones in `finish`."""

    def __init__(self, file: h5py.File, first: VideoTrajectories, dtype: np.dtype[np.floating]) -> None:
        self._file = file
        self._dtype = dtype
        self._size = first.features.shape[1]
        if self._size == 0:
            raise ValueError(f"video {first.video}, features: found shape {first.features.shape}, expected D > 0")
        self._ids: dict[str, None] = {}
        self._offsets = [0]
        self._box_offsets = [0]
        self._small: dict[str, list[NDArray[np.generic]]] = {"span": [], "label": [], "score": []}
        self._features = _growing(file, "feat", (self._size,), dtype)
        if first.owners is not None:
            self._small["owner"] = []
        self._boxes: tuple[h5py.Dataset, h5py.Dataset] | None = None
        if first.boxes is not None:
            self._boxes = _growing(file, "boxes", (4,), np.float32), _growing(file, "box_frame", (), np.int32)

    def append(self, video: VideoTrajectories, classes: int) -> None:
        self._check(video, classes)
        self._ids[video.video] = None
        self._offsets.append(self._offsets[-1] + len(video))
        _append(self._features, video.features.astype(self._dtype))
        self._small["span"].append(video.spans.astype(np.float32))
        self._small["label"].append(video.labels.astype(np.int32))
        self._small["score"].append(video.scores.astype(np.float32))
        if video.owners is not None:
            self._small["owner"].append(video.owners.astype(np.int32))
        if self._boxes is not None and video.boxes is not None and video.frames is not None and len(video):
            _append(self._boxes[0], np.concatenate(video.boxes).astype(np.float32))
            _append(self._boxes[1], np.concatenate(video.frames).astype(np.int32))
            lengths = [len(frames) for frames in video.frames]
            self._box_offsets += (self._box_offsets[-1] + np.cumsum(lengths)).tolist()

    def finish(self) -> None:
        write_ids(self._file, "ids", tuple(self._ids))
        self._file["offset"] = np.array(self._offsets, np.int64)
        for name, parts in self._small.items():
            self._file[name] = np.concatenate(parts)
        if self._boxes is not None:
            self._file["box_offset"] = np.array(self._box_offsets, np.int64)

    def _check(self, video: VideoTrajectories, classes: int) -> None:
        name = f"video {video.video}"
        video.check_fits(self._ids, self._size, classes)
        for column, there, wanted in (
            ("boxes", video.boxes is not None, self._boxes is not None),
            ("owners", video.owners is not None, "owner" in self._small),
        ):
            if there != wanted:
                found, expected = ("some", "none") if there else ("none", "some")
                raise ValueError(f"{name}, {column}: found {found}, expected {expected} as for the previous videos")
        limit = float(np.finfo(self._dtype).max)
        large = float(np.abs(video.features).max(initial=0))
        if large > limit:
            raise ValueError(f"{name}, features: found {large:g}, expected at most {limit:g} ({self._dtype})")


def _growing(file: h5py.File, name: str, shape: tuple[int, ...], dtype: type | np.dtype[np.floating]) -> h5py.Dataset:
    row_bytes = np.dtype(dtype).itemsize * int(np.prod(shape))
    return file.create_dataset(
        name,
        shape=(0, *shape),
        maxshape=(None, *shape),
        chunks=(max(1, _CHUNK_BYTES // row_bytes), *shape),
        dtype=dtype,
    )


def _append(column: h5py.Dataset, values: NDArray[np.generic]) -> None:
    start = len(column)
    column.resize(start + len(values), axis=0)
    column[start:] = values
