"""The objects of a video over time: what the annotations say about them and when, and what their boxes show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo
from trajvqa.datasets.vidvrd.claims import ADJECTIVES, INVERSES, Claim, Name, claims_of
from trajvqa.datasets.vidvrd.detections import fill_holes
from trajvqa.datasets.vidvrd.geometry import agreement

__all__ = ["Timeline"]

_MARGIN = 0.15
"""Median disagreement of boxes with a claim above which they contradict it."""
_EXCEPTIONS = 0.15
"""Share of the frames that may disagree with the median."""
_CLEAR = 0.25
"""Median agreement of boxes with an adjective, such as *left*, above which it can be part of a name."""
_MIN_SHARED_FRAMES = 15
"""Minimum number of frames that two objects must share for that."""

Scope = NDArray[np.bool_]


class Timeline:
    """The objects of a video of T frames, each with its claims.

    A relation also implies a claim about its object: if a dog is left of a car, the car is right of the dog.

    Parameters
    ----------
    video
        The annotations.
    longest_hole
        Maximum number of frames without annotation over which boxes are interpolated.
    """

    def __init__(self, video: AnnotatedVideo, longest_hole: int) -> None:
        self.video = video
        self.tracks = {key: fill_holes(track, longest_hole).astype(np.float64) for key, track in video.boxes.items()}
        self.categories = {key: video.categories[key] for key in self.tracks}
        self.groups: dict[str, list[int]] = {}
        """Keys of the objects of each category."""
        for key, category in self.categories.items():
            self.groups.setdefault(category, []).append(key)
        self.claims: dict[int, dict[Claim, Scope]] = {key: {} for key in self.tracks}
        """For each object, its claims, each with a mask (T,) of the frames in which it was annotated."""
        for relation in video.relations:
            subject, other = relation.subject, relation.object
            if subject == other or subject not in self.tracks or other not in self.tracks:
                continue
            frames = slice(relation.begin, relation.end)
            for claim in claims_of(relation.predicate, self.categories[other]):
                self._add_claim(subject, claim, frames)
                if claim.words in INVERSES:
                    self._add_claim(other, Claim(INVERSES[claim.words], self.categories[subject]), frames)
        self._agreements: dict[tuple[int, int, str], NDArray[np.float64] | None] = {}
        self.names = {key: self._names(key) for key in self.tracks}
        """For each object, its unambiguous names, if any."""

    def true(self, key: int, scope: Scope) -> set[Claim]:
        """Return the claims about an object in any frame of a scope (T,)."""
        return {claim for claim, said in self.claims[key].items() if (said & scope).any()}

    def contradicted(self, key: int, claim: Claim, scope: Scope) -> bool:
        """Return whether the boxes, or an annotation of the opposite, make a claim false in a scope (T,).

        A missing annotation does not make a claim false, because annotations are incomplete.
        """
        if claim.other is None:
            return False
        others = [other for other in self.groups.get(claim.other, ()) if other != key]
        if len(others) == 1 and claim.opposite is not None:
            said = self.true(key, scope)
            if claim.opposite in said and claim not in said:
                return True
        return all(self._boxes_contradict(key, other, claim.words, scope) for other in others)

    def _boxes_contradict(self, key: int, other: int, words: str, scope: Scope) -> bool:
        values = self._agreement(key, other, words)
        if values is None:
            return False
        values = values[scope]
        values = values[~np.isnan(values)]
        return len(values) == 0 or bool(np.median(values) < -_MARGIN and (values > 0).mean() < _EXCEPTIONS)

    def _agreement(self, key: int, other: int, words: str) -> NDArray[np.float64] | None:
        entry = (key, other, words)
        if entry not in self._agreements:
            self._agreements[entry] = agreement(self.tracks[key], self.tracks[other], words)
        return self._agreements[entry]

    def _add_claim(self, key: int, claim: Claim, frames: slice) -> None:
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
        return bool(
            len(values) >= _MIN_SHARED_FRAMES and np.median(values) > _CLEAR and (values > 0).mean() >= 1 - _EXCEPTIONS
        )
