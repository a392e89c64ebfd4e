"""Questions about an annotated video, with their correct answers, and with wrong answers that are true of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.vidvrd.claims import INVERSES, Answer, Claim, Kind, Name, Number, noun, third_person
from trajvqa.datasets.vidvrd.timeline import Timeline

__all__ = ["Draft", "Family", "draft_questions"]

Family = Literal["relation", "deed", "who", "count"]
"""Kinds of questions: what is true of the car?; what does it do?; who does it?; how many are there?"""

_TEMPLATES: dict[Kind, str] = {"relation": "what is true of {}", "deed": "what does {} do"}
_UNTIMED: dict[Kind, str] = {"relation": "DL", "deed": "DO"}
_WINDOW = 30
"""Number of frames of the beginning and of the end, as in ImageNet-VidVRD's windows of annotation."""
_LONG = 75
"""Minimum number of annotated frames of a video for questions about its beginning and end."""
_MOST_COUNTED = 6
_SIDES = frozenset({"left of", "right of"})
_SIZES = frozenset({"larger than", "smaller than", "taller than", "shorter than"})
_IMPLIED = {"left": _SIDES, "right": _SIDES, "large": _SIZES, "small": _SIZES}
"""Relations to the others of its class that an object's adjective reveals."""

Scope = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Draft:
    """A question without its wrong candidates."""

    video: str
    """Name of the video."""
    family: Family
    """Kind of question."""
    type: str
    """Question type, as in NExT-QA."""
    question: str
    """Text of the question."""
    subject: Name
    """Object that the question is about; for *who* and *count* questions, only its class."""
    answer: Answer
    """Correct answer."""
    true: frozenset[Answer]
    """All answers that are correct."""
    near: tuple[Answer, ...]
    """Wrong answers that are true of another object or at another time, or the opposite of the correct answer."""
    is_wrong: Callable[[Answer], bool]
    """Whether an answer is certainly wrong; many claims that are not annotated are neither correct nor wrong."""
    shared: bool
    """Whether the video has several objects of the subject's class."""
    moment: str = ""
    """Time that the question is about: "" for any, ``beginning``, ``end``, or ``other``."""
    claim: Claim | None = None
    """Claim of a *who* question."""

    def text(self, answer: Answer) -> str:
        """Return an answer in words."""
        return answer.text(self.subject.category)


@dataclass(frozen=True, eq=False)
class _Moment:
    """A part of a video: the words for it, and a mask (T,) of its frames."""

    words: str
    type: str
    kind: str
    scope: Scope


def draft_questions(timeline: Timeline) -> Iterator[Draft]:
    """Yield all questions that can be asked about a video.

    Answers about relations must not be contradicted by the boxes: because of perspective, an object annotated as *in
    front* may not look so in the image, and then the data would not contain the answer.
    """
    for key, names in timeline.names.items():
        for name in names:
            yield from _about(timeline, key, name)
    yield from _who(timeline)
    for category, members in timeline.groups.items():
        if len(members) <= _MOST_COUNTED:
            answer = Number(len(members))
            yield Draft(
                video=timeline.video.name,
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


def _about(timeline: Timeline, key: int, name: Name) -> Iterator[Draft]:
    """Yield questions about an object: its actions and its relations to others, at any or at a given time."""
    said = timeline.claims[key]
    whole = np.ones(timeline.video.num_frames, np.bool_)
    for kind, template in _TEMPLATES.items():
        moments = [
            _Moment("", _UNTIMED[kind], "", whole),
            *_ends(timeline),
            *_before_and_after(timeline, key),
            *_while(timeline, key),
        ]
        for moment in moments:
            true = timeline.true(key, moment.scope)
            wrong = partial(_is_wrong_claim, timeline, key, name, moment.scope, frozenset(true))
            for answer in [claim for claim in said if claim in true and claim.kind == kind]:
                if _is_given_away(name, answer) or timeline.contradicted(key, answer, moment.scope):
                    continue
                if not _fits(said[answer], moment):
                    continue
                yield Draft(
                    video=timeline.video.name,
                    family=kind,
                    type=moment.type,
                    question=" ".join(filter(None, [template.format(name.text()), moment.words])),
                    subject=name,
                    answer=answer,
                    true=frozenset(true),
                    near=tuple(claim for claim in _near(timeline, key, answer) if wrong(claim)),
                    is_wrong=wrong,
                    shared=len(timeline.groups[name.category]) > 1,
                    moment=moment.kind,
                )


def _ends(timeline: Timeline) -> Iterator[_Moment]:
    annotated = np.flatnonzero(timeline.video.annotated)
    if len(annotated) >= _LONG:
        frames = np.arange(timeline.video.num_frames)
        yield _Moment("at the beginning", "TC", "beginning", frames < annotated[0] + _WINDOW)
        yield _Moment("at the end", "TC", "end", frames > annotated[-1] - _WINDOW)


def _before_and_after(timeline: Timeline, key: int) -> Iterator[_Moment]:
    frames = np.arange(timeline.video.num_frames)
    for claim, said in timeline.claims[key].items():
        if claim.kind == "deed":
            there = np.flatnonzero(said)
            words = third_person(claim.text(timeline.categories[key]))
            yield _Moment(f"after it {words}", "TN", "other", frames > there[-1])
            yield _Moment(f"before it {words}", "TP", "other", frames < there[0])


def _while(timeline: Timeline, key: int) -> Iterator[_Moment]:
    annotated = int(timeline.video.annotated.sum())
    for other, claims in timeline.claims.items():
        category = timeline.categories[other]
        if other == key or not timeline.names[other]:
            continue
        for claim, said in claims.items():
            # An action that lasts for most of the video does not denote a time.
            if claim.kind == "deed" and claim.other != category and said.sum() < 0.8 * annotated:
                who = timeline.names[other][0].text()
                yield _Moment(f"while {who} {third_person(claim.text(category))}", "TC", "other", said)


def _fits(said: Scope, moment: _Moment) -> bool:
    """Return whether a claim is true of a moment itself, and not only of its margins."""
    if moment.type in ("TN", "TP"):
        return not (said & ~moment.scope).any()
    return moment.type != "TC" or int((said & moment.scope).sum()) >= _WINDOW // 2


def _near(timeline: Timeline, key: int, answer: Claim) -> dict[Claim, None]:
    """Return claims that are close to an answer: its opposite, and claims about its class or at other times."""
    category = timeline.categories[key]
    peers = [other for other in timeline.groups[category] if other != key]
    near = [answer.opposite] if answer.opposite is not None else []
    near += [claim for member in (*peers, key) for claim in timeline.claims[member] if claim.kind == answer.kind]
    if peers and answer.kind == "relation":
        near += [Claim(words, category) for words in INVERSES]
    return dict.fromkeys(near)


def _is_given_away(name: Name, claim: Claim) -> bool:
    """Return whether a name alone reveals that a claim is true or false."""
    if claim.other != name.category:
        return False
    # An object that needs no adjective is the only one of its class.
    return not name.adjective or claim.words in _IMPLIED[name.adjective]


def _is_wrong_claim(
    timeline: Timeline, key: int, name: Name, scope: Scope, true: frozenset[Answer], candidate: Answer
) -> bool:
    if not isinstance(candidate, Claim) or candidate in true or _is_given_away(name, candidate):
        return False
    # Boxes cannot contradict an action; here the annotations must suffice.
    return candidate.kind == "deed" or timeline.contradicted(key, candidate, scope)


def _who(timeline: Timeline) -> Iterator[Draft]:
    """Yield questions that state a claim and ask for its subject."""
    whole = np.ones(timeline.video.num_frames, np.bool_)
    doers: dict[Claim, list[int]] = {}
    for key, claims in timeline.claims.items():
        for claim in claims:
            if claim.other is not None and claim.other != timeline.categories[key]:
                doers.setdefault(claim, []).append(key)
    called = {name: key for key, names in timeline.names.items() for name in names}
    for claim, keys in doers.items():
        words = claim.text("")
        question = f"what is {words}" if claim.kind == "relation" else f"what {third_person(words)}"
        true: frozenset[Answer] = frozenset(name for key in keys for name in timeline.names[key])
        wrong = partial(_is_wrong_name, timeline, claim, frozenset(keys), called)
        for key in keys:
            if timeline.contradicted(key, claim, whole):
                continue
            for name in timeline.names[key]:
                yield Draft(
                    video=timeline.video.name,
                    family="who",
                    type="DO",
                    question=question,
                    subject=Name(name.category),
                    answer=name,
                    true=true,
                    near=tuple(other for other in called if wrong(other)),
                    is_wrong=wrong,
                    shared=len(timeline.groups[name.category]) > 1,
                    claim=claim,
                )


def _is_wrong_name(
    timeline: Timeline, claim: Claim, doers: frozenset[int], called: dict[Name, int], candidate: Answer
) -> bool:
    if not isinstance(candidate, Name) or candidate.category == claim.other:
        return False
    if candidate.category not in timeline.groups:
        return True
    key = called.get(candidate)
    if key is None or key in doers:
        return False
    whole = np.ones(timeline.video.num_frames, np.bool_)
    return claim.kind == "deed" or timeline.contradicted(key, claim, whole)


def _differs(answer: Answer, candidate: Answer) -> bool:
    return candidate != answer
