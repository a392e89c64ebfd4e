"""Words of questions and answers: predicates of ImageNet-VidVRD and VidOR as claims, names of objects, and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ADJECTIVES",
    "INVERSES",
    "NUMBERS",
    "Answer",
    "Claim",
    "Kind",
    "Name",
    "Number",
    "claims_of",
    "noun",
    "third_person",
]

_VERBS = ("walk", "stand", "sit", "lie", "run", "jump", "creep", "swim", "fly", "move", "stop")
"""First words of ImageNet-VidVRD's compound predicates, such as ``walk_left``."""
_PLACES = {
    "left": "left of",
    "right": "right of",
    "front": "in front of",
    "in_front_of": "in front of",
    "behind": "behind",
    "above": "above",
    "beneath": "beneath",
    "next_to": "next to",
    "inside": "inside",
}
_COMPARISONS = {"larger": "larger than", "taller": "taller than", "faster": "faster than"}
_PATHS = {
    "toward": "go toward",
    "towards": "go toward",
    "away": "go away from",
    "past": "go past",
    "with": "go along with",
}
_DEEDS = {"play": "play with", "fight": "fight with"}
_OPPOSITES = (
    ("left of", "right of"),
    ("in front of", "behind"),
    ("above", "beneath"),
    ("larger than", "smaller than"),
    ("taller than", "shorter than"),
    ("faster than", "slower than"),
)
INVERSES = {first: second for pair in _OPPOSITES for first, second in (pair, pair[::-1])} | {"next to": "next to"}
"""Relation of a relation's object to its subject."""
ADJECTIVES = {"left": "left of", "right": "right of", "large": "larger than", "small": "smaller than"}
"""Adjectives that distinguish an object from others of its class, and its relation to all of them."""
_RELATIONS = {*_PLACES.values(), *INVERSES}
_THIRD_PERSON = {"go": "goes", "fly": "flies", "touch": "touches", "watch": "watches"}
NUMBERS = ("one", "two", "three", "four", "five", "six")

Kind = Literal["relation", "deed"]


@dataclass(frozen=True)
class Claim:
    """A relation to an object of some category, or an action, with or without an object."""

    words: str
    """The relation or action, such as ``left of``, ``chase`` or ``walk``."""
    other: str | None = None
    """Category of the object, or None for an action without an object."""

    @property
    def kind(self) -> Kind:
        """``relation`` for a spatial relation or comparison, ``deed`` for an action."""
        return "relation" if self.words in _RELATIONS else "deed"

    @property
    def opposite(self) -> Claim | None:
        """The claim that cannot be true of the same two objects at the same time, if there is one."""
        inverse = INVERSES.get(self.words)
        return None if inverse in (None, self.words) else Claim(str(inverse), self.other)

    def text(self, subject: str) -> str:
        """Return the claim in words, for a subject of the category `subject`."""
        if self.other is None:
            return self.words
        return f"{self.words} the {'other one' if self.other == subject else noun(self.other)}"


@dataclass(frozen=True)
class Name:
    """Name of an object: ``the left dog``, or ``the dog`` if it is the only one."""

    category: str
    """Category of the object."""
    adjective: str = ""
    """One of `ADJECTIVES`, or empty."""

    def text(self, subject: str = "") -> str:
        """Return the name in words; `subject` is ignored."""
        return " ".join(["the", *([self.adjective] if self.adjective else []), noun(self.category)])


@dataclass(frozen=True)
class Number:
    """Number of objects."""

    count: int
    """The number, from 1 to 6."""

    def text(self, subject: str = "") -> str:
        """Return the number in words; `subject` is ignored."""
        return NUMBERS[self.count - 1]


Answer = Claim | Name | Number


def claims_of(predicate: str, other: str) -> tuple[Claim, ...]:
    """Return the claims of a relation about its subject: ``walk_left`` has two, walking and being on the left.

    Parameters
    ----------
    predicate
        Predicate as spelled in the dataset. Unknown words become an action: ``hold_hand_of`` is ``hold hand of``.
    other
        Category of the relation's object.
    """
    verb, _, rest = predicate.partition("_")
    claims: list[Claim] = []
    if verb in _VERBS:
        claims.append(Claim(verb))
    else:
        rest = predicate
    for table in (_PLACES, _COMPARISONS, _PATHS):
        if rest in table:
            return (*claims, Claim(table[rest], other))
    if rest:
        claims.append(Claim(_DEEDS.get(rest, rest.replace("_", " ")), other))
    return tuple(claims)


def noun(category: str) -> str:
    """Return a category in words: ``giant_panda`` is ``giant panda``, ``domestic_cat`` is ``cat``."""
    return category.replace("_", " ").removeprefix("domestic ")


def third_person(words: str) -> str:
    """Return ``walks`` for ``walk`` and ``goes past the car`` for ``go past the car``."""
    verb, space, rest = words.partition(" ")
    return _THIRD_PERSON.get(verb, f"{verb}s") + space + rest
