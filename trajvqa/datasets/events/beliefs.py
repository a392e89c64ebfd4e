"""What can be known of a world from each kind of input: who does what in which clip, as probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import Trajectories
from trajvqa.datasets.events.timeline import ACTIONS, COAT_CLIPS, NUM_CLIPS
from trajvqa.datasets.events.video import FRAMES_PER_CLIP, World, directions
from trajvqa.stores import cut_trajectories

__all__ = ["INPUTS", "Beliefs"]

Array = NDArray[np.float64]

_PRESENT = 0.5
"""Minimum share of a direction in the mean appearance of one object in one clip, to be taken for present."""
_LEAST = 0.02
"""Minimum share that counts in a mean over several clips or objects; the rest is noise."""

_WORN = 0.06
"""Minimum share of a coat in the mean of a whole trajectory, to be taken for worn for a while."""
_TOGETHER = 2
"""Minimum number of clips in which two objects of a class are seen, to be taken for several."""
_ONE, _SEVERAL = 0.3, 0.5
"""Share of a class in the mean of all clips from which it is likely to have one object, and several."""


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What an input tells about a world."""

    deeds: Callable[[int, int], Array]
    """For a class and the colour of a coat: (clips, actions) probabilities that this actor does this at that time."""
    events: Callable[[int], Array]
    """For a class: (clips, actions) probabilities that one of its objects does this at that time."""
    worn: Callable[[int, int], float]
    """For a class and the colour of a coat: how likely it is that one of its objects wears it for a while."""
    several: Callable[[int], float]
    """For a class: how likely it is that more than one of its objects acts."""
    place: int
    """Index of the place."""


def from_truth(world: World) -> Beliefs:
    """Return what the ground truth tells."""

    def timeline(chosen: Callable[[int, int], bool]) -> Array:
        found = np.zeros((NUM_CLIPS, len(ACTIONS)))
        for actor in world.actors:
            if chosen(actor.label, actor.colour):
                found[list(actor.actions), list(actor.actions.values())] = 1
        return found

    return Beliefs(
        lambda label, colour: timeline(lambda *own: own == (label, colour)),
        lambda label: timeline(lambda own, _: own == label),
        lambda label, colour: float(any((actor.label, actor.colour) == (label, colour) for actor in world.actors)),
        lambda label: float(sum(actor.label == label for actor in world.actors) > 1),
        world.place,
    )


def from_linked(world: World) -> Beliefs:
    """Return what trajectories tell to someone who sees them clip by clip, with the links."""
    tokens = _Tokens.of(world, world.trajectories, "clips")
    owners = _owners(world.trajectories, tokens)

    def deeds(label: int, colour: int) -> Array:
        mine = np.unique(owners[(tokens.labels == label) & (tokens.coats == colour)])
        # Where a trajectory was broken: one of those that are not known to be another.
        others = np.unique(owners[tokens.coats >= 0])
        found = tokens.mean_of((tokens.labels == label) & ~np.isin(owners, others))
        own = tokens.mean_of(np.isin(owners, mine))
        known = own.sum(axis=1) > 0
        found[known] = own[known]
        return found

    return Beliefs(deeds, tokens.events, tokens.worn, tokens.several, _place(world))


def from_objects_in_clips(world: World) -> Beliefs:
    """Return what the same objects tell clip by clip, without links between clips."""
    tokens = _Tokens.of(world, world.trajectories, "clips")
    return Beliefs(tokens.deeds, tokens.events, tokens.worn, tokens.several, _place(world))


def from_single_detections(world: World) -> Beliefs:
    """Return what clips tell, and one detection of each trajectory."""
    tokens, clips = _Tokens.of(world, world.trajectories, "none"), _of_clips(world)
    worn, several = _worn_in_clips(world), _several_in_clips(world)

    def deeds(label: int, colour: int) -> Array:
        found = clips.copy()
        mine = np.flatnonzero((tokens.labels == label) & (tokens.coats == colour) & (tokens.actions >= 0))
        found[tokens.clips[mine]] = np.eye(len(ACTIONS))[tokens.actions[mine]]
        return found

    return Beliefs(
        deeds,
        lambda label: np.maximum(clips * _class_shares(world)[:, label, None], tokens.events(label)),
        lambda label, colour: max(tokens.worn(label, colour), worn[colour]),
        several.__getitem__,
        _place(world),
    )


def from_pooled(world: World) -> Beliefs:
    """Return what the paper's model is given: clips, and the mean of each trajectory."""
    tracks, clips = world.trajectories, _of_clips(world)
    shares = _shares(tracks.pool(world.appearances))
    actions = np.where(shares["action"] >= _LEAST, shares["action"], 0)

    def deeds(label: int, colour: int) -> Array:
        coats = np.where(tracks.labels == label, shares["coat"][:, colour], 0)
        if coats.max(initial=0) < _WORN:
            return np.zeros_like(clips)
        mine = coats.argmax()
        found = clips * actions[mine]
        first, last = tracks.starts[mine] // FRAMES_PER_CLIP, tracks.ends[mine] // FRAMES_PER_CLIP
        found[:first] = found[last + 1 :] = 0
        return _normalised(found)

    def events(label: int) -> Array:
        of_class = actions[tracks.labels == label].sum(axis=0) / np.maximum(actions.sum(axis=0), 1e-9)
        result: Array = clips * of_class
        return result

    def worn(label: int, colour: int) -> float:
        return float(shares["coat"][tracks.labels == label, colour].max(initial=0) >= _WORN)

    def several(label: int) -> float:
        present = np.zeros(NUM_CLIPS)
        for track in np.flatnonzero(tracks.labels == label):
            present[tracks.starts[track] // FRAMES_PER_CLIP : tracks.ends[track] // FRAMES_PER_CLIP + 1] += 1
        return float((present > 1).sum() >= _TOGETHER)

    return Beliefs(deeds, events, worn, several, _place(world))


def from_clips(world: World) -> Beliefs:
    """Return what clips tell: what is done when, not by whom."""
    clips, worn, several = _of_clips(world), _worn_in_clips(world), _several_in_clips(world)
    return Beliefs(
        lambda label, colour: clips,
        lambda label: clips * _class_shares(world)[:, label, None],
        lambda label, colour: worn[colour],
        several.__getitem__,
        _place(world),
    )


INPUTS: dict[str, Callable[[World], Beliefs]] = {
    "truth": from_truth,
    "linked": from_linked,
    "pooled": from_pooled,
    "segments": from_objects_in_clips,
    "detections": from_single_detections,
    "clips": from_clips,
}
"""Kinds of input: the truth; linked detections, clip by clip; trajectories pooled over time, with clips; objects clip
by clip without links between clips; one detection of each object, with clips; clips alone."""


@dataclass(frozen=True, eq=False)
class _Tokens:
    """Objects of one clip each: class, clip, and index of coat and action, or -1."""

    labels: NDArray[np.int64]
    clips: NDArray[np.int64]
    coats: NDArray[np.int64]
    actions: NDArray[np.int64]
    rows: NDArray[np.int64]

    @staticmethod
    def of(world: World, tracks: Trajectories, links: str) -> _Tokens:
        rng = np.random.Generator(np.random.PCG64(list(world.name.encode())))
        pieces, kept, _ = cut_trajectories(tracks, links, NUM_CLIPS, rng)
        shares = _shares(pieces.pool(world.appearances)[kept])
        coats, actions = (
            np.where(part.max(axis=1, initial=0) >= _PRESENT, part.argmax(axis=1), -1)
            for part in (shares["coat"], shares["action"])
        )
        return _Tokens(
            labels=pieces.labels[kept].astype(np.int64),
            clips=pieces.starts[kept].astype(np.int64) // FRAMES_PER_CLIP,
            coats=coats,
            actions=actions,
            rows=pieces.rows[pieces.offsets[:-1]][kept],
        )

    def deeds(self, label: int, colour: int) -> Array:
        found = self.mean_of((self.labels == label) & (self.coats < 0))
        own = self.mean_of((self.labels == label) & (self.coats == colour))
        known = own.sum(axis=1) > 0
        found[known] = own[known]
        return found

    def events(self, label: int) -> Array:
        result: Array = (self._counts(self.labels == label) > 0).astype(np.float64)
        return result

    def worn(self, label: int, colour: int) -> float:
        return float(((self.labels == label) & (self.coats == colour)).any())

    def several(self, label: int) -> float:
        present = np.bincount(self.clips[self.labels == label], minlength=NUM_CLIPS)
        return float((present > 1).sum() >= _TOGETHER)

    def mean_of(self, chosen: NDArray[np.bool_]) -> Array:
        return _normalised(self._counts(chosen))

    def _counts(self, chosen: NDArray[np.bool_]) -> Array:
        found = np.zeros((NUM_CLIPS, len(ACTIONS)))
        rows = np.flatnonzero(chosen & (self.actions >= 0))
        np.add.at(found, (self.clips[rows], self.actions[rows]), 1)
        return found


def _owners(tracks: Trajectories, tokens: _Tokens) -> NDArray[np.int64]:
    return tracks.track_ids[tokens.rows]


def _shares(appearances: NDArray[np.floating]) -> dict[str, Array]:
    """Return the share of each direction in appearances (N, D), by least squares: (N, size) for each property."""
    parts = directions()
    solved = appearances.astype(np.float64) @ np.linalg.pinv(np.concatenate(list(parts.values())).astype(np.float64))
    ends = np.cumsum([len(part) for part in parts.values()])[:-1]
    return dict(zip(parts, np.split(solved, ends, axis=1), strict=True))


def _of_clips(world: World) -> Array:
    shares = _shares(world.clips)["action"]
    return _normalised(np.where(shares >= _LEAST, shares, 0))


def _class_shares(world: World) -> Array:
    shares = _shares(world.clips)["class"]
    return _normalised(np.where(shares >= _LEAST, shares, 0))


def _worn_in_clips(world: World) -> list[float]:
    """Return how much of each coat clips show at most, in the mean of as many as an object wears it."""
    shares = _shares(world.clips)["coat"]
    means = np.lib.stride_tricks.sliding_window_view(shares, COAT_CLIPS, axis=0).mean(axis=-1)
    found: list[float] = means.max(axis=0).clip(min=0.0).tolist()
    return found


def _several_in_clips(world: World) -> list[float]:
    """Return for each class how likely it is, by its share in the clips, that several of its objects act."""
    means = _class_shares(world).mean(axis=0)
    found: list[float] = ((means - _ONE) / (_SEVERAL - _ONE)).clip(0.0, 1.0).tolist()
    return found


def _normalised(values: Array) -> Array:
    """Return rows that sum to 1, or to 0 where they are empty."""
    result: Array = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-9)
    return result


def _place(world: World) -> int:
    return int(_shares(world.clips)["place"].mean(axis=0).argmax())
