"""Trajectories cut into pieces: segments of clips, and controls of whether linking or seeing objects matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories

__all__ = ["LINKS", "cut_attributes", "cut_trajectories"]

LINKS = ("all", "segments", "clips", "none")
"""Links between the detections of a trajectory that can be kept: all; all, with the trajectory cut into one segment for
each clip; those within a clip, so that an object is one token in each clip; or none, so that it is one of its
detections, drawn at random."""
_CUT_AT_CLIPS = ("segments", "clips")


def cut_attributes(links: str, clips: int) -> dict[str, Any]:
    """Return the attributes of a store that say how its trajectories were cut by `cut_trajectories`."""
    return {"links": links} | ({"clips": clips} if links in _CUT_AT_CLIPS else {})


def cut_trajectories(
    tracks: Trajectories, links: str, clips: int, rng: np.random.Generator
) -> tuple[Trajectories, NDArray[np.int64], NDArray[np.int32] | None]:
    """Cut trajectories into pieces, without changing which detections there are.

    Parameters
    ----------
    tracks
        Trajectories of a video.
    links
        The links that are kept: one of `LINKS`.
    clips
        Number of clips of the video, of equal length.
    rng
        Random number generator; used only where detections are drawn.

    Returns
    -------
    The pieces; the indices of those that stand for the objects: with ``"none"`` one piece of each trajectory, else all;
    and with ``"segments"`` the trajectory that each belongs to. All detections are in the pieces, so that features of a
    detection among others are those of the whole video. A piece has its trajectory's score, so that a limit takes the
    pieces of the best trajectories first; only of segments does it count trajectories.
    """
    if links not in LINKS:
        raise ValueError(f"links: found {links!r}, expected one of {', '.join(LINKS)}")
    if links == "all" or not len(tracks):
        return tracks, np.arange(len(tracks)), np.zeros(0, np.int32) if links == "segments" else None
    owners = np.repeat(np.arange(len(tracks)), tracks.lengths)
    rows, given = tracks.rows, tracks.detections
    parts = given.frames[rows].astype(np.int64) * clips // given.num_frames if links != "none" else np.arange(len(rows))
    starts = np.flatnonzero((np.diff(owners, prepend=-1) != 0) | (np.diff(parts, prepend=-1) != 0))
    offsets = np.append(starts, len(rows))
    pieces = np.repeat(np.arange(len(starts)), np.diff(offsets))
    track_ids = np.full_like(tracks.track_ids, -1)
    track_ids[rows] = pieces
    whole = owners[starts]
    cut = replace(
        tracks,
        track_ids=track_ids,
        offsets=offsets,
        labels=_labels(given.labels[rows], given.scores[rows], pieces),
        scores=tracks.scores[whole],
    )
    if links == "none":
        return cut, tracks.offsets[:-1] + rng.integers(tracks.lengths), None
    return cut, np.arange(len(cut)), whole.astype(np.int32) if links == "segments" else None


def _labels(labels: NDArray[np.int32], scores: NDArray[np.float32], pieces: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the label of each piece: the score-weighted majority; ties go to the smaller label."""
    names, indices = np.unique(labels, return_inverse=True)
    weights = np.zeros((int(pieces[-1]) + 1, len(names)))
    np.add.at(weights, (pieces, indices), scores)
    majority: NDArray[np.int32] = names[weights.argmax(axis=1)]
    return majority
