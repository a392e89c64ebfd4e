"""NExT-QA's and NExT-OE's tables of questions: reading them, writing them, and making candidates from short answers.

The layouts in use are NExT-QA's own (``video,frame_count,width,height,question,answer,qid,type,a0..a4``, the answer a
number from 0 to 4), VGT's (``video_id`` in place of ``video``), CoVGT's (the answer as the text of a candidate),
HCRN-BERT's (one more column without a name) and the Parquet files of lmms-eval. All are told apart by what they hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from trajtrack.files.atomic import atomic_output
from trajvqa.datasets.nextqa.table import QuestionTable, read_table
from trajvqa.datasets.questions import NUM_CANDIDATES, OPEN_ENDED_TYPES, QUESTION_TYPES, OpenEnded, Questions

__all__ = ["multiple_choice", "read_open_ended", "read_questions", "write_questions"]

_CANDIDATES = tuple(f"a{place}" for place in range(NUM_CANDIDATES))
_COLUMNS = ("video", "frame_count", "width", "height", "question", "answer", "qid", "type", *_CANDIDATES)


def read_questions(path: str | os.PathLike[str]) -> Questions:
    """Read multiple-choice questions in any layout of NExT-QA's.

    Texts are taken as they stand: also the answer ``none``, capitals and blanks at the ends.

    Parameters
    ----------
    path
        CSV in UTF-8, with or without byte order mark, or Parquet. Columns may come in any order; further ones are
        left alone.

    Raises
    ------
    ValueError
        Naming the file, the line or row, what was found and what was expected.
    """
    table = read_table(path)
    if not any(name in table.columns for name in _CANDIDATES):
        raise ValueError(
            f"{table.source}: found open-ended questions, without the columns a0 to a{NUM_CANDIDATES - 1}, expected "
            "questions with candidates; trajvqa.datasets.nextqa.read_open_ended reads them and multiple_choice "
            "makes candidates"
        )
    videos, qids = table.filled("video", "video_id"), table.filled("qid")
    _refuse_repeated(table, videos, qids)
    candidates = tuple(zip(*(table.column(name) for name in _CANDIDATES), strict=True))
    return Questions(
        videos=tuple(videos),
        qids=tuple(qids),
        types=tuple(table.one_of("type", QUESTION_TYPES)),
        questions=tuple(table.column("question")),
        candidates=candidates,
        answers=_answers(table, candidates),
        frame_counts=table.integers("frame_count"),
        widths=table.integers("width"),
        heights=table.integers("height"),
        source=table.source,
    )


def _refuse_repeated(table: QuestionTable, videos: Sequence[str], qids: Sequence[str]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(videos, qids, strict=True)):
        first = seen.setdefault(key, row)
        if first != row:
            raise table.error(row, "qid", f"{key[1]!r} of video {key[0]} again", f"it only at {table.places[first]}")


def _answers(table: QuestionTable, candidates: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Return the places of the right candidates, given as numbers or as texts throughout the file."""
    values = table.column("answer")
    numbered = [value.isascii() and value.removeprefix("-").isdigit() for value in values]
    # One damaged answer shall not change what the others mean.
    if 2 * sum(numbered) >= len(values):
        expected = f"a number from 0 to {NUM_CANDIDATES - 1}"
        fits = [len(value) == 1 and value in "01234" for value in values]
        answers = [int(value) if fit else -1 for value, fit in zip(values, fits, strict=True)]
    else:
        expected = f"the text of one of {', '.join(_CANDIDATES)}"
        answers = [_place(value, texts) for value, texts in zip(values, candidates, strict=True)]
    for row, answer in enumerate(answers):
        if answer < 0:
            raise table.error(row, "answer", repr(values[row]), expected)
    return np.array(answers, np.int64)


def _place(answer: str, texts: Sequence[str]) -> int:
    """Return the first place of a text among candidates, -1 for none; blanks at the ends do not count."""
    stripped = [text.strip() for text in texts]
    return stripped.index(answer.strip()) if answer.strip() in stripped else -1


def write_questions(path: str | os.PathLike[str], questions: Questions) -> None:
    """Write questions as NExT-QA's CSV; `read_questions` gives back the same.

    Parameters
    ----------
    path
        The file to make or to replace, whole or not at all.
    questions
        What to write.
    """
    columns: list[Iterable[object]] = [
        questions.videos,
        questions.frame_counts.tolist(),
        questions.widths.tolist(),
        questions.heights.tolist(),
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
    """Return a field of CSV; unlike the csv module, a lone carriage return is quoted too."""
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def read_open_ended(path: str | os.PathLike[str]) -> OpenEnded:
    """Read NExT-OE's questions with short answers: NExT-QA's columns without the candidates.

    Parameters
    ----------
    path
        CSV or Parquet, as for `read_questions`.

    Raises
    ------
    ValueError
        Naming the file, the line or row, what was found and what was expected.
    """
    table = read_table(path)
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
"""Draws by frequency before rare answers get the same chance; few answers can be nearly all of a type."""


def multiple_choice(open_ended: OpenEnded, seed: int) -> Questions:
    """Make multiple-choice questions: the right answer among four answers to other questions of the same type.

    Wrong candidates are drawn as often as they are given as answers, so that a frequent text is no sign of the right
    one. The five texts differ, not only by capitals or blanks at the ends. The right one stands at every place alike.

    Left out are the types that NExT-QA does not have (DB), and questions whose video and qid come a second time.

    Parameters
    ----------
    open_ended
        The questions; their order is kept.
    seed
        The same number makes the same candidates.

    Raises
    ------
    ValueError
        When a type has fewer than five different answers.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = _kept_rows(open_ended)
    wrong = _wrong_answers(open_ended, rows, rng)
    places = rng.integers(NUM_CANDIDATES, size=len(rows))
    is_right = np.arange(NUM_CANDIDATES) == places[:, None]
    options = np.empty(is_right.shape, np.int64)
    options[is_right] = rows
    options[~is_right] = wrong.ravel()
    chosen = rows.tolist()
    return Questions(
        videos=tuple(open_ended.videos[row] for row in chosen),
        qids=tuple(open_ended.qids[row] for row in chosen),
        types=tuple(open_ended.types[row] for row in chosen),
        questions=tuple(open_ended.questions[row] for row in chosen),
        candidates=tuple(tuple(open_ended.answers[row] for row in option) for option in options.tolist()),
        answers=places,
        frame_counts=open_ended.frame_counts[rows],
        widths=open_ended.widths[rows],
        heights=open_ended.heights[rows],
        source=open_ended.source,
    )


def _kept_rows(open_ended: OpenEnded) -> NDArray[np.int64]:
    """Return the rows of NExT-QA's types, of those with the same video and qid the first."""
    kept: dict[tuple[str, str], int] = {}
    for row, kind in enumerate(open_ended.types):
        if kind in QUESTION_TYPES:
            kept.setdefault((open_ended.videos[row], open_ended.qids[row]), row)
    return np.array(list(kept.values()), np.int64)


def _wrong_answers(open_ended: OpenEnded, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return (R, 4) rows of the same types whose answers differ from each other and from those of `rows`."""
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
    """Return where a number (R, C) equals one further left in its row."""
    repeated: NDArray[np.bool_] = np.tril(texts[:, :, None] == texts[:, None, :], -1).any(axis=2)
    return repeated
