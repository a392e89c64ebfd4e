"""What a detector would make of annotated boxes, and the trajectories that linking makes of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections, Trajectories, link
from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo

__all__ = ["DetectorOptions", "detect", "fill_holes", "link_video"]


@dataclass(frozen=True)
class DetectorOptions:
    """How good the detector is.

    Raises
    ------
    ValueError
        Naming the option, what was found and what was expected.
    """

    longest_hole: int = 90
    """Frames without annotation over which a box is interpolated: ImageNet-VidVRD skips up to some seconds between
    annotated windows, which a detector would not."""
    dropout: float = 0.1
    """Share of the boxes that are missed."""
    dropout_run: int = 3
    """Mean number of successive frames in which an object is missed."""
    jitter: float = 0.03
    """Standard deviation of a box's centre and of its size, as a share of its size."""
    min_length: int = 8
    """Trajectories of fewer detections are dropped."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("longest_hole", 0, 10_000),
            ("dropout", 0, 0.9),
            ("dropout_run", 1, 1000),
            ("jitter", 0, 1),
            ("min_length", 1, 10_000),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name}: expected {low} to {high}, found {getattr(self, name)!r}")


def detect(
    video: AnnotatedVideo, labels: dict[str, int], options: DetectorOptions, rng: np.random.Generator
) -> Detections:
    """Return what a detector would see of a video.

    Parameters
    ----------
    video
        The annotated boxes.
    labels
        Label of each category.
    options, rng
        The detector, and its luck.
    """
    columns: list[tuple[NDArray[np.float32], NDArray[np.int32], int]] = []
    for number, track in video.boxes.items():
        filled = fill_holes(track, options.longest_hole)
        frames = np.flatnonzero(~np.isnan(filled[:, 0])).astype(np.int32)
        frames = frames[~_missed(len(frames), options, rng)]
        columns.append((_jittered(filled[frames], options.jitter, rng), frames, labels[video.categories[number]]))
    frames = np.concatenate([frames for _, frames, _ in columns])
    order = np.argsort(frames, kind="stable")
    return Detections(
        np.concatenate([boxes for boxes, _, _ in columns])[order],
        np.float32(0.4) + np.float32(0.6) * rng.random((2, len(frames)), dtype=np.float32).max(axis=0),
        frames[order],
        np.repeat([label for _, _, label in columns], [len(frames) for _, frames, _ in columns])[order],
        num_frames=video.num_frames,
        label_names={label: name for name, label in labels.items()},
    )


def link_video(
    video: AnnotatedVideo, labels: dict[str, int], options: DetectorOptions, rng: np.random.Generator
) -> Trajectories:
    """Return the trajectories of a video, as `trajtrack.link` finds them in what `detect` gives; ids are not used."""
    return link(detect(video, labels, options, rng), num_threads=1, min_length=options.min_length)


def fill_holes(track: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """Interpolate boxes linearly over holes of at most `longest` frames.

    Parameters
    ----------
    track
        (T, 4) corners, NaN where there is no box.
    longest
        Longer holes stay.
    """
    there = np.flatnonzero(~np.isnan(track[:, 0]))
    if len(there) < 2:
        return track
    frames = np.arange(len(track))
    after = np.searchsorted(there, frames).clip(1, len(there) - 1)
    inside = (frames >= there[0]) & (frames <= there[-1]) & (there[after] - there[after - 1] - 1 <= longest)
    filled = np.stack([np.interp(frames, there, track[there, side]) for side in range(4)], axis=1)
    filled[~inside] = np.nan
    filled[there] = track[there]
    return filled.astype(np.float32)


def _missed(count: int, options: DetectorOptions, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which of successive boxes are missed, in runs."""
    # Runs overlap. A box is seen when none of the runs that would reach it has started.
    rate = 1 - (1 - options.dropout) ** (1 / options.dropout_run)
    starts = rng.random(count) < rate
    lengths = rng.geometric(1 / options.dropout_run, count)
    missed = np.zeros(count + 1, np.int64)
    np.add.at(missed, np.flatnonzero(starts), 1)
    np.add.at(missed, np.minimum(np.flatnonzero(starts) + lengths[starts], count), -1)
    return np.cumsum(missed)[:count] > 0


def _jittered(boxes: NDArray[np.float32], jitter: float, rng: np.random.Generator) -> NDArray[np.float32]:
    sizes = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + sizes / 2 + sizes * _noise(sizes.shape, jitter, rng)
    half = sizes / 2 * np.maximum(1 + _noise(sizes.shape, jitter, rng), np.float32(0.1))
    return np.concatenate([centres - half, centres + half], axis=1)


def _noise(shape: tuple[int, ...], deviation: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return triangular noise, which is the same on every platform."""
    low, high = rng.random((2, *shape), dtype=np.float32)
    noise: NDArray[np.float32] = (low - high) * np.float32(deviation * np.sqrt(6))
    return noise
