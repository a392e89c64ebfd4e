"""Reports about the files of a data folder: what each contains, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from trajvqa.data.folder import (
    BERT,
    FRAME_FEATURES,
    QUESTIONS,
    REGIONS,
    SPLITS,
    TRAJECTORIES,
    VOCABULARY,
    WORD_VECTORS,
    FileKind,
)
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import QUESTION_TYPES, Questions
from trajvqa.stores import BertFeatures, open_frame_features, open_region_features, open_trajectories
from trajvqa.stores.many_files import Clips, TrajectoriesInFiles
from trajvqa.text import SPECIAL_WORDS, Vocabulary, label_words, read_vocabulary, read_word_vectors, tokenize

__all__ = [
    "FileReport",
    "check_bert",
    "check_frames",
    "check_questions",
    "check_regions",
    "check_trajectories",
    "check_vocabulary",
    "check_word_vectors",
]

State = Literal["ok", "absent", "broken"]
Opened = TypeVar("Opened")

_BERT_ROWS = 256
_UNANSWERED = "test"
"""The split that needs no answers."""


@dataclass(frozen=True)
class FileReport:
    """Report about one file."""

    name: str
    """Name of the kind of file, such as ``frame features``."""
    path: Path | None
    """Path of the file, or None if it is absent."""
    expected: str
    """Path of the file in this package's own layout."""
    facts: tuple[str, ...] = ()
    """Descriptions of the content, in words."""
    problems: tuple[str, ...] = ()
    """Error messages, each with the file and the numbers found."""

    @property
    def state(self) -> State:
        """``absent``, ``broken`` if there are problems, or ``ok``."""
        if self.path is None:
            return "absent"
        return "broken" if self.problems else "ok"


def _open(
    kind: FileKind, path: Path | None, split: str, opening: Callable[[Path], Opened]
) -> tuple[Opened | None, FileReport]:
    """Return the opened file, or None if it is absent or broken, and a report without facts."""
    report = FileReport(kind.name, path, kind.expected(split))
    if path is None:
        return None, report
    try:
        return opening(path), report
    except (ValueError, OSError, ImportError) as error:
        return None, replace(report, problems=(_message(error, path),))


def _message(error: Exception, path: Path) -> str:
    text = str(error)
    return text if str(path) in text else f"{path}: {text}"


def _problems(path: Path, *checks: Callable[[], object]) -> tuple[str, ...]:
    problems = []
    for check in checks:
        try:
            check()
        except (ValueError, OSError) as error:
            problems.append(_message(error, path))
    return tuple(problems)


def check_questions(path: Path | None, split: str) -> tuple[Questions | None, FileReport]:
    """Read the questions of a split and count them by type."""
    questions, report = _open(
        QUESTIONS, path, split, lambda existing: read_questions(existing, require_answers=split != _UNANSWERED)
    )
    if questions is None:
        return None, report
    counts = Counter(questions.types)
    without = len(questions) - len(questions.answered())
    facts = (
        f"{len(questions):,} questions about {len(set(questions.videos)):,} videos",
        "  ".join(f"{kind} {counts[kind]:,}" for kind in QUESTION_TYPES),
        *((f"questions without an answer: {without:,}",) if without else ()),
    )
    return questions, replace(report, facts=facts)


def check_frames(path: Path | None, split: str, questions: Questions | None) -> tuple[Clips | None, FileReport]:
    """Check that frame features are well-formed, finite, and cover the videos of the questions."""
    features, report = _open(FRAME_FEATURES, path, split, open_frame_features)
    if features is None or path is None:
        return None, report
    facts = (
        f"{len(features.ids):,} videos of {features.clips} clips of {features.size:,} numbers",
        *_coverage(features.ids, questions),
    )
    checks = [features.check_finite] + ([] if questions is None else [lambda: features.require(questions.videos)])
    return features, replace(report, facts=facts, problems=_problems(path, *checks))


def check_regions(path: Path | None, split: str, questions: Questions | None) -> FileReport:
    """Check that regions are well-formed and cover the videos of the questions; their numbers are checked in training.

    Such files have tens of gigabytes.
    """
    regions, report = _open(REGIONS, path, split, open_region_features)
    if regions is None or path is None:
        return report
    facts = (
        f"{len(regions):,} videos of {regions.clips} clips of {regions.frames} frames of up to {regions.regions} "
        f"regions of {regions.size:,} numbers",
        *_coverage(regions.ids, questions),
    )
    problems = () if questions is None else _problems(path, lambda: regions.require(questions.videos))
    return replace(report, facts=facts, problems=problems)


def check_trajectories(
    path: Path | None, split: str, questions: Questions | None
) -> tuple[TrajectoriesInFiles | None, FileReport]:
    """Check that a trajectory store is well-formed, finite, and covers the videos of the questions."""
    store, report = _open(TRAJECTORIES, path, split, open_trajectories)
    if store is None or path is None:
        return None, report
    counts, what = store.counts, "segments of trajectories" if store.segmented else "trajectories"
    summary = (
        f"{int(counts.sum()):,} {what} of {len(store.ids):,} videos, {counts.min()} to {counts.max()}, median "
        f"{np.median(counts):g}"
        if len(counts)
        else "no videos"
    )
    without = int((counts == 0).sum())
    facts = (
        f"{summary}; {store.feature_size:,} numbers each, {len(store.classes):,} classes",
        *((f"videos without a trajectory: {without:,}",) if without else ()),
        *_coverage(store.ids, questions),
    )
    checks = [store.check_finite] + ([] if questions is None else [lambda: store.require(questions.videos)])
    return store, replace(report, facts=facts, problems=_problems(path, *checks))


def _coverage(ids: Iterable[str], questions: Questions | None) -> tuple[str, ...]:
    if questions is None:
        return ()
    required = set(questions.videos)
    return (f"{len(required & set(ids)):,} of the {len(required):,} videos of the questions",)


def check_bert(path: Path | None, split: str, questions: Questions | None) -> tuple[BertFeatures | None, FileReport]:
    """Open BERT features; check that they match the questions row by row, and that a sample of them is finite."""
    if path is not None and questions is None:
        return None, FileReport(
            BERT.name, path, BERT.expected(split), facts=("not checked: the questions are missing",)
        )
    features, report = _open(
        BERT,
        path,
        split,
        lambda existing: BertFeatures(existing, len(questions or ()), questions.source if questions else ""),
    )
    if features is None or path is None:
        return None, report
    rows = np.unique(np.linspace(0, len(features) - 1, min(len(features), _BERT_ROWS)).astype(np.int64))
    facts = (
        f"{len(features):,} questions of {features.candidates} candidates of {features.words} words of {features.size} "
        f"numbers; {len(rows):,} questions checked",
    )

    def check_sample() -> None:
        for candidate in range(features.candidates):
            values, _ = features.read(rows, np.full(len(rows), candidate))
            finite = np.isfinite(values).all(axis=(1, 2))
            if not finite.all():
                raise ValueError(
                    f"{features.path}: feat: row {rows[int(finite.argmin())]}, candidate {candidate}: found NaN or "
                    "infinity, expected finite numbers"
                )

    return features, replace(report, facts=facts, problems=_problems(path, check_sample))


def check_vocabulary(path: Path | None, questions: Iterable[Questions]) -> tuple[Vocabulary | None, FileReport]:
    """Read the vocabulary and measure how many words of the questions it contains."""
    vocabulary, report = _open(VOCABULARY, path, SPLITS[0], read_vocabulary)
    if vocabulary is None:
        return None, report
    tokens = _tokens(questions)
    facts = (f"{len(vocabulary):,} words", *_shares(tokens, set(vocabulary.words), "are in it"))
    return vocabulary, replace(report, facts=facts)


def check_word_vectors(
    path: Path | None, vocabulary: Vocabulary | None, questions: Iterable[Questions], classes: Iterable[str]
) -> FileReport:
    """Count the words of the vocabulary, of the questions and of the class names that have vectors."""
    tokens = _tokens(questions)
    words = set(tokens) if vocabulary is None else set(vocabulary.words) - set(SPECIAL_WORDS)
    class_words = {word for name in classes for word in label_words(name)}
    vectors, report = _open(
        WORD_VECTORS,
        path,
        SPLITS[0],
        lambda existing: read_word_vectors(existing, words | class_words | set(tokens)),
    )
    if vectors is None:
        return report
    sizes = {len(vector) for vector in vectors.values()}
    facts = [f"of {min(sizes)} numbers" if sizes else "none of the words is in it"]
    if words:
        source = "questions" if vocabulary is None else "vocabulary"
        facts.append(f"{len(words & set(vectors)):,} of the {len(words):,} words of the {source} have one")
    facts += _shares(tokens, set(vectors), "have one")
    if class_words:
        facts.append(f"{len(class_words & set(vectors)):,} of the {len(class_words):,} words of the classes have one")
    return replace(report, facts=tuple(facts))


def _tokens(questions: Iterable[Questions]) -> Counter[str]:
    tokens: Counter[str] = Counter()
    for each in questions:
        for text in (*each.questions, *(text for candidates in each.candidates for text in candidates)):
            tokens.update(tokenize(text))
    return tokens


def _shares(tokens: Counter[str], known: set[str], what: str) -> tuple[str, ...]:
    total = tokens.total()
    if not total:
        return ()
    share = sum(count for word, count in tokens.items() if word in known) / total
    return (f"{share:.1%} of all words in the questions {what}",)
