"""Questions about an annotated video, each with what is right, what is wrong, and what is wrong but near."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.vidvrd.claims import INVERSES, Answer, Claim, Kind, Name, Number, noun, third_person
from trajvqa.datasets.vidvrd.timeline import Story

__all__ = ["Draft", "Family", "draft_questions"]

Family = Literal["relation", "deed", "who", "count"]
"""What is left of the car?; what does it do?; who does it?; how many are there?"""

_TEMPLATES: dict[Kind, str] = {"relation": "what is true of {}", "deed": "what does {} do"}
_UNTIMED: dict[Kind, str] = {"relation": "DL", "deed": "DO"}
_WINDOW = 30
"""Frames of the beginning and of the end: ImageNet-VidVRD's windows of annotation."""
_LONG = 75
"""Annotated frames that a video must have to be asked about its beginning and end."""
_MOST_COUNTED = 6
_SIDES = frozenset({"left of", "right of"})
_SIZES = frozenset({"larger than", "smaller than", "taller than", "shorter than"})
_IMPLIED = {"left": _SIDES, "right": _SIDES, "large": _SIZES, "small": _SIZES}
"""What an object's name gives away of how it stands to the others of its class."""

Scope = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Draft:
    """A question without its wrong candidates."""

    video: str
    """Name of the video."""
    family: Family
    """What kind of question it is."""
    type: str
    """NExT-QA's type."""
    question: str
    """What is asked."""
    subject: Name
    """Of whom it is asked; of a count and of who did something, the class."""
    answer: Answer
    """What is right."""
    true: frozenset[Answer]
    """All that would be right."""
    near: tuple[Answer, ...]
    """What is wrong, but true of another object or at another time, or the opposite of the answer."""
    is_wrong: Callable[[Answer], bool]
    """Whether something is surely wrong; of much that is not annotated it cannot be told."""
    shared: bool
    """Whether several objects of the video are of the subject's class."""
    moment: str = ""
    """Of which time it is asked: "", ``beginning``, ``end``, or ``other``."""
    claim: Claim | None = None
    """Of ``who``: what was done."""

    def text(self, answer: Answer) -> str:
        """Return an answer in words."""
        return answer.text(self.subject.category)


@dataclass(frozen=True, eq=False)
class _Moment:
    """A part of a video, as (T,) frames, and how a question puts it."""

    words: str
    type: str
    kind: str
    scope: Scope


def draft_questions(story: Story) -> Iterator[Draft]:
    """Yield all questions that can be asked about a video.

    Those about relations need an answer that the boxes do not contradict: in perspective, what people call *in front*
    may lie otherwise in the image, and then nothing in the data could tell.
    """
    for key, names in story.names.items():
        for name in names:
            yield from _about(story, key, name)
    yield from _who(story)
    for category, members in story.groups.items():
        if len(members) <= _MOST_COUNTED:
            answer = Number(len(members))
            yield Draft(
                video=story.video.name,
                family="count",
                type="DC",
                question=f"how many {noun(category)}s are there",
                subject=Name(category),
                answer=answer,
                true=frozenset({answer}),
                near=(),
                is_wrong=partial(_differs, answer),
                shared=len(members) > 1,
            )


def _about(story: Story, key: int, name: Name) -> Iterator[Draft]:
    """Yield what can be asked of an object: what it does, and how it stands to others, always or at some time."""
    said = story.claims[key]
    whole = np.ones(story.video.num_frames, np.bool_)
    for kind, template in _TEMPLATES.items():
        moments = [
            _Moment("", _UNTIMED[kind], "", whole),
            *_ends(story),
            *_before_and_after(story, key),
            *_while(story, key),
        ]
        for moment in moments:
            true = story.true(key, moment.scope)
            wrong = partial(_is_wrong_claim, story, key, name, moment.scope, frozenset(true))
            for answer in [claim for claim in said if claim in true and claim.kind == kind]:
                if _is_given_away(name, answer) or story.contradicted(key, answer, moment.scope):
                    continue
                if not _fits(said[answer], moment):
                    continue
                yield Draft(
                    video=story.video.name,
                    family=kind,
                    type=moment.type,
                    question=" ".join(filter(None, [template.format(name.text()), moment.words])),
                    subject=name,
                    answer=answer,
                    true=frozenset(true),
                    near=tuple(claim for claim in _near(story, key, answer) if wrong(claim)),
                    is_wrong=wrong,
                    shared=len(story.groups[name.category]) > 1,
                    moment=moment.kind,
                )


def _ends(story: Story) -> Iterator[_Moment]:
    annotated = np.flatnonzero(story.video.annotated)
    if len(annotated) >= _LONG:
        frames = np.arange(story.video.num_frames)
        yield _Moment("at the beginning", "TC", "beginning", frames < annotated[0] + _WINDOW)
        yield _Moment("at the end", "TC", "end", frames > annotated[-1] - _WINDOW)


def _before_and_after(story: Story, key: int) -> Iterator[_Moment]:
    frames = np.arange(story.video.num_frames)
    for claim, said in story.claims[key].items():
        if claim.kind == "deed":
            there = np.flatnonzero(said)
            words = third_person(claim.text(story.categories[key]))
            yield _Moment(f"after it {words}", "TN", "other", frames > there[-1])
            yield _Moment(f"before it {words}", "TP", "other", frames < there[0])


def _while(story: Story, key: int) -> Iterator[_Moment]:
    annotated = int(story.video.annotated.sum())
    for other, claims in story.claims.items():
        category = story.categories[other]
        if other == key or not story.names[other]:
            continue
        for claim, said in claims.items():
            # What lasts as long as the video says nothing about time.
            if claim.kind == "deed" and claim.other != category and said.sum() < 0.8 * annotated:
                who = story.names[other][0].text()
                yield _Moment(f"while {who} {third_person(claim.text(category))}", "TC", "other", said)


def _fits(said: Scope, moment: _Moment) -> bool:
    """Tell whether something that was said is an answer about a moment, and not about its margins alone."""
    if moment.type in ("TN", "TP"):
        return not (said & ~moment.scope).any()
    return moment.type != "TC" or int((said & moment.scope).sum()) >= _WINDOW // 2


def _near(story: Story, key: int, answer: Claim) -> dict[Claim, None]:
    """Return what is close to an answer: its opposite, what is said of others of the class, and at other times."""
    category = story.categories[key]
    peers = [other for other in story.groups[category] if other != key]
    near = [answer.opposite] if answer.opposite is not None else []
    near += [claim for member in (*peers, key) for claim in story.claims[member] if claim.kind == answer.kind]
    if peers and answer.kind == "relation":
        near += [Claim(words, category) for words in INVERSES]
    return dict.fromkeys(near)


def _is_given_away(name: Name, claim: Claim) -> bool:
    """Tell whether a name alone tells that a claim is true or false."""
    if claim.other != name.category:
        return False
    # An object that needs no adjective is the only one of its class.
    return not name.adjective or claim.words in _IMPLIED[name.adjective]


def _is_wrong_claim(
    story: Story, key: int, name: Name, scope: Scope, true: frozenset[Answer], candidate: Answer
) -> bool:
    if not isinstance(candidate, Claim) or candidate in true or _is_given_away(name, candidate):
        return False
    # What something does shows in the images alone; there people's word must do.
    return candidate.kind == "deed" or story.contradicted(key, candidate, scope)


def _who(story: Story) -> Iterator[Draft]:
    """Yield questions that give the claim and ask for the object."""
    whole = np.ones(story.video.num_frames, np.bool_)
    doers: dict[Claim, list[int]] = {}
    for key, claims in story.claims.items():
        for claim in claims:
            if claim.other is not None and claim.other != story.categories[key]:
                doers.setdefault(claim, []).append(key)
    called = {name: key for key, names in story.names.items() for name in names}
    for claim, keys in doers.items():
        words = claim.text("")
        question = f"what is {words}" if claim.kind == "relation" else f"what {third_person(words)}"
        true: frozenset[Answer] = frozenset(name for key in keys for name in story.names[key])
        wrong = partial(_is_wrong_name, story, claim, frozenset(keys), called)
        for key in keys:
            if story.contradicted(key, claim, whole):
                continue
            for name in story.names[key]:
                yield Draft(
                    video=story.video.name,
                    family="who",
                    type="DO",
                    question=question,
                    subject=Name(name.category),
                    answer=name,
                    true=true,
                    near=tuple(other for other in called if wrong(other)),
                    is_wrong=wrong,
                    shared=len(story.groups[name.category]) > 1,
                    claim=claim,
                )


def _is_wrong_name(
    story: Story, claim: Claim, doers: frozenset[int], called: dict[Name, int], candidate: Answer
) -> bool:
    if not isinstance(candidate, Name) or candidate.category == claim.other:
        return False
    if candidate.category not in story.groups:
        return True
    key = called.get(candidate)
    if key is None or key in doers:
        return False
    whole = np.ones(story.video.num_frames, np.bool_)
    return claim.kind == "deed" or story.contradicted(key, claim, whole)


def _differs(answer: Answer, candidate: Answer) -> bool:
    return candidate != answer
