"""One world: acting objects of a class and a colour, their detections, features of clips, and linked trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajtrack import Scene, Trajectories, link, make_scene
from trajvqa.datasets.worlds.appearances import mean_of_clips, noise

__all__ = [
    "ACTIONS",
    "CLASSES",
    "COLOURS",
    "FEATURE_SIZE",
    "FRAMES_PER_CLIP",
    "MANNERS",
    "MAX_ACTORS",
    "MIN_ACTORS",
    "NUM_CLIPS",
    "NUM_FRAMES",
    "PLACES",
    "REASONS",
    "Actor",
    "Prototypes",
    "World",
    "make_world",
]

CLASSES = ("dog", "cat", "child", "horse", "robot", "bear", "duck", "monkey")
COLOURS = ("red", "green", "blue", "yellow", "white", "black")
ACTIONS = ("run", "jump", "sleep", "eat", "dance", "dig")
MANNERS = ("slowly", "quickly", "quietly", "happily", "proudly")
REASONS = ("hungry", "scared", "bored", "curious", "cold")
PLACES = ("beach", "garden", "street", "kitchen", "forest")

MIN_ACTORS, MAX_ACTORS = 2, 6
"""Minimum and maximum number of actors of a world; the number is drawn uniformly."""
FEATURE_SIZE = 64
"""Width of an appearance vector."""
NUM_CLIPS = 8
"""Number of clips of a video."""
FRAMES_PER_CLIP = 6
"""Number of frames of a clip."""
NUM_FRAMES = NUM_CLIPS * FRAMES_PER_CLIP
"""Number of frames of a video."""

_PRESENCE = 0.8
"""Objects per frame for each wanted actor; with it, a third to three fifths of the scenes have the wanted number."""
_PLACE_STRENGTH = 0.5
_PROTOTYPE_SEED = 2022
_MIN_CLIPS = 3
_MIN_LENGTH = 4


@dataclass(frozen=True)
class Actor:
    """An object of a world that stays long enough to act."""

    track_id: int
    """Track ID in the scene's ground truth."""
    label: int
    """Index in `CLASSES`."""
    colour: int
    """Index in `COLOURS`; no other actor of the world has the same."""
    manner: int
    """Index in `MANNERS`."""
    reason: int
    """Index in `REASONS` of the reason why it acts."""
    actions: dict[int, int]
    """Index in `ACTIONS` for each clip in which the actor is present."""

    @property
    def phases(self) -> list[tuple[int, int, int]]:
        """Action, first clip and last clip of each sequence of clips with one action, in order."""
        phases: list[tuple[int, int, int]] = []
        for clip, action in sorted(self.actions.items()):
            if phases and phases[-1][0] == action and phases[-1][2] == clip - 1:
                phases[-1] = (action, phases[-1][1], clip)
            else:
                phases.append((action, clip, clip))
        return phases


@dataclass(frozen=True, eq=False)
class World:
    """The truth about one video, and its detections and features."""

    name: str
    """ID of the video."""
    scene: Scene
    """True boxes of the objects, and imperfect detections of them."""
    place: int
    """Index in `PLACES`."""
    actors: tuple[Actor, ...]
    """The objects that act."""
    appearances: NDArray[np.float32]
    """(N, D) appearances of the scene's detections."""
    clips: NDArray[np.float32]
    """(clips, D) mean appearance of all objects, as if features were pooled over the whole image."""
    trajectories: Trajectories
    """The linked detections."""


@dataclass(frozen=True, eq=False)
class Prototypes:
    """The vector that each property adds to an appearance, the same in all worlds."""

    classes: NDArray[np.float32]
    colours: NDArray[np.float32]
    actions: NDArray[np.float32]
    manners: NDArray[np.float32]
    reasons: NDArray[np.float32]
    places: NDArray[np.float32]

    @staticmethod
    def standard() -> Prototypes:
        """Return the prototypes of this benchmark, which do not depend on its seed."""
        rng = np.random.Generator(np.random.PCG64(_PROTOTYPE_SEED))

        def directions(names: tuple[str, ...]) -> NDArray[np.float32]:
            vectors = rng.random((len(names), FEATURE_SIZE)) * 2 - 1
            # Scaled to variance 1.
            return np.asarray(vectors * np.sqrt(3), np.float32)

        return Prototypes(*(directions(names) for names in (CLASSES, COLOURS, ACTIONS, MANNERS, REASONS, PLACES)))


def make_world(name: str, seed: int, prior: float) -> World:
    """Make a world.

    Parameters
    ----------
    name
        ID of the video.
    seed
        Seed of the random number generator.
    prior
        Share of actions that are one of the two habits of the actor's class; habits make answers guessable from the
        text.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    scene = _make_scene(int(rng.integers(MIN_ACTORS, MAX_ACTORS + 1)), rng)
    actors = _make_actors(scene, rng, prior)
    place = int(rng.integers(len(PLACES)))
    prototypes = Prototypes.standard()
    truth = _true_appearances(scene, actors, place, prototypes)
    appearances = np.where(
        (scene.sources >= 0)[:, None],
        truth[scene.sources],
        prototypes.places[place] * np.float32(_PLACE_STRENGTH),
    )
    appearances = appearances + noise(rng, appearances.shape)
    clips = mean_of_clips(scene, truth, prototypes.places[place], NUM_CLIPS)
    return World(
        name,
        scene,
        place,
        actors,
        appearances,
        clips + noise(rng, clips.shape),
        link(scene.detections, method="seq-nms", min_length=_MIN_LENGTH, num_threads=1),
    )


def _make_scene(actors: int, rng: np.random.Generator) -> Scene:
    """Return a scene in which exactly `actors` objects stay long enough to act; others only pass by."""
    while True:
        scene = make_scene(
            num_frames=NUM_FRAMES,
            objects_per_frame=_PRESENCE * actors,
            num_classes=len(CLASSES),
            mean_life=90.0,
            speed=3.0,
            min_size=60.0,
            max_size=160.0,
            false_positives=0.3,
            dropout=0.08,
            seed=int(rng.integers(2**31)),
        )
        if len(_stays(scene)) == actors:
            return scene


def _stays(scene: Scene) -> dict[int, list[int]]:
    """Return the clips of each object that stays long enough to act."""
    truth = scene.truth
    assert truth.track_ids is not None
    stays = {}
    for track_id in np.unique(truth.track_ids).tolist():
        frames = truth.frames[truth.track_ids == track_id]
        counts = np.bincount(frames // FRAMES_PER_CLIP, minlength=NUM_CLIPS)
        clips = np.flatnonzero(2 * counts >= FRAMES_PER_CLIP).tolist()
        if len(clips) >= _MIN_CLIPS:
            stays[track_id] = clips
    return stays


def _make_actors(scene: Scene, rng: np.random.Generator, prior: float) -> tuple[Actor, ...]:
    truth = scene.truth
    assert truth.track_ids is not None
    colours = rng.permutation(len(COLOURS)).tolist()
    actors = []
    for track_id, clips in _stays(scene).items():
        label = int(truth.labels[truth.track_ids == track_id][0])
        actors.append(
            Actor(
                track_id,
                label,
                colours.pop(),
                int(rng.integers(len(MANNERS))),
                int(rng.integers(len(REASONS))),
                dict(zip(clips, _act(len(clips), label, rng, prior), strict=True)),
            )
        )
    return tuple(actors)


def _act(clips: int, label: int, rng: np.random.Generator, prior: float) -> list[int]:
    """Return an action for each clip: two or three successive actions, all different."""
    phases = int(rng.integers(2, 4))
    habits = [(2 * label) % len(ACTIONS), (2 * label + 1) % len(ACTIONS)]
    actions: list[int] = []
    while len(actions) < phases:
        pool = habits if rng.random() < prior and not set(habits) <= set(actions) else range(len(ACTIONS))
        action = int(pool[int(rng.integers(len(pool)))])
        if action not in actions:
            actions.append(action)
    ends = np.sort(rng.choice(np.arange(1, clips), phases - 1, replace=False))
    doing: list[int] = np.repeat(actions, np.diff([0, *ends.tolist(), clips])).tolist()
    return doing


def _true_appearances(
    scene: Scene, actors: tuple[Actor, ...], place: int, prototypes: Prototypes
) -> NDArray[np.float32]:
    """Return the (M, D) appearances of the true boxes: class, colour, manner, action, reason, and part of the place."""
    truth = scene.truth
    assert truth.track_ids is not None
    clips = truth.frames // FRAMES_PER_CLIP
    values = prototypes.classes[truth.labels] + prototypes.places[place] * np.float32(_PLACE_STRENGTH)
    for actor in actors:
        rows = np.flatnonzero(truth.track_ids == actor.track_id)
        values[rows] += prototypes.colours[actor.colour] + prototypes.manners[actor.manner]
        values[rows] += prototypes.reasons[actor.reason]
        nearest = np.array(sorted(actor.actions))
        # In a clip where it is present too briefly to act, it continues the action of the nearest other clip.
        doing = nearest[np.abs(clips[rows][:, None] - nearest).argmin(axis=1)]
        values[rows] += prototypes.actions[[actor.actions[clip] for clip in doing.tolist()]]
    return np.asarray(values, np.float32)
