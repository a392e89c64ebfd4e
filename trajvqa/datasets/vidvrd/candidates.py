"""Which questions are asked, and with which wrong candidates: so that the text alone tells as little as it can.

Of annotated relations most follow from the words: bicycles are beneath persons. Questions are chosen so that a relation
and its opposite are right about equally often for the same words, and wrong candidates so that a text is a wrong
candidate four times as often as it is the right one, for the same class and the same adjective.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trajvqa.datasets.vidvrd.claims import NUMBERS, Answer, Claim, Number
from trajvqa.datasets.vidvrd.questions import Draft, Family

__all__ = ["Asked", "Pools", "choose_questions", "collect_answers", "with_candidates"]

_WRONG = 4
_SLACK = 0.12
"""By how much more than half of the time one of two opposites may be right."""
_SHARE = 0.2
"""Share of the questions of the same words that may have the same answer, where there are no opposites."""
_MOST = {"relation": 9, "deed": 3, "who": 3, "count": 1}
"""Questions of a family about one video; what geometry answers comes first."""
_NOISE = 0.3
"""Keeps the choice between candidates of about the same need from being always the same."""

Pools = Mapping[tuple[Family, str], Sequence[Answer]]
"""Answers by family and category, and by family alone under the category ``""``."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A question with five candidates."""

    draft: Draft
    """The question."""
    candidates: tuple[Answer, ...]
    """One of them right."""
    place: int
    """Which."""


def choose_questions(drafts: Sequence[Draft], most: int, scale: float, rng: np.random.Generator) -> list[Draft]:
    """Choose at most `most` questions a video, and of each question one answer.

    Parameters
    ----------
    drafts
        All that could be asked about the videos of a split.
    most
        Questions of a video.
    scale
        Factor on the most questions of a family.
    rng
        Decides between equals.
    """
    by_video: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_video.setdefault(draft.video, []).append(draft)
    used: Counter[Hashable] = Counter()
    chosen: list[Draft] = []
    for _ in range(most):
        for video in sorted(by_video):
            left = [draft for draft in by_video[video] if not _is_spent(draft, scale, used)]
            if not left:
                continue
            order = rng.random(len(left))
            place = min(range(len(left)), key=lambda row: (*_rank(left[row], scale, used), order[row]))
            draft = left[place]
            chosen.append(draft)
            by_video[video] = [other for other in by_video[video] if other.question != draft.question]
            used.update(_marks(draft))
    return chosen


def _marks(draft: Draft) -> list[Hashable]:
    text = draft.text(draft.answer)
    return [
        (draft.video, draft.family),
        (draft.video, draft.family, draft.type),
        (draft.video, text),
        (draft.family, draft.subject.category, text),
        *_what_words_tell(draft),
        *((words, _sign(draft)) for words in _what_words_tell(draft)),
    ]


def _is_spent(draft: Draft, scale: float, used: Counter[Hashable]) -> bool:
    """Tell whether a question is of too many of its kind, or one more of its answer would give that away."""
    if used[draft.video, draft.family] >= _MOST[draft.family] * scale:
        return True
    for words in _what_words_tell(draft):
        most = 2 + (0.5 + _SLACK) * used[words] if draft.family == "relation" else 1 + _SHARE * used[words]
        if used[words, _sign(draft)] > most:
            return True
    return False


def _rank(draft: Draft, scale: float, used: Counter[Hashable]) -> tuple[float, int]:
    text = draft.text(draft.answer)
    variety = (
        4 * used[draft.video, draft.family] / (_MOST[draft.family] * scale)
        + used[draft.video, draft.family, draft.type] / 2
        + used[draft.video, text]
    )
    easy = (0.0 if draft.shared else 1.0) + (0.0 if draft.near else 0.7)
    return variety + easy, used[draft.family, draft.subject.category, text]


def _what_words_tell(draft: Draft) -> list[Hashable]:
    """Return what of a question goes with its answer, whatever is in the video."""
    if draft.family in ("who", "count"):
        return [(draft.family, draft.question)]
    answer, subject = draft.answer, draft.subject
    if not isinstance(answer, Claim) or answer.opposite is None:
        return []
    axis = frozenset({answer.words, answer.opposite.words})
    same = answer.other == subject.category
    return [
        (subject.category, answer.other, subject.adjective if same else "", axis),
        (subject.adjective, same, axis),
    ]


def _sign(draft: Draft) -> str:
    return draft.answer.words if isinstance(draft.answer, Claim) else draft.text(draft.answer)


def collect_answers(drafts: Sequence[Draft]) -> dict[tuple[Family, str], list[Answer]]:
    """Return the answers of questions: where wrong candidates come from."""
    pools: dict[tuple[Family, str], dict[Answer, None]] = {}
    for draft in drafts:
        for category in ("", draft.subject.category):
            pools.setdefault((draft.family, category), {})[draft.answer] = None
    # However few videos there are, they can be counted.
    numbers = [Number(count) for count in range(1, len(NUMBERS) + 1)]
    return {place: list(answers) for place, answers in pools.items()} | {("count", ""): list(numbers)}


def with_candidates(drafts: Sequence[Draft], pools: Pools, near: int, rng: np.random.Generator) -> list[Asked]:
    """Give questions their wrong candidates; those for which there are not enough are left out.

    Parameters
    ----------
    drafts
        The chosen questions of a split.
    pools
        Answers of the training questions.
    near
        Most wrong candidates of a question that are near.
    rng
        Where candidates stand, and the choice between equals.
    """
    balance = _Balance(drafts, rng)
    asked: dict[int, Asked] = {}
    for row in rng.permutation(len(drafts)).tolist():
        draft = drafts[row]
        wrong = balance.neediest(draft, draft.near)[:near]
        if (
            draft.family == "relation"
            and isinstance(draft.answer, Claim)
            and draft.answer.other == draft.subject.category
        ):
            # Two of "the other one" must be wrong, or its naming would give the answer away.
            peers = [claim for claim in draft.near if isinstance(claim, Claim) and claim.other == draft.answer.other]
            if len(peers) < 2:
                continue
            wrong = balance.neediest(draft, peers)[: max(near, 2)]
        own = () if draft.family in ("who", "count") else pools.get((draft.family, draft.subject.category), ())
        for source in (own, pools.get((draft.family, ""), ()), draft.near):
            more = [answer for answer in source if answer not in wrong and draft.is_wrong(answer)]
            wrong += balance.neediest(draft, more)[: _WRONG - len(wrong)]
        if len({draft.text(answer) for answer in (draft.answer, *wrong)}) <= _WRONG:
            continue
        balance.take(draft, wrong)
        place = int(rng.integers(_WRONG + 1))
        candidates = [wrong[index] for index in rng.permutation(_WRONG)]
        candidates.insert(place, draft.answer)
        asked[row] = Asked(draft, tuple(candidates), place)
    return [asked[row] for row in sorted(asked)]


class _Balance:
    """Counts how often a text is right and wrong in like questions."""

    def __init__(self, drafts: Sequence[Draft], rng: np.random.Generator) -> None:
        self._right: Counter[Hashable] = Counter()
        self._wrong: Counter[Hashable] = Counter()
        self._rng = rng
        for draft in drafts:
            self._right.update((like, draft.text(draft.answer)) for like in _like(draft))

    def neediest(self, draft: Draft, answers: Sequence[Answer]) -> list[Answer]:
        """Return answers, first those that are wrong too seldom for how often they are right."""
        noise = _NOISE * self._rng.random(len(answers))
        needs = [self._need(draft, draft.text(answer)) for answer in answers] + noise
        return [answers[place] for place in np.argsort(-needs, kind="stable").tolist()]

    def take(self, draft: Draft, answers: Sequence[Answer]) -> None:
        """Note wrong candidates."""
        self._wrong.update((like, draft.text(answer)) for like in _like(draft) for answer in answers)

    def _need(self, draft: Draft, text: str) -> float:
        need = 0.0
        for like in _like(draft):
            due = _WRONG * self._right[like, text]
            need += (due - self._wrong[like, text]) / (due + 2)
        return need


def _like(draft: Draft) -> list[Hashable]:
    """Return the groups of questions among which texts are balanced."""
    family, subject = draft.family, draft.subject
    if family == "who":
        # The question names the claim; it counts twice, as it tells most.
        return [family, (family, draft.question), (family, draft.question, "again")]
    alone = not subject.adjective
    timed = draft.moment != ""
    return [
        family,
        (family, subject.category),
        (family, subject.category, "alone", alone),
        (family, subject.category, "timed", timed),
        (family, subject.adjective),
    ]
