"""Questions about a world, with candidates that cannot be told apart by their presence in the video alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trajvqa.datasets.questions import NUM_CANDIDATES
from trajvqa.datasets.worlds.video import ACTIONS, CLASSES, COLOURS, MANNERS, MIN_ACTORS, PLACES, REASONS, Actor

__all__ = ["COUNT_NAMES", "Question", "draft_questions", "name_of", "with_candidates"]

COUNT_NAMES = ("two", "three", "four", "five", "six")
"""Names of the numbers from `MIN_ACTORS` to `MAX_ACTORS`."""


@dataclass(frozen=True)
class Question:
    """A question about one video."""

    kind: str
    """Question type, as in NExT-QA."""
    text: str
    """Text of the question."""
    answer: str
    """Correct answer."""
    near: tuple[str, ...]
    """Wrong answers that occur in the video: true of another object or at another time."""
    far: tuple[str, ...]
    """Further wrong answers."""
    program: tuple[str, ...]
    """The question for the oracles: its kind, then the indices of what it is about."""


def draft_questions(actors: Sequence[Actor], place: int) -> list[Question]:
    """Return all questions that can be asked about a world.

    Parameters
    ----------
    actors
        The actors.
    place
        Index of the place in `PLACES`.
    """
    questions: list[Question] = []
    for actor in actors:
        others = [other for other in actors if other is not actor]
        questions += _about_order(actor, others)
        questions += _about_company(actor, others)
        questions += _about_causes(actor, others)
        questions += _about_properties(actor, others)
    count = COUNT_NAMES[len(actors) - MIN_ACTORS]
    questions.append(
        Question("DC", "how many of them are there", count, (), _without(COUNT_NAMES, [count]), ("count",))
    )
    questions.append(Question("DL", "where are they", PLACES[place], (), _without(PLACES, [PLACES[place]]), ("place",)))
    return questions


def name_of(actor: Actor, others: Iterable[Actor]) -> str:
    """Return the name of an actor: its class, preceded by its colour if another actor has the same class."""
    name = CLASSES[actor.label]
    return f"{COLOURS[actor.colour]} {name}" if any(other.label == actor.label for other in others) else name


def _about_order(actor: Actor, others: Sequence[Actor]) -> list[Question]:
    """What does the red dog do after it runs?"""
    questions = []
    phases = actor.phases
    for (first, _, _), (second, _, _) in pairwise(phases):
        for kind, word, known, asked in (("TN", "after", first, second), ("TP", "before", second, first)):
            own = [ACTIONS[action] for action, _, _ in phases]
            answer = ACTIONS[asked]
            questions.append(
                Question(
                    kind,
                    f"what does the {name_of(actor, others)} do {word} it {ACTIONS[known]}s",
                    answer,
                    # Actions of the same actor at other times, and of other actors.
                    _without(own + _done_by(others), [answer, ACTIONS[known]]),
                    _without(ACTIONS, [answer, ACTIONS[known], *own]),
                    (word, str(actor.colour), str(known)),
                )
            )
    return questions


def _about_company(actor: Actor, others: Sequence[Actor]) -> list[Question]:
    """What does the red dog do while the blue cat sings?"""
    questions = []
    for other in others:
        rest = [each for each in (actor, *others) if each is not other]
        for action, first, last in other.phases:
            during = {actor.actions[clip] for clip in range(first, last + 1) if clip in actor.actions}
            if len(during) != 1 or last == first:
                continue
            answer = ACTIONS[min(during)]
            own = [ACTIONS[each] for each, _, _ in actor.phases]
            questions.append(
                Question(
                    "TC",
                    f"what does the {name_of(actor, others)} do while the {name_of(other, rest)} {ACTIONS[action]}s",
                    answer,
                    _without(own + _done_by(others), [answer]),
                    _without(ACTIONS, [answer, *own]),
                    ("while", str(actor.colour), str(other.colour), str(action)),
                )
            )
    return questions


def _about_causes(actor: Actor, others: Sequence[Actor]) -> list[Question]:
    """Why does the red dog run? The reason of each actor is visible."""
    reason = REASONS[actor.reason]
    theirs = [REASONS[other.reason] for other in others]
    return [
        Question(
            "CW",
            f"why does the {name_of(actor, others)} {ACTIONS[action]}",
            reason,
            _without(theirs, [reason]),
            _without(REASONS, [reason, *theirs]),
            ("why", str(actor.colour)),
        )
        for action, _, _ in actor.phases
    ]


def _about_properties(actor: Actor, others: Sequence[Actor]) -> list[Question]:
    """How does the red dog move? What colour is the dog?"""
    manner, colour, name = MANNERS[actor.manner], COLOURS[actor.colour], CLASSES[actor.label]
    questions = [
        Question(
            "CH",
            f"how does the {name_of(actor, others)} move",
            manner,
            _without([MANNERS[other.manner] for other in others], [manner]),
            _without(MANNERS, [manner]),
            ("how", str(actor.colour)),
        )
    ]
    if all(other.label != actor.label for other in others):
        questions.append(
            Question(
                "DO",
                f"what colour is the {name}",
                colour,
                _without([COLOURS[other.colour] for other in others], [colour]),
                _without(COLOURS, [colour]),
                ("colour", str(actor.label)),
            )
        )
    return questions


def _done_by(actors: Iterable[Actor]) -> list[str]:
    return [ACTIONS[action] for actor in actors for action, _, _ in actor.phases]


def _without(texts: Iterable[str], unwanted: Iterable[str]) -> tuple[str, ...]:
    excluded = set(unwanted)
    return tuple(text for text in dict.fromkeys(texts) if text not in excluded)


def with_candidates(question: Question, rng: np.random.Generator, far: int) -> tuple[tuple[str, ...], int] | None:
    """Return five candidates and the index of the correct one, or None if there are not enough wrong answers.

    Parameters
    ----------
    question
        The question.
    rng
        Random number generator.
    far
        Number of wrong candidates that are not true of anything in the video, if there are enough others.
    """
    near = [question.near[index] for index in rng.permutation(len(question.near))]
    rest = [question.far[index] for index in rng.permutation(len(question.far)) if question.far[index] not in near]
    wanted = NUM_CANDIDATES - 1
    wrong = near[: wanted - min(far, len(rest))]
    wrong += rest[: wanted - len(wrong)]
    if len(wrong) < wanted:
        return None
    texts = [question.answer, *wrong]
    order = rng.permutation(NUM_CANDIDATES).tolist()
    return tuple(texts[index] for index in order), order.index(0)
