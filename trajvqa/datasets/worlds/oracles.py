"""Oracles that know the rules of a world and answer from the truth or from the linked trajectories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from trajvqa.datasets.worlds.questions import COUNT_NAMES
from trajvqa.datasets.worlds.video import (
    ACTIONS,
    COLOURS,
    FRAMES_PER_CLIP,
    MANNERS,
    MAX_ACTORS,
    MIN_ACTORS,
    PLACES,
    REASONS,
    Actor,
    Prototypes,
    World,
)

__all__ = ["answer_question", "observed_actors", "observed_place"]

_MIN_COLOUR = 0.5
"""Minimum share of a colour; an object with less has no colour and does not act."""


def answer_question(program: Sequence[str], candidates: Sequence[str], actors: Sequence[Actor], place: int) -> int:
    """Return the index of the candidate that is true of the actors, or 0 if none is.

    Parameters
    ----------
    program
        The question, as in `trajvqa.datasets.worlds.questions.Question.program`.
    candidates
        The candidates.
    actors
        The actors of the world.
    place
        Index of the place in `PLACES`.
    """
    for text in _answers(program, actors, place):
        if text in candidates:
            return list(candidates).index(text)
    return 0


def observed_actors(world: World) -> list[Actor]:
    """Return the actors as inferred from labels, frames and appearances of the linked detections."""
    found, prototypes = world.trajectories, Prototypes.standard()
    parts = (
        prototypes.classes,
        prototypes.colours,
        prototypes.actions,
        prototypes.manners,
        prototypes.reasons,
        prototypes.places,
    )
    shares = world.appearances.astype(np.float64) @ np.linalg.pinv(np.concatenate(parts).astype(np.float64))
    ends = np.cumsum([len(part) for part in parts])[:-1]
    _, colours, actions, manners, reasons, _ = np.split(shares, ends, axis=1)
    clips = found.detections.frames // FRAMES_PER_CLIP
    rows_of: dict[tuple[int, int], list[int]] = {}
    for number in range(len(found)):
        rows = found.rows[found.offsets[number] : found.offsets[number + 1]]
        mean = colours[rows].mean(axis=0)
        if mean.max() >= _MIN_COLOUR:
            # The fragments of a broken trajectory have the same class and colour.
            rows_of.setdefault((int(found.labels[number]), int(mean.argmax())), []).extend(rows.tolist())
    actors = []
    for number, ((label, colour), own) in enumerate(sorted(rows_of.items())):
        rows = np.array(own)
        doing = {
            clip: int(actions[rows[clips[rows] == clip]].mean(axis=0).argmax()) for clip in set(clips[rows].tolist())
        }
        manner, reason = (int(part[rows].mean(axis=0).argmax()) for part in (manners, reasons))
        actors.append(Actor(number, label, colour, manner, reason, _fill_gaps(doing)))
    return actors


def observed_place(world: World) -> int:
    """Return the place as inferred from the appearances of the linked detections."""
    mean = (
        world.appearances[world.trajectories.rows].mean(axis=0) if len(world.trajectories) else world.clips.mean(axis=0)
    )
    return int((Prototypes.standard().places @ mean).argmax())


def _fill_gaps(doing: dict[int, int]) -> dict[int, int]:
    """Return the actions by clip, repeating the last action in clips without detections."""
    filled: dict[int, int] = {}
    for clip in range(min(doing), max(doing) + 1):
        filled[clip] = doing.get(clip, filled.get(clip - 1, -1))
    return filled


def _answers(program: Sequence[str], actors: Sequence[Actor], place: int) -> Iterator[str]:
    """Yield true answers, the most likely first."""
    kind, *about = program
    numbers = [int(each) for each in about]
    if kind == "place":
        yield PLACES[place]
    elif kind == "count":
        yield COUNT_NAMES[min(max(len(actors), MIN_ACTORS), MAX_ACTORS) - MIN_ACTORS]
    elif kind == "colour":
        yield from (COLOURS[actor.colour] for actor in actors if actor.label == numbers[0])
    else:
        for actor in actors:
            if actor.colour == numbers[0]:
                yield from _about(kind, actor, [each for each in actors if each is not actor], numbers[1:])


def _about(kind: str, actor: Actor, others: Sequence[Actor], numbers: Sequence[int]) -> Iterator[str]:
    phases = actor.phases
    if kind == "how":
        yield MANNERS[actor.manner]
    elif kind in ("after", "before"):
        step = 1 if kind == "after" else -1
        for place, (action, _, _) in enumerate(phases):
            if action == numbers[0] and 0 <= place + step < len(phases):
                yield ACTIONS[phases[place + step][0]]
    elif kind == "while":
        for other in others:
            for action, first, last in other.phases:
                if other.colour == numbers[0] and action == numbers[1]:
                    during = [actor.actions[clip] for clip in range(first, last + 1) if clip in actor.actions]
                    yield from (ACTIONS[each] for each in sorted(set(during), key=lambda each: -during.count(each)))
    elif kind == "why":
        yield REASONS[actor.reason]
