"""Features of the clips of videos, in the HDF5 files of NExT-QA, HQGA and VGT."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from trajtrack.printable import printable_errors
from trajvqa.stores.array_rows import ArrayRows, reporting_damage
from trajvqa.stores.hdf5 import (
    KEPT_IN_MEMORY,
    created,
    open_checked,
    read_ids,
    require_dataset,
    require_videos,
    write_ids,
)
from trajvqa.stores.own_values import has_dataset

__all__ = ["FrameFeatures", "write_frame_features"]

_LAYOUTS = {"feat": "(V, N, D)", "resnet_features": "(V, N, F, D)", "resnext_features": "(V, N, D)"}
"""Shapes of the datasets that hold features; the first that a file has is read."""
_FRAMES = "_I"
"""End of the name of TempCLIP's features, which begins with the model: ``CLIPL_I``, ``CLIP_I``, ``BLIP_I``."""
_APPEARANCE = "appearance_size"


class FrameFeatures:
    """Features of N clips for each of V videos.

    Datasets: ``ids`` (V,) of integers or text, and one of ``feat`` (V, N, D) as in NExT-QA's ``app_mot_{split}.h5``,
    ``resnet_features`` (V, N, F, D) as in the ``app_feat_{split}.h5`` of HQGA and VGT, and ``resnext_features``
    (V, N, D) as in HQGA's ``mot_feat_{split}.h5``. Or as in TempCLIP's ``CLIPL_I_{split}.h5``: ``vid`` (V,) of text
    and one whose name ends in ``_I``, (V, N, D), of which each of N frames is read as a clip. Videos are found by
    their IDs, never by their order.

    The file is checked when it is opened and read later, by each process separately. Features of up to `in_memory`
    bytes stay in memory after the first read.

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
        If the file is not HDF5, is truncated, or has other datasets, shapes or types; naming the file and the dataset.
    """

    ids: tuple[str, ...]
    """IDs of the V videos, in the order of the file."""
    clips: int
    """Number N of clips of each video."""
    size: int
    """Width D of a clip's features."""
    appearance_size: int | None
    """Width of the part of the features that shows appearance, before motion: an attribute of files that were extracted
    by this package; None if not known."""

    @printable_errors
    def __init__(self, path: str | os.PathLike[str], in_memory: int = KEPT_IN_MEMORY) -> None:
        self.path = Path(path)
        self._in_memory = in_memory
        with open_checked(path) as file, reporting_damage(self.path):
            ids, self._name, shape_text = _layout(file)
            self.ids = read_ids(require_dataset(file, ids, "(V,)"))
            found = require_dataset(file, self._name, shape_text, "float")
            self._check_shape(found.shape, shape_text, ids)
            self._stored = ArrayRows.of_dataset(found)
            self.appearance_size = self._appearance_size(file)
        self.clips, self.size = self._stored.shape[1], self._stored.shape[-1]
        self._rows = {video: row for row, video in enumerate(self.ids)}
        self._memory: NDArray[np.float32] | None = None

    def _check_shape(self, shape: tuple[int, ...], expected: str, ids: str) -> None:
        if shape[0] != len(self.ids):
            raise ValueError(
                f"{self.path}: {self._name}: found {shape[0]} rows, expected {len(self.ids)}, as many as {ids}"
            )
        if 0 in shape[1:]:
            raise ValueError(f"{self.path}: {self._name}: found shape {shape}, expected {expected} without zeros")

    def _appearance_size(self, file: h5py.File) -> int | None:
        """Return the attribute ``appearance_size``, or None if there is none."""
        if _APPEARANCE not in file.attrs:
            return None
        attribute = file.attrs.get_id(_APPEARANCE)
        value = file.attrs[_APPEARANCE] if attribute.shape == () and attribute.dtype.kind in "iu" else None
        if value is None or not 0 < value <= self._stored.shape[-1]:
            found = f"an attribute of {attribute.dtype}" if value is None else str(value)
            raise ValueError(
                f"{self.path}: attribute {_APPEARANCE}: found {found}, expected an integer of at most "
                f"{self._stored.shape[-1]}, the width of a clip's features"
            )
        return int(value)

    def __len__(self) -> int:
        return len(self.ids)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_memory": None}

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        self._stored.close()

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, naming the file, their number and the first of them."""
        require_videos(self.path, self._rows, videos)

    @printable_errors
    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32; reads the whole file.

        The message names the file, the dataset, and the first such video and clip.
        """
        for start, block in self._stored.blocks():
            bad = ~np.isfinite(self._per_clip(block)).all(axis=-1)
            if bad.any():
                row, clip = np.argwhere(bad)[0].tolist()
                raise ValueError(
                    f"{self.path}: {self._name}: video {self.ids[start + row]}, clip {clip}: found a number that is "
                    "not finite in float32, expected finite numbers"
                )

    @printable_errors
    def read(self, videos: Sequence[str]) -> NDArray[np.float32]:
        """Return the features of B videos.

        Parameters
        ----------
        videos
            IDs of the videos, in any order; they may repeat.

        Returns
        -------
        (B, N, D) features, averaged over the frames of a clip.

        Raises
        ------
        ValueError
            If a video is missing or the file is damaged, naming the file and the video.
        """
        try:
            rows = np.array([self._rows[video] for video in videos], np.int64)
        except KeyError:
            self.require(videos)
            raise
        if len(self) * self.clips * self.size * 4 > self._in_memory:
            return self._per_clip(self._stored.read(rows))
        if self._memory is None:
            self._memory = np.empty((len(self), self.clips, self.size), np.float32)
            for start, block in self._stored.blocks():
                self._memory[start : start + len(block)] = self._per_clip(block)
        return self._memory[rows]

    @printable_errors
    def read_frames(self, videos: Sequence[str]) -> NDArray[np.float32]:
        """Return the features (B, N, F, D) of the F frames of each clip; F is 1 if the file has a clip as a whole.

        Raises
        ------
        ValueError
            As `read`.
        """
        if len(self._stored.shape) == 3:
            return self.read(videos)[:, :, None]
        self.require(videos)
        values = self._stored.read(np.array([self._rows[video] for video in videos], np.int64))
        with np.errstate(over="ignore"):
            return values.astype(np.float32, copy=False)

    def _per_clip(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return (R, N, D) features from the file's values of R videos, averaged over the frames of a clip."""
        # Values beyond float32 become infinite, which check_finite reports.
        with np.errstate(over="ignore", invalid="ignore"):
            features = values.astype(np.float32, copy=False)
            return features if features.ndim == 3 else features.mean(axis=2, dtype=np.float32)


def _layout(file: h5py.File) -> tuple[str, str, str]:
    """Return the names of the datasets with IDs and with features, and the shape of the features."""
    if has_dataset(file, "ids") or not has_dataset(file, "vid"):
        name = next((name for name in _LAYOUTS if has_dataset(file, name)), "feat")
        return "ids", name, _LAYOUTS[name]
    names = sorted(name for name in file if name.endswith(_FRAMES))
    if len(names) != 1:
        raise ValueError(
            f"{file.filename}: found {len(names)} datasets of features of frames beside vid, expected one, such as "
            f"CLIPL{_FRAMES}"
        )
    return "vid", names[0], "(V, N, D)"


def write_frame_features(
    path: str | os.PathLike[str],
    ids: Sequence[str],
    feat: Iterable[NDArray[np.floating[Any]]],
    attrs: Mapping[str, str | int | float] | None = None,
) -> None:
    """Write features of clips in NExT-QA's layout.

    Parameters
    ----------
    path
        The file to write or to replace. If an error occurs, also in `feat`, it is left as it was.
    ids
        IDs of V distinct videos.
    feat
        (V, N, D) features, or V times (N, D), stored as float32. Of an iterator only one video is held in memory.
    attrs
        Attributes of the file. `FrameFeatures` knows ``appearance_size``, the width of the part of the features that
        shows appearance, before motion.

    Raises
    ------
    ValueError
        If there are no videos, IDs repeat, shapes do not match, or a number is not finite in float32.
    """
    if isinstance(feat, np.ndarray) and (feat.ndim != 3 or len(feat) != len(ids)):
        raise ValueError(f"feat: found shape {feat.shape}, expected ({len(ids)}, N, D), a row for each of the ids")
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"ids: found {len(set(ids))} distinct IDs, expected {len(ids) or 'at least one'}")
    with created(path) as file:
        stored: h5py.Dataset | None = None
        count = 0
        for features in feat:
            if count == len(ids):
                raise ValueError(f"feat: found more than {count} videos, expected as many as ids")
            where = f"feat, video {ids[count]}"
            if stored is None:
                if features.ndim != 2 or 0 in features.shape:
                    raise ValueError(f"{where}: found shape {features.shape}, expected (N, D) without zeros")
                stored = file.create_dataset("feat", (len(ids), *features.shape), np.float32)
            if features.shape != stored.shape[1:]:
                raise ValueError(f"{where}: found shape {features.shape}, expected {stored.shape[1:]} as before")
            with np.errstate(over="ignore"):
                values = features.astype(np.float32, copy=False)
            if not np.isfinite(values).all():
                raise ValueError(f"{where}: found a number that is not finite in float32, expected finite numbers")
            stored[count] = values
            count += 1
        if count < len(ids):
            raise ValueError(f"feat: found {count} videos, expected {len(ids)}, as many as ids")
        write_ids(file, "ids", ids)
        file.attrs.update(attrs or {})
