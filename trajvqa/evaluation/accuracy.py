"""Accuracy by question type as in NExT-QA's evaluation, and its files of predictions."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output
from trajtrack.files.packed import other_encoding
from trajtrack.printable import printable_errors, shown
from trajvqa.datasets.questions import NUM_CANDIDATES, QUESTION_TYPES, Questions

__all__ = [
    "TYPES",
    "Accuracy",
    "accuracy_table",
    "counted_type",
    "is_right",
    "read_predictions",
    "score",
    "write_predictions",
]

_TITLES = {"CW": "Why", "CH": "How", "TN": "Bef&Aft", "TC": "When", "DC": "Cnt", "DL": "Loc", "DO": "Other"}
TYPES = tuple(_TITLES)
"""The types of questions that NExT-QA's evaluation tells apart, in its order."""
_FOLDED = {"TP": "TN"}
"""Types that NExT-QA counts as another: questions about what came before count as those about what comes next."""
_GROUPS = "CTD"
_UNKNOWN = -1
"""Answer of a question whose correct candidate was not known."""
_LAYOUT = '{"<video>_<qid>": {"prediction": 0, "answer": 0}, ...}'


@dataclass(frozen=True)
class Accuracy:
    """Number of questions answered correctly, by type. Types are NExT-QA's; TP is counted as TN."""

    counts: dict[str, int]
    """Number of questions of each type that occurs."""
    right: dict[str, int]
    """Number of them answered correctly."""

    @property
    def count(self) -> int:
        """Number of all questions."""
        return sum(self.counts.values())

    @property
    def overall(self) -> float:
        """Share of all questions answered correctly; NaN without questions."""
        return sum(self.right.values()) / self.count if self.count else float("nan")

    @property
    def percent(self) -> float:
        """`overall` in percent; rounded to two decimals, exactly what NExT-QA's evaluation prints."""
        # Not 100 * overall, which rounds twice: 23 of 160 would be 14.37.
        return 100.0 * sum(self.right.values()) / self.count if self.count else float("nan")

    @property
    def types(self) -> dict[str, float]:
        """Share of the questions answered correctly, for each type that occurs."""
        return {name: self.right[name] / count for name, count in self.counts.items()}

    @property
    def groups(self) -> dict[str, float]:
        """Share of causal (``C``), temporal (``T``) and descriptive (``D``) questions answered correctly, if any.

        Every question has the same weight, whatever its type.
        """
        totals = {group: self._of_group(group) for group in _GROUPS}
        return {group: right / count for group, (right, count) in totals.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """Return counts and shares as values that JSON can hold."""
        return {
            "overall": self.overall,
            "groups": self.groups,
            "types": self.types,
            "counts": self.counts,
            "right": self.right,
        }

    def table(self) -> str:
        """Return the table that NExT-QA's evaluation prints, with percentages to two decimals, and the counts."""
        return accuracy_table({"accuracy, %": self})

    def _of_group(self, group: str) -> tuple[int, int]:
        names = [name for name in self.counts if name.startswith(group)]
        return sum(self.right[name] for name in names), sum(self.counts[name] for name in names)

    def _cells(self) -> list[tuple[int, int]]:
        """Return the numbers of correct answers and of questions, for each column of the table."""
        types = [(self.right.get(name, 0), self.counts.get(name, 0)) for name in _TITLES]
        return [*types, *map(self._of_group, _GROUPS), (sum(self.right.values()), self.count)]


def accuracy_table(rows: Mapping[str, Accuracy]) -> str:
    """Return a table of the accuracies of several predictions for the same questions.

    Parameters
    ----------
    rows
        At least one accuracy, by the name to print before it.

    Returns
    -------
    Lines of percentages in the columns of NExT-QA's evaluation, rounded to two decimals in the same way, and a line of
    counts. A dash means that there are no questions.
    """
    lines = [["", *_TITLES.values(), *(f"Acc_{group}" for group in _GROUPS), "Acc"]]
    for name, accuracy in rows.items():
        shares = [f"{100.0 * right / count:.2f}" if count else "-" for right, count in accuracy._cells()]
        lines.append([name, *shares])
    counts = next(iter(rows.values()))._cells()
    lines.append(["questions", *(str(count) for _, count in counts)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def counted_type(kind: str) -> str:
    """Return the one of `TYPES` as which a question of a type counts."""
    return _FOLDED.get(kind, kind)


def is_right(questions: Questions, predictions: Mapping[str, int]) -> NDArray[np.bool_]:
    """Return which questions (Q,) are answered correctly.

    Parameters
    ----------
    questions
        The questions.
    predictions
        The chosen candidate of each, by ``{video}_{qid}``.

    Raises
    ------
    ValueError
        If a question has no prediction or no answer.
    """
    _require_all(questions, predictions, "predictions")
    unknown = questions.answers < 0
    if unknown.any():
        raise ValueError(f"answers, row {int(unknown.argmax())}: found -1, expected the index of the correct candidate")
    chosen = np.array([predictions[key] for key in questions.keys], np.int64)
    right: NDArray[np.bool_] = chosen == questions.answers
    return right


def score(questions: Questions, predictions: Mapping[str, int]) -> Accuracy:
    """Return the accuracy of predictions, as NExT-QA's ``eval_mc.py`` computes it.

    Parameters
    ----------
    questions
        The questions.
    predictions
        The chosen candidate of each, by ``{video}_{qid}``.

    Raises
    ------
    ValueError
        If a question has no prediction or a type that NExT-QA does not have.
    """
    for row, kind in enumerate(questions.types):
        if kind not in QUESTION_TYPES:
            raise ValueError(f"types, row {row}: found {shown(kind)}, expected one of {', '.join(QUESTION_TYPES)}")
    right = is_right(questions, predictions).tolist()
    types = [counted_type(kind) for kind in questions.types]
    counts = Counter(types)
    right_counts = Counter(kind for kind, each in zip(types, right, strict=True) if each)
    present = [name for name in TYPES if counts[name]]
    return Accuracy({name: counts[name] for name in present}, {name: right_counts[name] for name in present})


@printable_errors
def read_predictions(
    path: str | os.PathLike[str], questions: Questions, on_others: Callable[[int], None] | None = None
) -> dict[str, int]:
    """Read a file of predictions in the form of NExT-QA's evaluation and check it against the questions.

    The file holds ``{"<video>_<qid>": {"prediction": 0, "answer": 0}, ...}``: an entry for each question, in any order,
    with the indices of the chosen and of the correct candidate, which may be -1 if it was not known.

    Parameters
    ----------
    path
        The file.
    questions
        The questions that it answers.
    on_others
        Called with the number of predictions for other questions, which are left out; default: they are an error.

    Returns
    -------
    The chosen candidate of each question, by ``{video}_{qid}``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the content is not such JSON, an index is out of range, a correct candidate differs from that of the
        questions, or a question or a prediction is missing. The message names the file and the question.
    """
    name = os.fspath(path)
    content = _read_json(name)
    answers = dict(zip(questions.keys, questions.answers.tolist(), strict=True))
    source = questions.source or "the questions"
    unknown = [key for key in content if key not in answers]
    if unknown and on_others is None:
        raise ValueError(
            f"{name}: found predictions for {len(unknown)} questions that are not in {source}, the first {unknown[0]}, "
            f"expected one for each of the {len(questions)} there"
        )
    predictions = {}
    for key, entry in content.items():
        if key not in answers:
            continue
        predictions[key] = _candidate(name, key, entry, "prediction")
        answer = _candidate(name, key, entry, "answer", _UNKNOWN)
        if answer not in (_UNKNOWN, answers[key]):
            raise ValueError(f"{name}: {key}: answer: found {answer}, expected {answers[key]} as in {source}")
    _require_all(questions, predictions, name)
    if unknown and on_others is not None:
        on_others(len(unknown))
    return predictions


def write_predictions(path: str | os.PathLike[str], questions: Questions, predictions: Mapping[str, int]) -> None:
    """Write predictions in the form of NExT-QA's evaluation; `read_predictions` returns the same.

    Parameters
    ----------
    path
        The file, written or replaced atomically.
    questions
        The questions that are answered.
    predictions
        The chosen candidate of each, by ``{video}_{qid}``.

    Raises
    ------
    ValueError
        If a question has no prediction, or one that is not the index of a candidate.
    OSError
        If the file cannot be written.
    """
    _require_all(questions, predictions, "predictions")
    content = {}
    for key, answer in zip(questions.keys, questions.answers.tolist(), strict=True):
        entry = {"prediction": int(predictions[key]), "answer": answer}
        _candidate("predictions", key, entry, "prediction")
        content[key] = entry
    with atomic_output(path) as file:
        file.write(json.dumps(content, indent=4).encode() + b"\n")


def _read_json(name: str) -> dict[str, Any]:
    with open(name, "rb") as file:
        packed = file.read()
    other = other_encoding(packed)
    if other is not None:
        raise ValueError(f"{name}: found {other}, expected JSON in UTF-8")
    try:
        content = json.loads(packed.decode("utf-8-sig"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: found no JSON that can be read ({error}), expected {_LAYOUT}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{name}: found a JSON {type(content).__name__}, expected {_LAYOUT}")
    return content


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for key, times in Counter(key for key, _ in pairs).items():
        if times > 1:
            raise ValueError(f"{shown(key)} comes {times} times")
    return dict(pairs)


def _candidate(name: str, key: str, entry: Any, field: str, low: int = 0) -> int:
    expected = f"a number from 0 to {NUM_CANDIDATES - 1}"
    if not isinstance(entry, dict):
        raise ValueError(f"{name}: {key}: found {shown(entry)}, expected an object with prediction and answer")
    if field not in entry:
        raise ValueError(f"{name}: {key}: found no {field}, expected {expected}")
    value = entry[field]
    # A bool is an int to Python, but not the index of a candidate.
    if type(value) is not int or not low <= value < NUM_CANDIDATES:
        raise ValueError(f"{name}: {key}: {field}: found {shown(value)}, expected {expected}")
    return value


def _require_all(questions: Questions, predictions: Mapping[str, int], name: str) -> None:
    missing = [key for key in questions.keys if key not in predictions]
    if missing:
        raise ValueError(
            f"{name}: found no prediction for {len(missing)} of {len(questions)} questions, the first {missing[0]}, "
            f"expected one for each of {questions.source or 'the questions'}"
        )
