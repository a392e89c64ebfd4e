"""Questions about a world of events, whose candidates all suit the text equally well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from trajvqa.datasets.events.timeline import ACTIONS, ORDINARY, TRIGGERS, Actor, phases_of
from trajvqa.datasets.events.video import World
from trajvqa.datasets.questions import NUM_CANDIDATES
from trajvqa.datasets.worlds.video import CLASSES, COLOURS, PLACES

__all__ = ["COUNTS", "TYPES", "Asked", "Draft", "ask", "draft_questions", "text_of"]

COUNTS = ("never", "once", "twice", "three times", "four times")
"""Texts of the numbers 0 to 4."""
TYPES = {
    "why": "CW",
    "after": "TN",
    "before": "TP",
    "while": "TC",
    "does": "DO",
    "coat": "DO",
    "count": "DC",
    "place": "DL",
}
"""NExT-QA's type of each kind of question."""
_MOST = {"CW": 2, "T": 2, "DO": 2, "DC": 1, "DL": 1}
"""Maximum number of questions of a video by type."""


@dataclass(frozen=True)
class Draft:
    """A question, with wrong answers to choose from. Answers are numbers, which `text_of` puts into words."""

    kind: str
    """A key of `TYPES`."""
    about: tuple[int, ...]
    """What the question is about: classes, colours and actions, in the order in which the text names them."""
    text: str
    """Text of the question."""
    answer: int
    """The correct answer."""
    near: tuple[int, ...]
    """Wrong answers that are true of another object or at another time."""
    far: tuple[int, ...]
    """Further wrong answers."""
    seen: tuple[tuple[int, int], ...] = ()
    """First and last clip of each time at which the answer can be seen; empty if that takes the whole video."""


@dataclass(frozen=True)
class Asked:
    """A question with candidates."""

    draft: Draft
    """The question."""
    candidates: tuple[int, ...]
    """Five different answers."""

    @property
    def correct(self) -> int:
        """Index of the correct candidate."""
        return self.candidates.index(self.draft.answer)

    @property
    def texts(self) -> tuple[str, ...]:
        """The candidates in words."""
        return tuple(text_of(self.draft.kind, candidate) for candidate in self.candidates)


def text_of(kind: str, answer: int) -> str:
    """Return an answer to a question of a kind in words; to "why", it is ``class * len(ACTIONS) + action``."""
    if kind == "why":
        label, action = divmod(answer, len(ACTIONS))
        return f"a {CLASSES[label]} {_verb(action)}"
    names = {"coat": COLOURS, "count": COUNTS, "place": PLACES}.get(kind, ACTIONS)
    return names[answer]


def draft_questions(world: World) -> list[Draft]:
    """Return all questions that can be asked about a world."""
    drafts = [Draft("place", (), "where are they", world.place, (), _without(range(len(PLACES)), [world.place]))]
    for actor in world.actors:
        alike = [other for other in world.actors if other is not actor and other.label == actor.label]
        drafts += _about_counts(actor)
        drafts += _about_deeds(actor, alike)
        drafts += _about_order(actor, alike)
        drafts += [each for other in world.actors if other is not actor for each in _about_company(actor, other, alike)]
    drafts += _about_causes(world)
    return drafts


def ask(drafts: Sequence[Draft], counts: Counter[int], rng: np.random.Generator) -> Iterator[Asked]:
    """Choose questions about a world and their candidates.

    Parameters
    ----------
    drafts
        All questions that can be asked.
    counts
        How often each count was the answer so far; the rarest that is possible is asked for next.
    rng
        Random number generator.
    """
    taken: Counter[str] = Counter()
    order = rng.permutation(len(drafts)).tolist()
    for index in sorted(order, key=lambda index: counts[drafts[index].answer] if drafts[index].kind == "count" else 0):
        draft = drafts[index]
        kind = TYPES[draft.kind]
        group = "T" if kind[0] == "T" else kind
        if taken[group] >= _MOST[group] or (kind == "DO" and taken[draft.kind]):
            continue
        candidates = _choose_candidates(draft, rng)
        if candidates is not None:
            taken.update({group, draft.kind})
            counts[draft.answer] += draft.kind == "count"
            yield Asked(draft, candidates)


def _choose_candidates(draft: Draft, rng: np.random.Generator) -> tuple[int, ...] | None:
    near = [draft.near[index] for index in rng.permutation(len(draft.near))]
    far = [draft.far[index] for index in rng.permutation(len(draft.far))]
    wrong = (near + far)[: NUM_CANDIDATES - 1]
    if len(wrong) < NUM_CANDIDATES - 1:
        return None
    texts = [draft.answer, *wrong]
    return tuple(texts[index] for index in rng.permutation(NUM_CANDIDATES))


def _about_causes(world: World) -> Iterator[Draft]:
    """Why does the dog in the red coat hide? Mostly, another dog hides, too, at another time and for another reason."""
    for cause in world.causes:
        actor = world.actors[cause.target]
        alike = [each for each in world.causes if each.reaction == cause.reaction and each is not cause]
        mine = [each for each in alike if each.target == cause.target]
        others = [each for each in alike if world.actors[each.target].label == actor.label]
        if mine:
            continue
        answer, *near = (world.actors[each.source].label * len(ACTIONS) + each.trigger for each in [cause, *others])
        possible = [label * len(ACTIONS) + trigger for label, trigger in product(world.labels, TRIGGERS)]
        yield Draft(
            "why",
            (actor.label, actor.colour, cause.reaction),
            f"why does {_name(actor)} {ACTIONS[cause.reaction]}",
            answer,
            _without(near, [answer]),
            _without(possible, [answer, *near]),
            ((cause.clip, cause.clip),),
        )


def _about_counts(actor: Actor) -> Iterator[Draft]:
    """How often does the dog in the red coat swim?"""
    begun = Counter(phase.action for phase in phases_of(actor.actions))
    for action in ORDINARY:
        if begun[action] < len(COUNTS):
            yield Draft(
                "count",
                (actor.label, actor.colour, action),
                f"how often does {_name(actor)} {ACTIONS[action]}",
                begun[action],
                (),
                _without(range(len(COUNTS)), [begun[action]]),
            )


def _about_deeds(actor: Actor, alike: Sequence[Actor]) -> Iterator[Draft]:
    """What does the dog in the red coat do? Which coat has the dog that swims? Never at a time when a coat is worn."""
    own, late = set(actor.actions.values()), set(_without_coat(actor))
    theirs = [action for other in alike for action in other.actions.values()]
    coats = [other.colour for other in alike]
    for action in sorted(late & set(ORDINARY)):
        if action in {actor.actions[clip] for clip in actor.coat_clips}:
            continue
        yield Draft(
            "does",
            (actor.label, actor.colour),
            f"what does {_name(actor)} do",
            action,
            _without([each for each in theirs if each in ORDINARY], own),
            _without(ORDINARY, [*own, *theirs]),
            tuple((phase.first, phase.last) for phase in phases_of(actor.actions) if phase.action == action),
        )
        if action not in theirs:
            yield Draft(
                "coat",
                (actor.label, action),
                f"which coat has the {CLASSES[actor.label]} that {_verb(action)}",
                actor.colour,
                tuple(coats),
                _without(range(len(COLOURS)), [actor.colour, *coats]),
                ((actor.coat_clips[0], actor.coat_clips[-1]),),
            )


def _about_order(actor: Actor, alike: Sequence[Actor]) -> Iterator[Draft]:
    """What does the dog in the red coat do right after it swims for the first time?"""
    phases = phases_of(actor.actions)
    for word, which, steps in (
        ("after", "first", list(pairwise(phases))),
        ("before", "last", list(pairwise(reversed(phases)))),
    ):
        seen: set[int] = set()
        for known, asked in steps:
            if known.action not in seen and asked.action in ORDINARY and asked.first not in actor.coat_clips:
                yield Draft(
                    word,
                    (actor.label, actor.colour, known.action),
                    f"what does {_name(actor)} do {word} it {_verb(known.action)} for the {which} time",
                    asked.action,
                    *_other_actions(actor, alike, [asked.action, known.action]),
                    ((asked.first, asked.last),),
                )
            seen.add(known.action)


def _about_company(actor: Actor, other: Actor, alike: Sequence[Actor]) -> Iterator[Draft]:
    """What does the dog in the red coat do while the cat in the blue coat sings?"""
    phases = phases_of(other.actions)
    often = Counter(phase.action for phase in phases)
    for phase in phases:
        during = {actor.actions.get(clip, -1) for clip in range(phase.first, phase.last + 1)}
        if often[phase.action] > 1 or len(during) > 1 or not during <= set(ORDINARY) or phase.first in actor.coat_clips:
            continue
        answer = during.pop()
        yield Draft(
            "while",
            (actor.label, actor.colour, other.label, other.colour, phase.action),
            f"what does {_name(actor)} do while {_name(other)} {_verb(phase.action)}",
            answer,
            *_other_actions(actor, alike, [answer]),
            ((phase.first, phase.last),),
        )


def _other_actions(
    actor: Actor, alike: Sequence[Actor], excluded: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the other ordinary actions of the actor and of those that look alike, and the rest."""
    near = _without((each for who in (actor, *alike) for each in who.actions.values() if each in ORDINARY), excluded)
    return near, _without(ORDINARY, [*excluded, *near])


def _without_coat(actor: Actor) -> list[int]:
    return [action for clip, action in actor.actions.items() if clip not in actor.coat_clips]


def _name(actor: Actor) -> str:
    return f"the {CLASSES[actor.label]} in the {COLOURS[actor.colour]} coat"


def _verb(action: int) -> str:
    return f"{ACTIONS[action]}s"


def _without(values: Iterable[int], unwanted: Iterable[int]) -> tuple[int, ...]:
    excluded = set(unwanted)
    return tuple(value for value in dict.fromkeys(values) if value not in excluded)
