"""What is known of the objects of a video: what people said of them and when, and what their boxes say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo
from trajvqa.datasets.vidvrd.claims import ADJECTIVES, INVERSES, Claim, Name, claims_of
from trajvqa.datasets.vidvrd.detections import fill_holes
from trajvqa.datasets.vidvrd.geometry import agreement

__all__ = ["Story"]

_MARGIN = 0.15
"""How far boxes must be from fitting a claim, in the median, before they contradict it."""
_EXCEPTIONS = 0.15
"""Share of the frames in which they may fit it nevertheless."""
_TELLING = 0.25
"""How clearly an object must be the left one, say, in the median, to be called that."""
_FEWEST = 15
"""Frames that two objects must share for that."""

Scope = NDArray[np.bool_]


class Story:
    """The objects of a video of T frames, each with its claims.

    A relation instance says something of its object too: what is left of a car has the car on its right.

    Parameters
    ----------
    video
        What people wrote down.
    longest_hole
        Frames without annotation over which boxes are interpolated.
    """

    def __init__(self, video: AnnotatedVideo, longest_hole: int) -> None:
        self.video = video
        self.tracks = {key: fill_holes(track, longest_hole).astype(np.float64) for key, track in video.boxes.items()}
        self.categories = {key: video.categories[key] for key in self.tracks}
        self.groups: dict[str, list[int]] = {}
        """Objects of each category."""
        for key, category in self.categories.items():
            self.groups.setdefault(category, []).append(key)
        self.claims: dict[int, dict[Claim, Scope]] = {key: {} for key in self.tracks}
        """For each object what is said of it, and in which frames (T,)."""
        for relation in video.relations:
            subject, other = relation.subject, relation.object
            if subject == other or subject not in self.tracks or other not in self.tracks:
                continue
            frames = slice(relation.begin, relation.end)
            for claim in claims_of(relation.predicate, self.categories[other]):
                self._say(subject, claim, frames)
                if claim.words in INVERSES:
                    self._say(other, Claim(INVERSES[claim.words], self.categories[subject]), frames)
        self._agreements: dict[tuple[int, int, str], NDArray[np.float64] | None] = {}
        self.names = {key: self._names(key) for key in self.tracks}
        """For each object what it can be called; nothing where no name is its alone."""

    def true(self, key: int, scope: Scope) -> set[Claim]:
        """Return what is said of an object in some frame of a scope (T,)."""
        return {claim for claim, said in self.claims[key].items() if (said & scope).any()}

    def contradicted(self, key: int, claim: Claim, scope: Scope) -> bool:
        """Tell whether a claim is false in a scope (T,) by the boxes, or because its opposite was said.

        Nothing said does not make a claim false: people wrote down a part of what they saw.
        """
        if claim.other is None:
            return False
        others = [other for other in self.groups.get(claim.other, ()) if other != key]
        if len(others) == 1 and claim.opposite is not None:
            said = self.true(key, scope)
            if claim.opposite in said and claim not in said:
                return True
        return all(self._is_far_off(key, other, claim.words, scope) for other in others)

    def _is_far_off(self, key: int, other: int, words: str, scope: Scope) -> bool:
        values = self._agreement(key, other, words)
        if values is None:
            return False
        values = values[scope]
        values = values[~np.isnan(values)]
        return len(values) == 0 or bool(np.median(values) < -_MARGIN and (values > 0).mean() < _EXCEPTIONS)

    def _agreement(self, key: int, other: int, words: str) -> NDArray[np.float64] | None:
        place = (key, other, words)
        if place not in self._agreements:
            self._agreements[place] = agreement(self.tracks[key], self.tracks[other], words)
        return self._agreements[place]

    def _say(self, key: int, claim: Claim, frames: slice) -> None:
        self.claims[key].setdefault(claim, np.zeros(self.video.num_frames, np.bool_))[frames] = True

    def _names(self, key: int) -> tuple[Name, ...]:
        category = self.categories[key]
        others = [other for other in self.groups[category] if other != key]
        if not others:
            return (Name(category),)
        return tuple(
            Name(category, adjective)
            for adjective, words in ADJECTIVES.items()
            if all(self._is_clear(key, other, words) for other in others)
        )

    def _is_clear(self, key: int, other: int, words: str) -> bool:
        values = self._agreement(key, other, words)
        assert values is not None
        values = values[~np.isnan(values)]
        return bool(len(values) >= _FEWEST and np.median(values) > _TELLING and (values > 0).mean() >= 1 - _EXCEPTIONS)
