"""Stores of one file cut into many."""

from __future__ import annotations

from pathlib import Path

from trajvqa.data.folder import FRAME_FEATURES, REGIONS, TRAJECTORIES
from trajvqa.stores import (
    FrameFeatures,
    RegionFeatures,
    TrajectoryStore,
    write_frame_features,
    write_region_features,
    write_trajectories,
)


def cut_frame_features(path: Path, folder: Path, count: int) -> Path:
    """Write the videos of a file into files of a folder, by turns."""
    store = FrameFeatures(path)
    folder.mkdir()
    for number in range(count):
        ids = store.ids[number::count]
        write_frame_features(folder / f"{number}.h5", ids, store.read(ids))
    return folder


def cut_trajectories(path: Path, folder: Path, count: int) -> Path:
    """Write the videos of a file into files of a folder, by turns."""
    store = TrajectoryStore(path)
    folder.mkdir()
    for number in range(count):
        videos = (store.trajectories(video) for video in store.ids[number::count])
        write_trajectories(folder / f"{number}.h5", videos, store.classes)
    return folder


def cut_regions(path: Path, folder: Path, count: int) -> Path:
    """Write the videos of a file into files of a folder, by turns."""
    store = RegionFeatures(path)
    folder.mkdir()
    for number in range(count):
        ids = store.ids[number::count]
        batch = store.read(ids)
        write_region_features(folder / f"{number}.h5", ids, zip(batch.features, batch.boxes, strict=True))
    return folder


def cut_split(data: Path, split: str, count: int) -> None:
    """Replace the stores of a split of a data folder by folders of files."""
    for kind, cut in ((FRAME_FEATURES, cut_frame_features), (TRAJECTORIES, cut_trajectories), (REGIONS, cut_regions)):
        path = kind.output(data, split)
        if path.exists():
            cut(path, path.with_suffix(""), count)
            path.unlink()
