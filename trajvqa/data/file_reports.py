"""What is to be said of each file of a data folder, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from trajvqa.datasets.nextqa.questions import read_questions
from trajvqa.datasets.questions import QUESTION_TYPES, Questions
from trajvqa.stores.bert_features import BertFeatures
from trajvqa.stores.frame_features import FrameFeatures
from trajvqa.stores.trajectories import TrajectoryStore
from trajvqa.text.tokenizer import tokenize
from trajvqa.text.vocabulary import SPECIAL_WORDS, Vocabulary, read_vocabulary
from trajvqa.text.word_vectors import label_words, read_word_vectors

__all__ = [
    "FileReport",
    "check_bert",
    "check_frames",
    "check_questions",
    "check_trajectories",
    "check_vocabulary",
    "check_word_vectors",
]

State = Literal["ok", "absent", "broken"]
Opened = TypeVar("Opened")

_BERT_ROWS = 256


@dataclass(frozen=True)
class FileReport:
    """What was found out about one file."""

    name: str
    """What the file is: ``questions``, ``frame features``, ..."""
    path: Path | None
    """Where it is; None where it is absent."""
    expected: str
    """Where it would be in this package's own layout."""
    facts: tuple[str, ...] = ()
    """What is in it, in words."""
    problems: tuple[str, ...] = ()
    """What is wrong with it, each with file and numbers."""

    @property
    def state(self) -> State:
        """Whether it is there and whole."""
        if self.path is None:
            return "absent"
        return "broken" if self.problems else "ok"


def _open(
    name: str, path: Path | None, expected: str, opening: Callable[[Path], Opened]
) -> tuple[Opened | None, FileReport]:
    """Return the opened file, None where it is absent or broken, and the report so far."""
    if path is None:
        return None, FileReport(name, path, expected)
    try:
        return opening(path), FileReport(name, path, expected)
    except (ValueError, OSError, ImportError) as error:
        return None, FileReport(name, path, expected, problems=(_message(error, path),))


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
    questions, report = _open("questions", path, f"{split}.csv", read_questions)
    if questions is None:
        return None, report
    counts = Counter(questions.types)
    return questions, FileReport(
        report.name,
        path,
        report.expected,
        facts=(
            f"{len(questions):,} questions about {len(set(questions.videos)):,} videos",
            "  ".join(f"{kind} {counts[kind]:,}" for kind in QUESTION_TYPES),
        ),
    )


def check_frames(path: Path | None, split: str, questions: Questions | None) -> tuple[FrameFeatures | None, FileReport]:
    """Check shape, numbers, and whether the videos of the questions are there."""
    features, report = _open("frame features", path, f"vid_feat/app_mot_{split}.h5", FrameFeatures)
    if features is None or path is None:
        return None, report
    facts = (
        f"{len(features.ids):,} videos of {features.clips} clips of {features.size:,} numbers",
        *_coverage(features.ids, questions),
    )
    checks = [features.check_finite] + ([] if questions is None else [lambda: features.require(questions.videos)])
    return features, FileReport(report.name, path, report.expected, facts, _problems(path, *checks))


def check_trajectories(
    path: Path | None, split: str, questions: Questions | None
) -> tuple[TrajectoryStore | None, FileReport]:
    """Check numbers, counts, and whether the videos of the questions are there."""
    store, report = _open("trajectories", path, f"traj_feat/trajectories_{split}.h5", TrajectoryStore)
    if store is None or path is None:
        return None, report
    counts = store.counts
    many = (
        f"{int(counts.sum()):,} trajectories of {len(store.ids):,} videos, {counts.min()} to {counts.max()}, median "
        f"{np.median(counts):g}"
        if len(counts)
        else "no videos"
    )
    without = int((counts == 0).sum())
    facts = (
        f"{many}; {store.feature_size:,} numbers each, {len(store.classes):,} classes",
        *((f"videos without a trajectory: {without:,}",) if without else ()),
        *_coverage(store.ids, questions),
    )
    checks = [store.check_finite] + ([] if questions is None else [lambda: store.require(questions.videos)])
    return store, FileReport(report.name, path, report.expected, facts, _problems(path, *checks))


def _coverage(ids: Iterable[str], questions: Questions | None) -> tuple[str, ...]:
    if questions is None:
        return ()
    asked = set(questions.videos)
    return (f"{len(asked & set(ids)):,} of the {len(asked):,} videos of the questions",)


def check_bert(path: Path | None, split: str, questions: Questions | None) -> FileReport:
    """Compare rows with those of the questions, and look at the numbers of some."""
    expected = f"qas_bert/bert_ft_{split}.h5"
    if path is not None and questions is None:
        return FileReport("BERT features", path, expected, facts=("not looked at: their questions are not there",))
    features, report = _open(
        "BERT features",
        path,
        expected,
        lambda there: BertFeatures(there, len(questions or ()), questions.source if questions else ""),
    )
    if features is None or path is None:
        return report
    rows = np.unique(np.linspace(0, len(features) - 1, min(len(features), _BERT_ROWS)).astype(np.int64))
    facts = (
        f"{len(features):,} questions of {features.candidates} candidates of {features.words} words of {features.size} "
        f"numbers, {len(rows):,} questions looked at",
    )

    def check_numbers() -> None:
        for candidate in range(features.candidates):
            values, _ = features.read(rows, np.full(len(rows), candidate))
            finite = np.isfinite(values).all(axis=(1, 2))
            if not finite.all():
                raise ValueError(
                    f"{features.path}: feat: row {rows[int(finite.argmin())]}, candidate {candidate}: found numbers "
                    "that are not finite, expected finite ones"
                )

    return FileReport(report.name, path, expected, facts, _problems(path, check_numbers))


def check_vocabulary(path: Path | None, questions: Iterable[Questions]) -> tuple[Vocabulary | None, FileReport]:
    """Read the vocabulary and count the words of the questions that it has."""
    vocabulary, report = _open("vocabulary", path, "vocab.json", read_vocabulary)
    if vocabulary is None:
        return None, report
    tokens = _tokens(questions)
    facts = (f"{len(vocabulary):,} words", *_shares(tokens, set(vocabulary.words), "are in it"))
    return vocabulary, FileReport(report.name, path, report.expected, facts)


def check_word_vectors(
    path: Path | None, vocabulary: Vocabulary | None, questions: Iterable[Questions], classes: Iterable[str]
) -> FileReport:
    """Count the words of the vocabulary, of the questions and of the classes that have vectors."""
    tokens = _tokens(questions)
    words = set(tokens) if vocabulary is None else set(vocabulary.words) - set(SPECIAL_WORDS)
    named = {word for name in classes for word in label_words(name)}
    vectors, report = _open(
        "word vectors", path, "glove.6B.300d.txt", lambda there: read_word_vectors(there, words | named | set(tokens))
    )
    if vectors is None or path is None:
        return report
    sizes = {len(vector) for vector in vectors.values()}
    facts = [f"of {min(sizes)} numbers" if sizes else "none of the words is in it"]
    if words:
        source = "questions" if vocabulary is None else "vocabulary"
        facts.append(f"{len(words & set(vectors)):,} of the {len(words):,} words of the {source} have one")
    facts += _shares(tokens, set(vectors), "have one")
    if named:
        facts.append(f"{len(named & set(vectors)):,} of the {len(named):,} words of the classes have one")
    return FileReport(report.name, path, report.expected, tuple(facts))


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
