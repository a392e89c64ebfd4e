"""Simulated detections of annotated boxes, and their linked trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections, Trajectories, link
from trajtrack.option_fields import check_options, count, number
from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo

__all__ = ["DetectorOptions", "detect", "fill_holes", "link_video"]


@dataclass(frozen=True)
class DetectorOptions:
    """Quality of the simulated detector.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    longest_hole: int = count(
        90,
        0,
        10_000,
        "Maximum number of frames without annotation over which a box is interpolated. ImageNet-VidVRD skips up to "
        "several seconds between annotated windows; a detector would not.",
    )
    dropout: float = number(0.1, 0.0, 0.9, "Share of boxes that are missed.")
    dropout_run: int = count(3, 1, 1000, "Mean number of consecutive frames in which an object is missed.")
    jitter: float = number(0.03, 0.0, 1.0, "Standard deviation of a box's centre and size, as a share of its size.")
    min_length: int = count(8, 1, 10_000, "Minimum number of detections of a trajectory; shorter ones are dropped.")

    def __post_init__(self) -> None:
        check_options(self)


def detect(
    video: AnnotatedVideo, labels: dict[str, int], options: DetectorOptions, rng: np.random.Generator
) -> Detections:
    """Return simulated detections of a video.

    Parameters
    ----------
    video
        The annotated boxes.
    labels
        Label of each category.
    options
        Quality of the detector.
    rng
        Random number generator.
    """
    columns: list[tuple[NDArray[np.float32], NDArray[np.int32], int]] = []
    for tid, track in video.boxes.items():
        filled = fill_holes(track, options.longest_hole)
        frames = np.flatnonzero(~np.isnan(filled[:, 0])).astype(np.int32)
        frames = frames[~_missed(len(frames), options, rng)]
        columns.append((_jittered(filled[frames], options.jitter, rng), frames, labels[video.categories[tid]]))
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
    """Detect and link the objects of a video, without using the annotated IDs."""
    return link(detect(video, labels, options, rng), method="seq-nms", num_threads=1, min_length=options.min_length)


def fill_holes(track: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """Interpolate boxes linearly over holes of at most `longest` frames; longer holes stay.

    Parameters
    ----------
    track
        (T, 4) corners, NaN in frames without a box.
    longest
        Maximum number of frames of a hole that is filled.
    """
    known = np.flatnonzero(~np.isnan(track[:, 0]))
    if len(known) < 2:
        return track
    frames = np.arange(len(track))
    after = np.searchsorted(known, frames).clip(1, len(known) - 1)
    inside = (frames >= known[0]) & (frames <= known[-1]) & (known[after] - known[after - 1] - 1 <= longest)
    filled = np.stack([np.interp(frames, known, track[known, side]) for side in range(4)], axis=1)
    filled[~inside] = np.nan
    filled[known] = track[known]
    return filled.astype(np.float32)


def _missed(count: int, options: DetectorOptions, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a (count,) mask of missed boxes, in runs."""
    # Runs overlap. A box is detected if no run that would reach it has started.
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
