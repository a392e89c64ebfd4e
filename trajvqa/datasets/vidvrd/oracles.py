"""Oracles that answer questions from the annotations, or from linked trajectories by rules of geometry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories
from trajvqa.datasets.vidvrd.candidates import MultipleChoice
from trajvqa.datasets.vidvrd.claims import ADJECTIVES, Answer, Claim, Name, Number
from trajvqa.datasets.vidvrd.geometry import agreement
from trajvqa.datasets.vidvrd.questions import Draft

__all__ = ["TrajectoryOracle", "answer_from_annotations"]

_ABSENT = -10.0
"""Fit of a candidate about a class that has no trajectory."""
_AT_REST = frozenset({"stand", "sit", "lie", "stop"})
_WALKING = 0.3
"""Speed, in sizes per second, above which walking is more likely than standing: between the medians of both."""
_STEP = 15
_WINDOW = 30

Track = NDArray[np.float64]


def answer_from_annotations(asked: MultipleChoice) -> int:
    """Return the index of the candidate that is correct according to the annotations.

    Raises
    ------
    ValueError
        Unless exactly one candidate is correct.
    """
    correct = [index for index, candidate in enumerate(asked.candidates) if candidate in asked.draft.true]
    if len(correct) != 1:
        texts = [asked.draft.text(candidate) for candidate in asked.candidates]
        raise ValueError(
            f"video {asked.draft.video}, {asked.draft.question!r}: found {len(correct)} correct candidates among "
            f"{texts}, expected 1"
        )
    return correct[0]


class TrajectoryOracle:
    """Answers questions about a video from its linked trajectories, without learning.

    It does not know when actions happen, so it can only locate the beginning and the end of the video.

    Parameters
    ----------
    tracks
        The trajectories of the video.
    classes
        Class names, in the order of the labels.
    """

    def __init__(self, tracks: Trajectories, classes: Sequence[str]) -> None:
        self._num_frames = tracks.detections.num_frames
        self._tracks: dict[str, list[Track]] = {}
        self._found: dict[Name, Track | None] = {}
        frames: list[NDArray[np.int32]] = []
        for trajectory in tracks:
            track = np.full((self._num_frames, 4), np.nan)
            track[trajectory.frames] = trajectory.boxes
            self._tracks.setdefault(classes[trajectory.label], []).append(track)
            frames.append(trajectory.frames)
        seen = np.concatenate(frames) if frames else np.zeros(1, np.int32)
        self._first, self._last = int(seen.min()), int(seen.max())

    def answer(self, asked: MultipleChoice) -> int:
        """Return the index of the candidate that fits best."""
        scope = self._scope(asked.draft)
        return int(np.argmax([self._fit(asked.draft, candidate, scope) for candidate in asked.candidates]))

    def _scope(self, draft: Draft) -> NDArray[np.bool_]:
        frames = np.arange(self._num_frames)
        if draft.moment == "beginning":
            return frames < self._first + _WINDOW
        if draft.moment == "end":
            return frames > self._last - _WINDOW
        return np.ones(self._num_frames, np.bool_)

    def _fit(self, draft: Draft, candidate: Answer, scope: NDArray[np.bool_]) -> float:
        if isinstance(candidate, Number):
            present = [~np.isnan(track[:, 0]) for track in self._tracks.get(draft.subject.category, [])]
            most = int(np.sum(present, axis=0).max()) if present else 0
            return -abs(candidate.count - most)
        if isinstance(candidate, Name):
            assert draft.claim is not None
            subject = self._named(candidate)
            return _ABSENT if subject is None else self._fits_claim(subject, draft.claim, scope)
        subject = self._named(draft.subject)
        return 0.0 if subject is None else self._fits_claim(subject, candidate, scope)

    def _named(self, name: Name) -> Track | None:
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: Name) -> Track | None:
        """Return the trajectory that a name fits best, or the longest if the name has no adjective."""
        tracks = self._tracks.get(name.category, [])
        if not tracks:
            return None
        fits = [float((~np.isnan(track[:, 0])).sum()) * 1e-6 for track in tracks]
        if name.adjective:
            for index, track in enumerate(tracks):
                for other in tracks:
                    if other is not track:
                        fits[index] += _median(agreement(track, other, ADJECTIVES[name.adjective]), 0.0)
        return tracks[int(np.argmax(fits))]

    def _fits_claim(self, subject: Track, claim: Claim, scope: NDArray[np.bool_]) -> float:
        if claim.other is None:
            moving = float(np.tanh(_speed(subject[scope]) - _WALKING))
            return -moving if claim.words in _AT_REST else moving
        others = [track for track in self._tracks.get(claim.other, []) if track is not subject]
        if not others:
            return _ABSENT
        values = [agreement(subject, other, claim.words) for other in others]
        return max(float(np.tanh(_median(None if each is None else each[scope], 0.0))) for each in values)


def _median(values: NDArray[np.float64] | None, missing: float) -> float:
    if values is None or np.isnan(values).all():
        return missing
    return float(np.nanmedian(values))


def _speed(track: Track) -> float:
    """Return the median speed of a box in sizes per second at 30 frames per second, or 0 if it is unknown."""
    centres = (track[:, :2] + track[:, 2:]) / 2
    sizes = np.sqrt(np.maximum((track[:, 2:] - track[:, :2]).prod(axis=1), 1))
    steps = (centres[_STEP:] - centres[:-_STEP]) * (30 / _STEP) / sizes[:-_STEP, None]
    return _median(np.hypot(steps[:, 0], steps[:, 1]), 0.0)
