"""NExT-QA's and NExT-OE's tables of questions: reading, writing, and generating candidates from short answers.

These layouts are supported: NExT-QA's own (``video,frame_count,width,height,question,answer,qid,type,a0..a4``, the
answer a number from 0 to 4), VGT's (``video_id`` instead of ``video``), CoVGT's (the answer is the text of a
candidate) and NExT-GQA's (both of these), HCRN-BERT's (an additional column without a name), IntentQA's (VGT's with
additional columns, such as ``action,lemma,lemma_id``), and the Parquet files of lmms-eval. The layout is inferred from
the content.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from trajtrack import TrajtrackWarning
from trajtrack.files.atomic import atomic_output
from trajtrack.printable import counted, printable_errors, shown
from trajvqa.datasets.nextqa.table import QuestionTable, read_table, whole_number
from trajvqa.datasets.questions import NUM_CANDIDATES, OPEN_ENDED_TYPES, QUESTION_TYPES, OpenEnded, Questions

__all__ = ["multiple_choice", "read_open_ended", "read_questions", "write_questions"]

_CANDIDATES = tuple(f"a{index}" for index in range(NUM_CANDIDATES))
_COLUMNS = ("video", "frame_count", "width", "height", "question", "answer", "qid", "type", *_CANDIDATES)
_READ = (*_COLUMNS, "video_id")
_NO_ANSWER = re.compile(r"-1(\.0*)?")


@printable_errors
def read_questions(path: str | os.PathLike[str], require_answers: bool = True) -> Questions:
    """Read multiple-choice questions in any layout of NExT-QA.

    Texts are not changed: the answer ``none``, capital letters and surrounding spaces are kept.

    Parameters
    ----------
    path
        CSV in UTF-8, with or without byte order mark, or Parquet. Columns may be in any order; other columns are
        ignored.
    require_answers
        Whether every question needs its answer. Otherwise the answer of a question without one is -1: there is no such
        column, or the value is empty or -1.

    Raises
    ------
    ValueError
        The message names the file, the line or row, what was found and what was expected.

    Warns
    -----
    TrajtrackWarning
        If a candidate has no text.
    """
    table = read_table(path, _READ, () if require_answers else ("answer",))
    if {"question", "answer"} <= table.columns.keys() and not any(name in table.columns for name in _CANDIDATES):
        raise ValueError(
            f"{table.source}: found open-ended questions, without the columns a0 to a{NUM_CANDIDATES - 1}, expected "
            "questions with candidates; trajvqa.datasets.nextqa.read_open_ended reads them, and multiple_choice "
            "generates candidates"
        )
    videos, qids = table.filled("video", "video_id"), table.filled("qid")
    _check_unique(table, videos, qids)
    candidates = tuple(zip(*(table.column(name) for name in _CANDIDATES), strict=True))
    _warn_of_empty(table, candidates)
    answers = _answers(table, candidates, require_answers)
    return Questions(
        videos=tuple(videos),
        qids=tuple(qids),
        types=tuple(table.one_of("type", QUESTION_TYPES)),
        questions=tuple(table.filled("question")),
        candidates=candidates,
        answers=answers,
        frame_counts=table.integers("frame_count"),
        widths=table.integers("width"),
        heights=table.integers("height"),
        source=table.source,
        unanswered=answers < 0 if (answers < 0).any() else None,
    )


def _warn_of_empty(table: QuestionTable, candidates: Sequence[Sequence[str]]) -> None:
    # No error: one such row among thousands must not keep a dataset from being used.
    empty = [
        (row, name)
        for row, texts in enumerate(candidates)
        for name, text in zip(_CANDIDATES, texts, strict=True)
        if not text.strip()
    ]
    if empty:
        row, name = empty[0]
        text = f"{table.source}: {table.locations[row]}: {name}: found no text in {counted(len(empty), 'candidate')}"
        warnings.warn(f"{text}, the first here, expected one in each", TrajtrackWarning, stacklevel=4)


def _check_unique(table: QuestionTable, videos: Sequence[str], qids: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for row, (video, qid) in enumerate(zip(videos, qids, strict=True)):
        # Predictions know questions by this key alone.
        first = seen.setdefault(f"{video}_{qid}", row)
        if first != row:
            again = (videos[first], qids[first]) == (video, qid)
            expected = f"it only at {table.locations[first]}"
            if not again:
                expected = f"another key than {shown(qids[first])} of video {videos[first]} at {table.locations[first]}"
            raise table.error(row, "qid", f"{shown(qid)} of video {video}{' again' if again else ''}", expected)


def _answers(table: QuestionTable, candidates: Sequence[Sequence[str]], required: bool) -> NDArray[np.int64]:
    """Return the indices of the correct candidates, given either as numbers or as texts in the whole file."""
    if not required and "answer" not in table.columns:
        return np.full(len(table), -1, np.int64)
    values = table.column("answer")
    absent = [
        not required and (not value.strip() or _NO_ANSWER.fullmatch(value.strip()) is not None) for value in values
    ]
    given = [value for value, is_absent in zip(values, absent, strict=True) if not is_absent]
    numbered = [whole_number(value.removeprefix("-")) is not None for value in given]
    # A damaged answer must not change how the others are read.
    are_numbers = 2 * sum(numbered) >= len(given)
    answers = [
        -1 if is_absent else _numbered(value) if are_numbers else _index_of(value, texts)
        for value, is_absent, texts in zip(values, absent, candidates, strict=True)
    ]
    expected = (
        f"a number from 0 to {NUM_CANDIDATES - 1}" if are_numbers else f"the text of one of {', '.join(_CANDIDATES)}"
    )
    for row, (answer, is_absent) in enumerate(zip(answers, absent, strict=True)):
        if answer < 0 and not is_absent:
            raise table.error(row, "answer", shown(values[row]), expected)
    return np.array(answers, np.int64)


def _numbered(answer: str) -> int:
    """Return the index of a candidate that a text states, or -1."""
    number = whole_number(answer)
    return number if number is not None and number < NUM_CANDIDATES else -1


def _index_of(answer: str, texts: Sequence[str]) -> int:
    """Return the first index of a text among candidates, or -1; surrounding spaces are ignored."""
    stripped = [text.strip() for text in texts]
    return stripped.index(answer.strip()) if answer.strip() in stripped else -1


def write_questions(path: str | os.PathLike[str], questions: Questions) -> None:
    """Write questions as NExT-QA's CSV, from which `read_questions` reads equal questions.

    Parameters
    ----------
    path
        The file to write or to replace, atomically.
    questions
        The questions.

    Raises
    ------
    ValueError
        If they have another number of candidates than NExT-QA's, or facts of the videos are not known.
    """
    if questions.num_candidates != NUM_CANDIDATES:
        raise ValueError(f"candidates: found {questions.num_candidates} a question, expected {NUM_CANDIDATES}")
    columns: list[Iterable[object]] = [
        questions.videos,
        *(column.tolist() for column in questions.video_facts()),
        questions.questions,
        questions.answers.tolist(),
        questions.qids,
        questions.types,
    ]
    lines = [",".join(_COLUMNS)]
    for *fields, candidates in zip(*columns, questions.candidates, strict=True):
        lines.append(",".join(_quoted(str(field)) for field in (*fields, *candidates)))
    with atomic_output(path) as file:
        file.write(("\n".join(lines) + "\n").encode())


def _quoted(text: str) -> str:
    """Return a CSV field; unlike in the csv module, a lone carriage return is quoted, too."""
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


@printable_errors
def read_open_ended(path: str | os.PathLike[str]) -> OpenEnded:
    """Read NExT-OE's questions with short answers, in NExT-QA's columns without the candidates.

    Parameters
    ----------
    path
        CSV or Parquet, as for `read_questions`.

    Raises
    ------
    ValueError
        The message names the file, the line or row, what was found and what was expected.
    """
    table = read_table(path, _READ)
    if "a0" in table.columns:
        raise ValueError(
            f"{table.source}: found questions with candidates, expected open-ended ones, without the columns a0 to "
            f"a{NUM_CANDIDATES - 1}; trajvqa.datasets.nextqa.read_questions reads them"
        )
    return OpenEnded(
        videos=tuple(table.filled("video", "video_id")),
        qids=tuple(table.filled("qid")),
        types=tuple(table.one_of("type", OPEN_ENDED_TYPES)),
        questions=tuple(table.column("question")),
        answers=tuple(table.filled("answer")),
        frame_counts=table.integers("frame_count"),
        widths=table.integers("width"),
        heights=table.integers("height"),
        source=table.source,
    )


_FREQUENT_ROUNDS = 20
"""Number of draws by frequency before all answers are drawn equally often; a few answers can dominate a type."""


def multiple_choice(open_ended: OpenEnded, seed: int) -> Questions:
    """Generate multiple-choice questions: the correct answer among four answers to other questions of the same type.

    Wrong candidates are drawn with the frequency of the answers, so that a frequent text does not indicate the correct
    one. The five texts differ in more than case or surrounding spaces. The index of the correct one is uniform.

    Types that NExT-QA does not have (DB) are omitted, and so are repetitions of a video and qid.

    Parameters
    ----------
    open_ended
        The questions; their order is kept.
    seed
        Seed of the random draws.

    Raises
    ------
    ValueError
        If a type has fewer than five different answers.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = _kept_rows(open_ended)
    wrong = _wrong_answers(open_ended, rows, rng)
    answers = rng.integers(NUM_CANDIDATES, size=len(rows))
    is_correct = np.arange(NUM_CANDIDATES) == answers[:, None]
    options = np.empty(is_correct.shape, np.int64)
    options[is_correct] = rows
    options[~is_correct] = wrong.ravel()
    chosen = rows.tolist()
    return Questions(
        videos=tuple(open_ended.videos[row] for row in chosen),
        qids=tuple(open_ended.qids[row] for row in chosen),
        types=tuple(open_ended.types[row] for row in chosen),
        questions=tuple(open_ended.questions[row] for row in chosen),
        candidates=tuple(tuple(open_ended.answers[row] for row in option) for option in options.tolist()),
        answers=answers,
        frame_counts=open_ended.frame_counts[rows],
        widths=open_ended.widths[rows],
        heights=open_ended.heights[rows],
        source=open_ended.source,
    )


def _kept_rows(open_ended: OpenEnded) -> NDArray[np.int64]:
    """Return the rows of NExT-QA's types, without repetitions of a video and qid."""
    kept: dict[tuple[str, str], int] = {}
    for row, kind in enumerate(open_ended.types):
        if kind in QUESTION_TYPES:
            kept.setdefault((open_ended.videos[row], open_ended.qids[row]), row)
    return np.array(list(kept.values()), np.int64)


def _wrong_answers(open_ended: OpenEnded, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return (R, 4) rows of the same types, with answers that differ from each other and from those of `rows`."""
    known: dict[str, int] = {}
    texts = np.array([known.setdefault(text.strip().lower(), len(known)) for text in open_ended.answers], np.int64)
    types = np.array(open_ended.types)[rows]
    wrong = np.empty((len(rows), NUM_CANDIDATES - 1), np.int64)
    for kind in QUESTION_TYPES:
        members = rows[types == kind]
        _, first = np.unique(texts[members], return_index=True)
        if 0 < len(first) < NUM_CANDIDATES:
            raise ValueError(
                f"{open_ended.source}: type {kind}: found {len(first)} different answers, expected at least "
                f"{NUM_CANDIDATES}"
            )
        drawn = members[:, None].repeat(NUM_CANDIDATES, axis=1)
        unfit = _repeated(texts[drawn])
        for draw in count():
            if not unfit.any():
                break
            pool = members if draw < _FREQUENT_ROUNDS else members[first]
            drawn[unfit] = rng.choice(pool, size=int(unfit.sum()))
            unfit = _repeated(texts[drawn])
        wrong[types == kind] = drawn[:, 1:]
    return wrong


def _repeated(texts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the mask (R, C) of numbers that repeat one further left in their row."""
    repeated: NDArray[np.bool_] = np.tril(texts[:, :, None] == texts[:, None, :], -1).any(axis=2)
    return repeated
