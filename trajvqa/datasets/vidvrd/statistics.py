"""What the benchmark *VidVRD questions* has, and what can be answered without learning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trajtrack import Trajectories
from trajvqa.datasets.questions import NUM_CANDIDATES
from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo
from trajvqa.datasets.vidvrd.candidates import Asked
from trajvqa.datasets.vidvrd.oracles import TrajectoryOracle, answer_from_annotations

__all__ = ["SeenVideo", "statistics"]


@dataclass(frozen=True, eq=False)
class SeenVideo:
    """A video, what is asked about it, and what tracking made of it."""

    video: AnnotatedVideo
    asked: Sequence[Asked]
    tracks: Trajectories


def statistics(seen: Sequence[SeenVideo], classes: Sequence[str], training: Sequence[Asked]) -> dict[str, Any]:
    """Return what a split has, and what can be answered without learning.

    Parameters
    ----------
    seen
        The split.
    classes
        Names of the labels.
    training
        The training questions.

    Returns
    -------
    ``videos``, ``questions``, ``trajectories``; numbers of questions by ``types`` and by ``families``; ``shared``, the
    number of questions about one of several objects of a class; ``oracle_annotations`` and ``oracle_trajectories``,
    shares of right answers, the latter also by type and by family; and ``text_prior``, the share for who takes the
    candidate that was right most often among the training questions of the same family and class, of the same wording
    where the question asks who. On the training split itself that is flattered.
    """
    by_type: dict[str, list[bool]] = {}
    by_family: dict[str, list[bool]] = {}
    from_annotations: list[bool] = []
    for each in seen:
        oracle = TrajectoryOracle(each.tracks, classes)
        for question in each.asked:
            right = oracle.answer(question) == question.place
            by_type.setdefault(question.draft.type, []).append(right)
            by_family.setdefault(question.draft.family, []).append(right)
            from_annotations.append(answer_from_annotations(question) == question.place)
    return {
        "videos": len(seen),
        "questions": len(from_annotations),
        "trajectories": sum(len(each.tracks) for each in seen),
        "types": {name: len(values) for name, values in sorted(by_type.items())},
        "families": {name: len(values) for name, values in sorted(by_family.items())},
        "shared": sum(question.draft.shared for each in seen for question in each.asked),
        "oracle_annotations": float(np.mean(from_annotations)),
        "oracle_trajectories": float(np.mean([right for values in by_type.values() for right in values])),
        "oracle_trajectories_by_type": _means(by_type),
        "oracle_trajectories_by_family": _means(by_family),
        "text_prior": _text_prior([question for each in seen for question in each.asked], training),
    }


def _means(values: dict[str, list[bool]]) -> dict[str, float]:
    return {name: float(np.mean(each)) for name, each in sorted(values.items())}


def _text_prior(questions: Sequence[Asked], training: Sequence[Asked]) -> float:
    right: Counter[tuple[str, ...]] = Counter()
    offered: Counter[tuple[str, ...]] = Counter()
    for each in training:
        texts = _texts(each)
        right[texts[each.place]] += 1
        offered.update(texts)
    hits = 0.0
    for each in questions:
        # A text that was never offered is right as often as any.
        rates = np.array([(right[text] + 1) / (offered[text] + NUM_CANDIDATES) for text in _texts(each)])
        best = np.isclose(rates, rates.max())
        hits += float(best[each.place]) / int(best.sum())
    return hits / len(questions)


def _texts(asked: Asked) -> list[tuple[str, ...]]:
    draft = asked.draft
    # Who did it is what is asked: there the question is all that the text tells.
    like = draft.question if draft.family == "who" else draft.subject.category
    return [(draft.family, like, draft.text(candidate)) for candidate in asked.candidates]
