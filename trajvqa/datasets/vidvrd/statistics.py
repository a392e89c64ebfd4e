"""Statistics of the benchmark *VidVRD questions*, including accuracies that need no learning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trajtrack import Trajectories
from trajvqa.datasets.questions import NUM_CANDIDATES
from trajvqa.datasets.vidvrd.annotations import AnnotatedVideo
from trajvqa.datasets.vidvrd.candidates import MultipleChoice
from trajvqa.datasets.vidvrd.oracles import TrajectoryOracle, answer_from_annotations

__all__ = ["LinkedVideo", "statistics"]


@dataclass(frozen=True, eq=False)
class LinkedVideo:
    """A video, its questions and its linked trajectories."""

    video: AnnotatedVideo
    asked: Sequence[MultipleChoice]
    tracks: Trajectories


def statistics(
    linked: Sequence[LinkedVideo], classes: Sequence[str], training: Sequence[MultipleChoice]
) -> dict[str, Any]:
    """Return statistics of a split, including accuracies that need no learning.

    Parameters
    ----------
    linked
        The videos of the split.
    classes
        Class names, in the order of the labels.
    training
        The training questions.

    Returns
    -------
    ``videos``, ``questions``, ``trajectories``; numbers of questions by ``types`` and by ``families``; ``shared``, the
    number of questions about one of several objects of a class; ``oracle_annotations`` and ``oracle_trajectories``,
    shares of correct answers, the latter also by type and by family; and ``text_prior``, the accuracy of always
    choosing the candidate that was correct most often among the training questions of the same family and class (for
    *who* questions, of the same wording). On the training split itself, that accuracy is too high.
    """
    by_type: dict[str, list[bool]] = {}
    by_family: dict[str, list[bool]] = {}
    from_annotations: list[bool] = []
    for each in linked:
        oracle = TrajectoryOracle(each.tracks, classes)
        for question in each.asked:
            correct = oracle.answer(question) == question.answer
            by_type.setdefault(question.draft.type, []).append(correct)
            by_family.setdefault(question.draft.family, []).append(correct)
            from_annotations.append(answer_from_annotations(question) == question.answer)
    return {
        "videos": len(linked),
        "questions": len(from_annotations),
        "trajectories": sum(len(each.tracks) for each in linked),
        "types": {name: len(values) for name, values in sorted(by_type.items())},
        "families": {name: len(values) for name, values in sorted(by_family.items())},
        "shared": sum(question.draft.shared for each in linked for question in each.asked),
        "oracle_annotations": float(np.mean(from_annotations)),
        "oracle_trajectories": float(np.mean([correct for values in by_type.values() for correct in values])),
        "oracle_trajectories_by_type": _means(by_type),
        "oracle_trajectories_by_family": _means(by_family),
        "text_prior": _text_prior([question for each in linked for question in each.asked], training),
    }


def _means(values: dict[str, list[bool]]) -> dict[str, float]:
    return {name: float(np.mean(each)) for name, each in sorted(values.items())}


def _text_prior(questions: Sequence[MultipleChoice], training: Sequence[MultipleChoice]) -> float:
    correct: Counter[tuple[str, ...]] = Counter()
    offered: Counter[tuple[str, ...]] = Counter()
    for each in training:
        texts = _texts(each)
        correct[texts[each.answer]] += 1
        offered.update(texts)
    hits = 0.0
    for each in questions:
        # A text that was never offered counts as correct in one of five cases.
        rates = np.array([(correct[text] + 1) / (offered[text] + NUM_CANDIDATES) for text in _texts(each)])
        best = np.isclose(rates, rates.max())
        hits += float(best[each.answer]) / int(best.sum())
    return hits / len(questions)


def _texts(asked: MultipleChoice) -> list[tuple[str, ...]]:
    draft = asked.draft
    # A *who* question does not name its subject; all that the text gives is the question itself.
    group = draft.question if draft.family == "who" else draft.subject.category
    return [(draft.family, group, draft.text(candidate)) for candidate in asked.candidates]
