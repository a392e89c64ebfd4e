"""Features of regions of the frames of videos, in the HDF5 files of HQGA, VGT and CoVGT, or in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.printable import printable_errors
from trajvqa.stores.array_rows import ArrayRows, reporting_damage
from trajvqa.stores.hdf5 import created, open_checked, read_ids, require_dataset, require_videos, write_ids

__all__ = ["RegionBatch", "RegionFeatures", "RegionsInMemory", "write_region_features"]

_FEATURES, _BOXES = "feat", "bbox"
_SHAPES = {_FEATURES: "(V, C, F, R, D)", _BOXES: "(V, C, F, R, 4)"}
_SOURCE = "memory"
"""Stands for the path of a file in messages."""


@dataclass(frozen=True, eq=False)
class RegionBatch:
    """Up to R regions in each of F frames of C clips of B videos."""

    features: NDArray[np.float32]
    """(B, C, F, R, D) features."""
    boxes: NDArray[np.float32]
    """(B, C, F, R, 4) corners in pixels: left, top, right, bottom."""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(B, C, F, R) whether there is a region: rows whose features and box are all zero are none."""
        present: NDArray[np.bool_] = (self.features != 0).any(axis=-1) | (self.boxes != 0).any(axis=-1)
        return present


class RegionFeatures:
    """Regions of F frames in each of C clips of V videos.

    Datasets, as in the public ``region_*_{split}.h5`` and ``acregion_*_{split}.h5``: ``ids`` (V,) of integers or text,
    ``feat`` (V, C, F, R, D) and ``bbox`` (V, C, F, R, 4), the corners in pixels. A row of zeros in both is no region.
    Videos are found by their IDs, never by their order.

    The file is checked when it is opened and read later, by each process separately, one video at a time: such files
    have tens of gigabytes.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not HDF5, is truncated, or has other datasets, shapes or types; naming the file and the dataset.
    """

    ids: tuple[str, ...]
    """IDs of the V videos, in the order of the file."""
    clips: int
    """Number C of clips of each video."""
    frames: int
    """Number F of frames of each clip."""
    regions: int
    """Maximum number R of regions of each frame."""
    size: int
    """Width D of a region's features."""

    @printable_errors
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with open_checked(path) as file, reporting_damage(self.path):
            self.ids = read_ids(require_dataset(file, "ids", "(V,)"))
            stored = {name: require_dataset(file, name, text, "float") for name, text in _SHAPES.items()}
            for name, found in stored.items():
                if found.shape[0] != len(self.ids):
                    raise ValueError(
                        f"{self.path}: {name}: found {found.shape[0]} rows, expected {len(self.ids)}, as many as ids"
                    )
                if 0 in found.shape[1:]:
                    raise ValueError(
                        f"{self.path}: {name}: found shape {found.shape}, expected {_SHAPES[name]} without zeros"
                    )
            shape = stored[_FEATURES].shape
            if stored[_BOXES].shape != (*shape[:4], 4):
                raise ValueError(
                    f"{self.path}: {_BOXES}: found shape {stored[_BOXES].shape}, expected {(*shape[:4], 4)}, a box for "
                    f"each region of {_FEATURES}"
                )
            self._features, self._boxes = (ArrayRows.of_dataset(each) for each in stored.values())
        _, self.clips, self.frames, self.regions, self.size = shape
        self._rows = {video: row for row, video in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        for _, stored in self._datasets():
            stored.close()

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, naming the file, their number and the first of them."""
        require_videos(self.path, self._rows, videos)

    @printable_errors
    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32, naming the dataset and the video; reads all."""
        for name, stored in self._datasets():
            for start, block in stored.blocks():
                bad = ~np.isfinite(_float32(block)).reshape(len(block), -1).all(axis=1)
                if bad.any():
                    raise self._not_finite(name, start + int(bad.argmax()))

    @printable_errors
    def read(self, videos: Sequence[str]) -> RegionBatch:
        """Return the regions of B videos, which may be in any order and repeat.

        Raises
        ------
        ValueError
            If a video is missing, a number is not finite in float32 or the file is damaged, naming the file and the
            video.
        """
        self.require(videos)
        rows = np.array([self._rows[video] for video in videos], np.int64)
        return RegionBatch(*(self._read(name, stored, rows) for name, stored in self._datasets()))

    def _datasets(self) -> tuple[tuple[str, ArrayRows], ...]:
        return (_FEATURES, self._features), (_BOXES, self._boxes)

    def _read(self, name: str, stored: ArrayRows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        values = _float32(stored.read(rows))
        for row, each in zip(rows, values, strict=True):
            if not np.isfinite(each).all():
                raise self._not_finite(name, int(row))
        return values

    def _not_finite(self, name: str, row: int) -> ValueError:
        return ValueError(
            f"{self.path}: {name}: video {self.ids[row]}: found a number that is not finite in float32, expected "
            "finite numbers"
        )


class RegionsInMemory:
    """Regions of at least one video.

    Parameters
    ----------
    features
        (C, F, R, D) features of each video, by its ID.
    boxes
        (C, F, R, 4) corners in pixels of each video, by its ID. A row of zeros in both is no region.

    Raises
    ------
    ValueError
        If there is no video, shapes differ or are empty, or a number is not finite in float32; naming the video.
    """

    ids: tuple[str, ...]
    """IDs of the V videos."""
    clips: int
    """Number C of clips of each video."""
    frames: int
    """Number F of frames of each clip."""
    regions: int
    """Maximum number R of regions of each frame."""
    size: int
    """Width D of a region's features."""

    def __init__(self, features: Mapping[str, NDArray[np.floating]], boxes: Mapping[str, NDArray[np.floating]]) -> None:
        if not features:
            raise ValueError("features: found no videos, expected at least one")
        require_videos("boxes", boxes, features)
        self.ids = tuple(features)
        shape = features[self.ids[0]].shape
        for video, values in features.items():
            expected = "(C, F, R, D) without zeros" if video == self.ids[0] else f"{shape} as for video {self.ids[0]}"
            if values.ndim != 4 or 0 in values.shape or values.shape != shape:
                raise ValueError(f"features, video {video}: found shape {values.shape}, expected {expected}")
            if boxes[video].shape != (*shape[:3], 4):
                raise ValueError(f"boxes, video {video}: found shape {boxes[video].shape}, expected {(*shape[:3], 4)}")
        self.clips, self.frames, self.regions, self.size = shape
        self._features = {video: _float32(features[video]) for video in self.ids}
        self._boxes = {video: _float32(boxes[video]) for video in self.ids}
        self.check_finite()

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, with their number and the first of them."""
        require_videos(_SOURCE, self._features, videos)

    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32, naming the video."""
        for name, columns in (("features", self._features), ("boxes", self._boxes)):
            for video, values in columns.items():
                if not np.isfinite(values).all():
                    raise ValueError(
                        f"{name}, video {video}: found a number that is not finite in float32, expected finite numbers"
                    )

    def read(self, videos: Sequence[str]) -> RegionBatch:
        """Return the regions of B videos; ValueError as `require`."""
        self.require(videos)
        return RegionBatch(
            np.stack([self._features[video] for video in videos]), np.stack([self._boxes[video] for video in videos])
        )


@printable_errors
def write_region_features(
    path: str | os.PathLike[str],
    ids: Sequence[str],
    regions: Iterable[tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]],
) -> None:
    """Write regions in the public layout that `RegionFeatures` reads, as float32.

    Parameters
    ----------
    path
        The file to write or to replace. If an error occurs, also in `regions`, it is left as it was.
    ids
        IDs of V distinct videos.
    regions
        V times (C, F, R, D) features and (C, F, R, 4) corners in pixels. Of an iterator only one video is in memory.

    Raises
    ------
    ValueError
        If there are no videos, IDs repeat, or shapes do not match.
    """
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"ids: found {len(set(ids))} distinct IDs, expected {len(ids) or 'at least one'}")
    with created(path) as file:
        count = 0
        for features, boxes in regions:
            if count == len(ids):
                raise ValueError(f"regions: found more than {count} videos, expected as many as ids")
            video = RegionsInMemory({ids[count]: features}, {ids[count]: boxes}).read([ids[count]])
            if count == 0:
                for name, values in ((_FEATURES, video.features), (_BOXES, video.boxes)):
                    file.create_dataset(name, (len(ids), *values.shape[1:]), np.float32)
            if video.features.shape[1:] != file[_FEATURES].shape[1:]:
                raise ValueError(
                    f"regions, video {ids[count]}: found shape {video.features.shape[1:]}, expected "
                    f"{file[_FEATURES].shape[1:]} as before"
                )
            file[_FEATURES][count], file[_BOXES][count] = video.features[0], video.boxes[0]
            count += 1
        if count < len(ids):
            raise ValueError(f"regions: found {count} videos, expected {len(ids)}, as many as ids")
        write_ids(file, "ids", ids)


def _float32(values: NDArray[Any]) -> NDArray[np.float32]:
    # Values beyond float32 become infinite, which is reported.
    with np.errstate(over="ignore"):
        return values.astype(np.float32, copy=False)
