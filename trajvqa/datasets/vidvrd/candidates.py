"""Choice of questions and wrong candidates such that the text alone reveals as little as possible.

Most annotated relations follow from the words: bicycles are beneath persons. Questions are chosen so that a relation
and its opposite are correct about equally often for the same words. Wrong candidates are chosen so that, for the same
class and the same adjective, a text is a wrong candidate four times as often as it is the correct one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trajvqa.datasets.vidvrd.claims import NUMBERS, Answer, Claim, Number
from trajvqa.datasets.vidvrd.questions import Draft, Family

__all__ = ["MultipleChoice", "Pools", "choose_questions", "collect_answers", "with_candidates"]

_WRONG = 4
_SLACK = 0.12
"""Amount by which the share of one of two opposite answers may exceed one half."""
_SHARE = 0.2
"""Maximum share of one answer among the questions with the same words, for answers without an opposite."""
_MOST = {"relation": 9, "deed": 3, "who": 3, "count": 1}
"""Maximum number of questions of a family about one video; most are of families that geometry answers."""
_NOISE = 0.3
"""Amount of noise that varies the choice between candidates of similar need."""

Pools = Mapping[tuple[Family, str], Sequence[Answer]]
"""Answers by family and category; the category ``""`` has the answers of the whole family."""


@dataclass(frozen=True, eq=False)
class MultipleChoice:
    """A question with five candidates."""

    draft: Draft
    """The question without candidates."""
    candidates: tuple[Answer, ...]
    """The candidates, one of which is correct."""
    answer: int
    """Index of the correct candidate."""


def choose_questions(drafts: Sequence[Draft], most: int, scale: float, rng: np.random.Generator) -> list[Draft]:
    """Choose at most `most` questions for each video, and one answer for each question.

    Parameters
    ----------
    drafts
        All possible questions about the videos of a split.
    most
        Maximum number of questions of a video.
    scale
        Factor by which the maximum number of questions of a family is multiplied.
    rng
        Random number generator, to break ties.
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
            draft = left[min(range(len(left)), key=lambda row: (*_rank(left[row], scale, used), order[row]))]
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
        *_revealing_words(draft),
        *((words, _sign(draft)) for words in _revealing_words(draft)),
    ]


def _is_spent(draft: Draft, scale: float, used: Counter[Hashable]) -> bool:
    """Return whether there are too many questions of the same family, or with the same words and answer."""
    if used[draft.video, draft.family] >= _MOST[draft.family] * scale:
        return True
    for words in _revealing_words(draft):
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


def _revealing_words(draft: Draft) -> list[Hashable]:
    """Return the words of a question from which its answer might be guessed without the video."""
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
    """Return the answers of questions, from which wrong candidates are drawn."""
    pools: dict[tuple[Family, str], dict[Answer, None]] = {}
    for draft in drafts:
        for category in ("", draft.subject.category):
            pools.setdefault((draft.family, category), {})[draft.answer] = None
    # All numbers are possible wrong candidates, even if few videos occur.
    numbers = [Number(count) for count in range(1, len(NUMBERS) + 1)]
    return {group: list(answers) for group, answers in pools.items()} | {("count", ""): list(numbers)}


def with_candidates(drafts: Sequence[Draft], pools: Pools, near: int, rng: np.random.Generator) -> list[MultipleChoice]:
    """Add wrong candidates to questions; questions without enough wrong answers are omitted.

    Parameters
    ----------
    drafts
        The chosen questions of a split.
    pools
        Answers of the training questions.
    near
        Maximum number of near wrong candidates of a question.
    rng
        Random number generator, for the order of candidates and to break ties.
    """
    balance = _Balance(drafts, rng)
    asked: dict[int, MultipleChoice] = {}
    for row in rng.permutation(len(drafts)).tolist():
        draft = drafts[row]
        wrong = balance.neediest(draft, draft.near)[:near]
        if (
            draft.family == "relation"
            and isinstance(draft.answer, Claim)
            and draft.answer.other == draft.subject.category
        ):
            # At least two wrong candidates must name "the other one", too; otherwise the name reveals the answer.
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
        answer = int(rng.integers(_WRONG + 1))
        candidates = [wrong[index] for index in rng.permutation(_WRONG)]
        candidates.insert(answer, draft.answer)
        asked[row] = MultipleChoice(draft, tuple(candidates), answer)
    return [asked[row] for row in sorted(asked)]


class _Balance:
    """Counts how often a text is a correct and a wrong candidate in groups of similar questions."""

    def __init__(self, drafts: Sequence[Draft], rng: np.random.Generator) -> None:
        self._correct: Counter[Hashable] = Counter()
        self._wrong: Counter[Hashable] = Counter()
        self._rng = rng
        for draft in drafts:
            self._correct.update((group, draft.text(draft.answer)) for group in _groups(draft))

    def neediest(self, draft: Draft, answers: Sequence[Answer]) -> list[Answer]:
        """Return answers in descending order of how many more times they must be wrong candidates."""
        noise = _NOISE * self._rng.random(len(answers))
        needs = [self._need(draft, draft.text(answer)) for answer in answers] + noise
        return [answers[index] for index in np.argsort(-needs, kind="stable").tolist()]

    def take(self, draft: Draft, answers: Sequence[Answer]) -> None:
        """Count answers as wrong candidates of a question."""
        self._wrong.update((group, draft.text(answer)) for group in _groups(draft) for answer in answers)

    def _need(self, draft: Draft, text: str) -> float:
        need = 0.0
        for group in _groups(draft):
            due = _WRONG * self._correct[group, text]
            need += (due - self._wrong[group, text]) / (due + 2)
        return need


def _groups(draft: Draft) -> list[Hashable]:
    """Return the groups of questions within which texts are balanced."""
    family, subject = draft.family, draft.subject
    if family == "who":
        # The question contains the claim; it counts twice because it reveals the most.
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
