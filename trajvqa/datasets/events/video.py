"""One world of events: look-alikes that cross, their detections, features of clips, and trajectories."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from trajtrack import Reason, Scene, Trajectories, TrajtrackWarning, link, make_scene
from trajvqa.datasets.events.timeline import ACTIONS, NUM_CLIPS, Actor, Cause, make_timeline
from trajvqa.datasets.worlds.appearances import mean_of_clips, noise
from trajvqa.datasets.worlds.video import CLASSES, COLOURS, FEATURE_SIZE, PLACES

__all__ = [
    "CASTS",
    "FRAMES_PER_CLIP",
    "FRAME_RATE",
    "IMAGE_SIZE",
    "NUM_FRAMES",
    "TRACKS",
    "Linker",
    "World",
    "directions",
    "linked_by",
    "make_world",
    "true_tracks",
]

Linker = Callable[[Scene], Trajectories]
"""Links the detections of a scene."""

FRAMES_PER_CLIP = 10
"""Number of frames of a clip."""
NUM_FRAMES = NUM_CLIPS * FRAMES_PER_CLIP
"""Number of frames of a video."""
FRAME_RATE = 8
"""Frames per second, which say how many seconds a clip takes; nothing else depends on them."""
IMAGE_SIZE = (480, 360)
"""Width and height of the image, in which objects cross one another often."""
TRACKS = ("seq-nms", "flow", "true")
"""Where trajectories come from: a method of linking, or the ground truth."""

_NUM_CLASSES = 2
_MIN_CLIPS = 10
_MIN_LENGTH = 4
_PLACE_STRENGTH = 0.5
_SEED_OF_DIRECTIONS = 2025


@dataclass(frozen=True)
class _Cast:
    objects: float
    """Mean number of objects of a frame."""
    actors: range
    """Number of objects that act."""
    of_class: int
    """Minimum number of them of each class."""
    alike: bool
    """Whether reactions look alike."""


CASTS = {"many": _Cast(6.0, range(4, 7), 2, alike=True), "few": _Cast(3.0, range(2, 5), 1, alike=False)}
"""How many objects act, by name."""


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
    causes: tuple[Cause, ...]
    """Which events bring about which."""
    appearances: NDArray[np.float32]
    """(N, D) appearances of the scene's detections."""
    clips: NDArray[np.float32]
    """(clips, D) mean appearance of all objects, as if features were pooled over the whole image."""
    trajectories: Trajectories
    """The trajectories."""

    @property
    def labels(self) -> list[int]:
        """The classes of the actors."""
        return sorted({actor.label for actor in self.actors})


def directions() -> dict[str, NDArray[np.float32]]:
    """Return the vectors that each class, coat, action and place adds to an appearance, the same in all worlds."""
    rng = np.random.Generator(np.random.PCG64(_SEED_OF_DIRECTIONS))
    sizes = {"class": len(CLASSES), "coat": len(COLOURS), "action": len(ACTIONS), "place": len(PLACES)}
    # Scaled to variance 1.
    return {
        name: np.asarray((rng.random((size, FEATURE_SIZE)) * 2 - 1) * np.sqrt(3), np.float32)
        for name, size in sizes.items()
    }


def make_world(name: str, seed: Sequence[int], tracks: str | Linker = "seq-nms", objects: str = "many") -> World:
    """Make a world.

    Parameters
    ----------
    name
        ID of the video.
    seed
        Seed of the random number generator.
    tracks
        Where its trajectories come from: one of `TRACKS`, or a function; nothing else depends on it.
    objects
        How many objects act, one of `CASTS`: with ``"few"``, some are alone in their class, and reactions differ.
    """
    rng = np.random.Generator(np.random.PCG64(list(seed)))
    scene, actors, causes = _make_acted_scene(rng, CASTS[objects])
    place = int(rng.integers(len(PLACES)))
    truth = _true_appearances(scene, actors, place)
    background = directions()["place"][place]
    appearances = np.where(
        (scene.sources >= 0)[:, None], truth[scene.sources], background * np.float32(_PLACE_STRENGTH)
    )
    appearances = appearances + noise(rng, appearances.shape)
    clips = mean_of_clips(scene, truth, background, NUM_CLIPS)
    clips = clips + noise(rng, clips.shape)
    return World(name, scene, place, actors, causes, appearances, clips, _track(scene, tracks))


def _make_acted_scene(rng: np.random.Generator, cast: _Cast) -> tuple[Scene, tuple[Actor, ...], tuple[Cause, ...]]:
    while True:
        scene = _make_scene(rng, cast.objects)
        stays = _stays(scene)
        label_of = dict(zip(_track_ids(scene).tolist(), scene.truth.labels.tolist(), strict=True))
        labels = [label_of[track_id] for track_id in stays]
        counts = [labels.count(label) for label in set(labels)]
        if len(labels) not in cast.actors or len(counts) < _NUM_CLASSES or min(counts) < cast.of_class:
            continue
        made = make_timeline(list(stays.values()), labels, rng, alike=cast.alike)
        if made is not None:
            colours = rng.permutation(len(COLOURS)).tolist()
            actors = [
                Actor(track_id, label, colour, actions)
                for track_id, label, colour, actions in zip(stays, labels, colours, made[0], strict=False)
            ]
            return scene, tuple(actors), tuple(made[1])


def _make_scene(rng: np.random.Generator, objects: float) -> Scene:
    """Return a scene of objects of two classes, which often cross and are often hidden or missed for a while."""
    scene = make_scene(
        num_frames=NUM_FRAMES,
        objects_per_frame=objects,
        num_classes=_NUM_CLASSES,
        image_width=float(IMAGE_SIZE[0]),
        image_height=float(IMAGE_SIZE[1]),
        mean_life=400.0,
        speed=3.5,
        min_size=60.0,
        max_size=90.0,
        occlusion=0.6,
        dropout=0.15,
        dropout_run=6,
        false_positives=0.3,
        seed=int(rng.integers(2**31)),
    )
    names = rng.permutation(len(CLASSES))[:_NUM_CLASSES].astype(np.int32)
    return replace(
        scene,
        truth=replace(scene.truth, labels=names[scene.truth.labels]),
        detections=replace(scene.detections, labels=names[scene.detections.labels]),
    )


def _track_ids(scene: Scene) -> NDArray[np.int64]:
    assert scene.truth.track_ids is not None
    return scene.truth.track_ids.astype(np.int64)


def _stays(scene: Scene) -> dict[int, list[int]]:
    """Return the consecutive clips of each object that is present in nearly all."""
    owners = _track_ids(scene)
    stays = {}
    for track_id in np.unique(owners).tolist():
        frames = scene.truth.frames[owners == track_id]
        counts = np.bincount(frames // FRAMES_PER_CLIP, minlength=NUM_CLIPS)
        clips = np.flatnonzero(2 * counts >= FRAMES_PER_CLIP).tolist()
        if len(clips) >= _MIN_CLIPS and clips[-1] - clips[0] == len(clips) - 1:
            stays[track_id] = clips
    return stays


def _true_appearances(scene: Scene, actors: tuple[Actor, ...], place: int) -> NDArray[np.float32]:
    """Return the (M, D) appearances of the true boxes: class, action, part of the place, and at first the coat."""
    parts, owners = directions(), _track_ids(scene)
    clips = scene.truth.frames // FRAMES_PER_CLIP
    values = parts["class"][scene.truth.labels] + parts["place"][place] * np.float32(_PLACE_STRENGTH)
    for actor in actors:
        rows = np.flatnonzero(owners == actor.track_id)
        # In a clip where it is present too briefly to act, it does what it does in the nearest other clip.
        nearest = clips[rows].clip(min(actor.actions), max(actor.actions))
        values[rows] += parts["action"][[actor.actions[clip] for clip in nearest.tolist()]]
        values[rows[nearest < actor.coat_clips.stop]] += parts["coat"][actor.colour]
    return np.asarray(values, np.float32)


def linked_by(scene: Scene, owners: NDArray[np.int64]) -> Trajectories:
    """Return trajectories of the scene's detections that have the same owner; those of a negative one are in none."""
    found = link(scene.detections, method="seq-nms", min_length=_MIN_LENGTH, num_threads=1)
    names, indices, counts = np.unique(owners, return_inverse=True, return_counts=True)
    kept = (names >= 0) & (counts >= _MIN_LENGTH)
    track_ids = np.where(kept, np.cumsum(kept) - 1, -1)[indices].astype(np.int64)
    rows = np.argsort(track_ids, kind="stable")[np.count_nonzero(track_ids < 0) :]
    offsets = np.concatenate([[0], np.cumsum(counts[kept])]).astype(np.int64)
    return replace(
        found,
        track_ids=track_ids,
        reasons=np.where(track_ids >= 0, Reason.LINKED, Reason.TOO_SHORT).astype(np.int8),
        suppressed_by=np.full_like(found.suppressed_by, -1),
        offsets=offsets,
        rows=rows,
        labels=scene.detections.labels[rows[offsets[:-1]]],
        scores=np.add.reduceat(scene.detections.scores[rows].astype(np.float64), offsets[:-1]) / counts[kept],
    )


def true_tracks(scene: Scene) -> Trajectories:
    """Return the scene's detections linked by the objects that they come from, without false positives."""
    return linked_by(scene, np.where(scene.sources >= 0, _track_ids(scene)[scene.sources], -1))


def _track(scene: Scene, tracks: str | Linker) -> Trajectories:
    if callable(tracks):
        return tracks(scene)
    if tracks == "true":
        return true_tracks(scene)
    with warnings.catch_warnings():
        # Now and then a video is too short to calibrate scores; it then has few trajectories.
        warnings.simplefilter("ignore", TrajtrackWarning)
        method = cast(Literal["flow", "seq-nms"], tracks)
        return link(scene.detections, method=method, min_length=_MIN_LENGTH, num_threads=1)
