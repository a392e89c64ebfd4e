"""What the actors of a world do in which clip, and which event brings about which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "ACTIONS",
    "COAT_CLIPS",
    "NUM_CLIPS",
    "ORDINARY",
    "REACTIONS",
    "TRIGGERS",
    "Actor",
    "Cause",
    "Phase",
    "make_timeline",
    "phases_of",
]

NUM_CLIPS = 12
"""Number of clips of a video."""
COAT_CLIPS = 2
"""Number of clips, the first in which an actor is present, in which it wears its coat."""
_ORDINARY = ("run", "sleep", "eat", "dance", "dig", "climb", "swim", "spin")
_REACTIONS = ("jump", "hide")
_TRIGGERS = ("shout", "sing", "wave")
ACTIONS = (*_ORDINARY, *_REACTIONS, *_TRIGGERS)
ORDINARY = range(len(_ORDINARY))
"""Actions without a cause."""
REACTIONS = range(ORDINARY.stop, ORDINARY.stop + len(_REACTIONS))
"""Actions that another actor's trigger, one clip earlier, brings about; nothing else does."""
TRIGGERS = range(REACTIONS.stop, REACTIONS.stop + len(_TRIGGERS))
"""Actions that make another actor react."""

_REPERTOIRE = 3
_LONGEST = 2
_PAIRS = 2
"""Number of pairs of events that differ in who reacts, when and why, not in the class of who reacts, nor in how."""


@dataclass(frozen=True)
class Actor:
    """An object that is present long enough to act."""

    track_id: int
    """Track ID in the scene's ground truth."""
    label: int
    """Index of its class."""
    colour: int
    """Index of the colour of its coat, which no other actor of the world has."""
    actions: Mapping[int, int]
    """Index in `ACTIONS` for each clip in which it is present; these are consecutive."""

    @property
    def coat_clips(self) -> range:
        """The clips in which it wears its coat."""
        return range(min(self.actions), min(self.actions) + COAT_CLIPS)


@dataclass(frozen=True)
class Cause:
    """An event and the one that it brings about, one clip later."""

    clip: int
    """Clip of the trigger."""
    source: int
    """Index of the actor that performs the trigger."""
    trigger: int
    """Index in `ACTIONS`."""
    target: int
    """Index of the actor that reacts."""
    reaction: int
    """Index in `ACTIONS`."""


@dataclass(frozen=True)
class Phase:
    """Consecutive clips in which an actor performs one action."""

    action: int
    first: int
    last: int


def phases_of(actions: Mapping[int, int]) -> list[Phase]:
    """Return the phases of an actor, in order."""
    phases: list[Phase] = []
    for clip, action in sorted(actions.items()):
        if phases and phases[-1].action == action and phases[-1].last == clip - 1:
            phases[-1] = Phase(action, phases[-1].first, clip)
        else:
            phases.append(Phase(action, clip, clip))
    return phases


def make_timeline(
    stays: Sequence[Sequence[int]], labels: Sequence[int], rng: np.random.Generator, *, alike: bool = True
) -> tuple[list[dict[int, int]], list[Cause]] | None:
    """Return the actions of each actor and the causes among them, or None if these do not fit.

    Parameters
    ----------
    stays
        For each actor, the consecutive clips in which it is present.
    labels
        Their classes, of which there are two.
    rng
        Random number generator.
    alike
        Whether each event that is brought about has another that looks like it; if not, reactions differ.
    """
    causes = _make_causes(stays, labels, rng, alike)
    if causes is None:
        return None
    doing = [_act(clips, rng) for clips in stays]
    for cause in causes:
        doing[cause.source][cause.clip] = cause.trigger
        doing[cause.target][cause.clip + 1] = cause.reaction
    return doing, causes


def _act(clips: Sequence[int], rng: np.random.Generator) -> dict[int, int]:
    """Return an action for each clip: phases of a few actions, which recur."""
    repertoire = rng.permutation(len(ORDINARY))[:_REPERTOIRE].tolist()
    actions: list[int] = []
    while len(actions) < len(clips):
        action = repertoire[int(rng.integers(_REPERTOIRE))]
        if not actions or action != actions[-1]:
            actions += [action] * int(rng.integers(1, _LONGEST + 1))
    return dict(zip(clips, actions, strict=False))


def _make_causes(
    stays: Sequence[Sequence[int]], labels: Sequence[int], rng: np.random.Generator, alike: bool
) -> list[Cause] | None:
    """Return pairs of causes whose reactions look alike, the same action by different actors of the same class, or two
    causes whose reactions differ.
    """
    # No trigger happens in a clip of another or of a reaction.
    times = (COAT_CLIPS + int(rng.integers(2)) + 2 * rng.permutation(2 * _PAIRS)).tolist()
    kinds = sorted(set(labels))
    causes: list[Cause] = []
    for pair in range(_PAIRS):
        if alike:
            label, reaction = kinds[pair % len(kinds)], REACTIONS[int(rng.integers(len(REACTIONS)))]
        else:
            label, reaction = kinds[int(rng.integers(len(kinds)))], REACTIONS[pair]
        targets = [index for index in rng.permutation(len(labels)).tolist() if labels[index] == label]
        known: set[tuple[int, int]] = set()
        for _ in range(2 if alike else 1):
            clip = times.pop()
            fitting = [index for index in targets if clip + 1 in stays[index][COAT_CLIPS:]]
            if not fitting:
                return None
            target = fitting[0]
            targets.remove(target)
            # Either class is the source equally often, whatever the numbers of actors.
            wanted = kinds[int(rng.integers(len(kinds)))]
            sources = [
                index
                for index in rng.permutation(len(labels)).tolist()
                if labels[index] == wanted and index != target and clip in stays[index]
            ]
            trigger = TRIGGERS[int(rng.integers(len(TRIGGERS)))]
            if not sources or (wanted, trigger) in known:
                return None
            known.add((wanted, trigger))
            causes.append(Cause(clip, sources[0], trigger, target, reaction))
    return sorted(causes, key=lambda cause: cause.clip)
