"""Stores of many files: folders of HDF5 files, each with some of the videos, as shards of an extraction write them."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from trajtrack.printable import printable_errors
from trajvqa.stores.frame_features import FrameFeatures
from trajvqa.stores.hdf5 import KEPT_IN_MEMORY, require_videos
from trajvqa.stores.region_features import RegionBatch, RegionFeatures
from trajvqa.stores.trajectories import TrajectoryStore
from trajvqa.stores.trajectory_batches import TrajectoryBatch, check_limit
from trajvqa.stores.video_trajectories import VideoTrajectories

__all__ = [
    "Clips",
    "ManyFrameFeatures",
    "ManyRegionFeatures",
    "ManyTrajectories",
    "RegionsInFiles",
    "TrajectoriesInFiles",
    "open_frame_features",
    "open_region_features",
    "open_trajectories",
    "store_files",
]

_SUFFIX = ".h5"
_SAME_OF_TRAJECTORIES = {
    "feature_size": "size of feat",
    "classes": "classes",
    "segmented": "segments with owners",
    "clips": "attribute clips",
}
_MAX_OPEN = 100
"""Maximum number of files of a store that are kept open, since processes may open only about a thousand."""


class _Store(Protocol):
    path: Path
    ids: tuple[str, ...]

    def check_finite(self) -> None: ...

    def close(self) -> None: ...


Store = TypeVar("Store", bound=_Store)


def store_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a store that is a folder, by name; none if the folder is none."""
    if not os.path.isdir(folder):
        return []
    found = (path for path in Path(folder).iterdir() if path.suffix == _SUFFIX and not path.name.startswith("."))
    return sorted(path for path in found if path.is_file())


class _ManyFiles(Generic[Store]):
    """What stores of many files have in common.

    Parameters
    ----------
    folder
        The folder; its files may have any names that end in ``.h5``.
    opening
        Opens a file, given how many bytes of it may stay in memory.
    same
        What must be the same in all files: attributes of their stores, and how messages call them.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If there is no file, two have the same video or differ in what must be the same; as the stores of the files.
    """

    ids: tuple[str, ...]
    """IDs of all videos, in the order of the files' names."""

    def __init__(
        self, folder: str | os.PathLike[str], opening: Callable[[Path, int], Store], same: dict[str, str]
    ) -> None:
        self.path = Path(folder)
        paths = store_files(os.fspath(folder))
        if not paths:
            raise ValueError(f"{self.path}: found no file that ends in {_SUFFIX}, expected those of a store")
        fits = sum(path.stat().st_size for path in paths) <= KEPT_IN_MEMORY
        self._stores = [opening(path, KEPT_IN_MEMORY if fits else 0) for path in paths]
        self._places: dict[str, int] = {}
        for place, store in enumerate(self._stores):
            self._require_same(store, same)
            for video in store.ids:
                other = self._places.setdefault(video, place)
                if other != place:
                    raise ValueError(
                        f"{self.path}: ids: found video {video} in {self._stores[other].path.name} and "
                        f"{store.path.name}, expected each video in one file"
                    )
        self.ids = tuple(self._places)
        self._open: OrderedDict[int, None] = OrderedDict()

    def _require_same(self, store: Store, same: dict[str, str]) -> None:
        first = self._stores[0]
        for name, text in same.items():
            found, expected = getattr(store, name), getattr(first, name)
            if found != expected:
                raise ValueError(f"{store.path}: {text}: found {found}, expected {expected} as in {first.path.name}")

    def __len__(self) -> int:
        return len(self.ids)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": OrderedDict()}

    def require(self, videos: Iterable[str]) -> None:
        """Raise ValueError if videos are missing, naming the folder, their number and the first of them."""
        require_videos(self.path, self._places, videos)

    def check_finite(self) -> None:
        """Raise ValueError if a number is not finite in float32, naming the file; reads all files."""
        for place in range(len(self._stores)):
            self._opened(place).check_finite()

    def _opened(self, place: int) -> Store:
        """Return the store of a file that is about to be read; of many, the one read longest ago is closed."""
        self._open[place] = None
        self._open.move_to_end(place)
        if len(self._open) > _MAX_OPEN:
            oldest, _ = self._open.popitem(last=False)
            self._stores[oldest].close()
        return self._stores[place]

    def _by_file(self, videos: Sequence[str]) -> Iterator[tuple[int, NDArray[np.int64], list[str]]]:
        """Yield the index of each file that has some of the videos, with their positions and IDs."""
        self.require(videos)
        places = np.array([self._places[video] for video in videos], np.int64)
        for place in np.unique(places).tolist():
            positions = np.flatnonzero(places == place)
            yield place, positions, [videos[position] for position in positions.tolist()]


class ManyFrameFeatures(_ManyFiles[FrameFeatures]):
    """Features of the clips of videos in many files, which are as those of `FrameFeatures`.

    Parameters
    ----------
    folder
        The folder of the files.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no file, two have the same video or differ in number or width of clips; as `FrameFeatures`.
    """

    @printable_errors
    def __init__(self, folder: str | os.PathLike[str]) -> None:
        same = {"clips": "number of clips", "size": "size of a clip", "appearance_size": "attribute appearance_size"}
        super().__init__(folder, FrameFeatures, same)
        first = self._stores[0]
        self.clips, self.size, self.appearance_size = first.clips, first.size, first.appearance_size

    def read(self, videos: Sequence[str]) -> NDArray[np.float32]:
        """Return the features (B, N, D) of B videos; ValueError as `FrameFeatures.read`."""
        features = np.empty((len(videos), self.clips, self.size), np.float32)
        for place, positions, names in self._by_file(videos):
            features[positions] = self._opened(place).read(names)
        return features

    def read_frames(self, videos: Sequence[str]) -> NDArray[np.float32]:
        """Return the features (B, N, F, D) as `FrameFeatures.read_frames`."""
        parts = [
            (positions, self._opened(place).read_frames(names)) for place, positions, names in self._by_file(videos)
        ]
        frames = parts[0][1].shape[2] if parts else 1
        features = np.empty((len(videos), self.clips, frames, self.size), np.float32)
        for positions, part in parts:
            if part.shape[2] != frames:
                raise ValueError(
                    f"{self.path}: found clips of {part.shape[2]} and of {frames} frames, expected one number"
                )
            features[positions] = part
        return features


class ManyRegionFeatures(_ManyFiles[RegionFeatures]):
    """Regions of videos in many files, which are as those of `RegionFeatures`.

    Parameters
    ----------
    folder
        The folder of the files.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no file, two have the same video or differ in shape; as `RegionFeatures`.
    """

    @printable_errors
    def __init__(self, folder: str | os.PathLike[str]) -> None:
        names = {"clips": "number of clips", "frames": "number of frames", "regions": "number of regions"}
        super().__init__(folder, lambda path, _: RegionFeatures(path), names | {"size": "size of a region"})
        first = self._stores[0]
        self.clips, self.frames, self.regions, self.size = first.clips, first.frames, first.regions, first.size

    def read(self, videos: Sequence[str]) -> RegionBatch:
        """Return the regions of B videos; ValueError as `RegionFeatures.read`."""
        shape = (len(videos), self.clips, self.frames, self.regions)
        batch = RegionBatch(np.empty((*shape, self.size), np.float32), np.empty((*shape, 4), np.float32))
        for place, positions, names in self._by_file(videos):
            part = self._opened(place).read(names)
            batch.features[positions], batch.boxes[positions] = part.features, part.boxes
        return batch


class ManyTrajectories(_ManyFiles[TrajectoryStore]):
    """Trajectories of videos in many files, which are as those of `TrajectoryStore`.

    Parameters
    ----------
    folder
        The folder of the files.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no file, two have the same video or differ in classes, width of features or whether rows are
        segments; as `TrajectoryStore`.
    """

    @printable_errors
    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__(folder, TrajectoryStore, _SAME_OF_TRAJECTORIES)
        self.classes, self.feature_size = self._stores[0].classes, self._stores[0].feature_size
        self.clips, self.segmented = self._stores[0].clips, self._stores[0].segmented
        self._first_rows = np.cumsum([0, *(int(store.counts.sum()) for store in self._stores)])

    @property
    def counts(self) -> NDArray[np.int64]:
        """(V,) number of trajectories of each video."""
        return np.concatenate([store.counts for store in self._stores])

    def left_out(self, limit: int) -> int:
        """Return how many rows `read` leaves out of all videos with a limit."""
        return sum(store.left_out(limit) for store in self._stores)

    def read(self, videos: Sequence[str], limit: int) -> TrajectoryBatch:
        """Return trajectories as `TrajectoryStore.read`; rows count through all files."""
        check_limit(limit)
        parts = [
            (place, positions, self._opened(place).read(names, limit))
            for place, positions, names in self._by_file(videos)
        ]
        counts = np.zeros(len(videos), np.int64)
        for _, positions, part in parts:
            counts[positions] = part.mask.sum(axis=1)
        batch = TrajectoryBatch.padding(counts.tolist(), self.feature_size)
        for place, positions, part in parts:
            width = part.mask.shape[1]
            for name in ("features", "spans", "labels", "mask", "indices", "owners"):
                getattr(batch, name)[positions, :width] = getattr(part, name)
            batch.rows[positions, :width] = np.where(part.mask, part.rows + self._first_rows[place], -1)
        return batch

    def trajectories(self, video: str) -> VideoTrajectories:
        """Return all trajectories of a video; ValueError as `TrajectoryStore.trajectories`."""
        self.require([video])
        return self._opened(self._places[video]).trajectories(video)


Clips = FrameFeatures | ManyFrameFeatures
RegionsInFiles = RegionFeatures | ManyRegionFeatures
TrajectoriesInFiles = TrajectoryStore | ManyTrajectories


def _require_one(path: str | os.PathLike[str]) -> None:
    """Raise ValueError if there are both a file and a folder of files of the same name."""
    name = os.fspath(path).removesuffix(_SUFFIX)
    if os.path.isfile(name + _SUFFIX) and store_files(name):
        raise ValueError(f"{name}: found this folder and {name}{_SUFFIX}, expected one of them")


def open_frame_features(path: str | os.PathLike[str]) -> Clips:
    """Open the features of clips in a file or in the files of a folder."""
    _require_one(path)
    return ManyFrameFeatures(path) if os.path.isdir(path) else FrameFeatures(path)


def open_region_features(path: str | os.PathLike[str]) -> RegionsInFiles:
    """Open the regions in a file or in the files of a folder."""
    _require_one(path)
    return ManyRegionFeatures(path) if os.path.isdir(path) else RegionFeatures(path)


def open_trajectories(path: str | os.PathLike[str]) -> TrajectoriesInFiles:
    """Open the trajectories in a file or in the files of a folder."""
    _require_one(path)
    return ManyTrajectories(path) if os.path.isdir(path) else TrajectoryStore(path)
