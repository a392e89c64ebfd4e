"""Appearances of simulated objects: noise, and means over clips and trajectories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajtrack import Scene, Trajectories
from trajvqa.stores import VideoTrajectories, cut_trajectories

__all__ = ["mean_of_clips", "noise", "pooled_trajectories"]

_DEVIATION = 0.5


def noise(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return triangular noise; sums of uniform numbers are the same on every platform."""
    difference = rng.random(shape, dtype=np.float32) - rng.random(shape, dtype=np.float32)
    return difference * np.float32(_DEVIATION * np.sqrt(6))


def mean_of_clips(
    scene: Scene, truth: NDArray[np.float32], background: NDArray[np.float32], clips: int
) -> NDArray[np.float32]:
    """Return the (clips, D) mean appearances of all objects in each clip, as if pooled over the whole image.

    Parameters
    ----------
    scene
        The scene.
    truth
        (M, D) appearances of its true boxes.
    background
        (D,) appearance of a clip without objects.
    clips
        Number of clips, of equal length.
    """
    indices = scene.truth.frames.astype(np.int64) * clips // scene.truth.num_frames
    sums = np.zeros((clips, truth.shape[1]), np.float32)
    np.add.at(sums, indices, truth)
    counts = np.bincount(indices, minlength=clips).astype(np.float32)
    means = sums / np.maximum(counts, 1)[:, None]
    means[counts == 0] = background
    return np.asarray(means, np.float32)


def pooled_trajectories(
    video: str, tracks: Trajectories, appearances: NDArray[np.float32], links: str, clips: int
) -> VideoTrajectories:
    """Return trajectories with the means of their detections' appearances.

    Parameters
    ----------
    video
        ID of the video.
    tracks
        Its trajectories.
    appearances
        (N, D) appearances of its detections.
    links
        Which links are kept, one of `trajvqa.stores.LINKS`.
    clips
        Number of clips of the video.
    """
    rng = np.random.Generator(np.random.PCG64(list(video.encode())))
    pieces, kept, owners = cut_trajectories(tracks, links, clips, rng)
    length = tracks.detections.num_frames
    spans = np.stack([pieces.starts / length, (pieces.ends + 1) / length], axis=1)
    return VideoTrajectories(
        video=video,
        features=pieces.pool(appearances).astype(np.float32)[kept],
        spans=spans.reshape(-1, 2).astype(np.float32)[kept],
        labels=pieces.labels[kept],
        scores=pieces.scores.astype(np.float32)[kept],
        owners=owners,
    )
