"""Multiple-choice questions, and questions with a short answer, as aligned columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["NUM_CANDIDATES", "OPEN_ENDED_TYPES", "QUESTION_TYPES", "OpenEnded", "Questions"]

QUESTION_TYPES = ("CW", "CH", "TN", "TP", "TC", "DC", "DL", "DO")
"""NExT-QA's types: causal why and how; temporal next, previous and current; descriptive count, location and other."""
OPEN_ENDED_TYPES = (*QUESTION_TYPES, "DB")
"""Question types of NExT-OE, which also has descriptive binary questions (DB), with answers such as yes and no."""
NUM_CANDIDATES = 5
"""Number of candidates of a question of a data set."""

_FEWEST_CANDIDATES = 2
_FACTS = ("frame_counts", "widths", "heights")
_OPTIONAL = (*_FACTS, "unanswered")


@dataclass(frozen=True, eq=False)
class Questions:
    """Q questions about videos, each with C candidates, one of which is correct; in data sets C is five.

    Raises
    ------
    ValueError
        If a column has wrong values. The message names it.
    """

    videos: tuple[str, ...]
    """Video ID of each question."""
    qids: tuple[str, ...]
    """ID of each question among those of its video."""
    types: tuple[str, ...]
    """Type of each question, one of `QUESTION_TYPES`; empty text if it is not known."""
    questions: tuple[str, ...]
    """Text of each question."""
    candidates: tuple[tuple[str, ...], ...]
    """C texts for each question, at least two."""
    answers: NDArray[np.int64]
    """(Q,) index of the correct candidate; -1 for `unanswered` questions."""
    frame_counts: NDArray[np.int64] | None = None
    """(Q,) number of frames of the video, or None if not known."""
    widths: NDArray[np.int64] | None = None
    """(Q,) width of the video in pixels, or None if not known."""
    heights: NDArray[np.int64] | None = None
    """(Q,) height of the video in pixels, or None if not known."""
    source: str = ""
    """File of the questions, for messages."""
    unanswered: NDArray[np.bool_] | None = None
    """(Q,) whether the answer is not known, or None if all are."""

    def __post_init__(self) -> None:
        _check_lengths(self, ("qids", "types", "questions", "candidates", "answers"))
        _check_lengths(self, tuple(name for name in _OPTIONAL if getattr(self, name) is not None))
        count = self.num_candidates
        for row, texts in enumerate(self.candidates):
            if len(texts) != count or count < _FEWEST_CANDIDATES:
                expected = f"at least {_FEWEST_CANDIDATES}" if row == 0 else f"{count}, as in row 0"
                raise ValueError(f"candidates, row {row}: found {len(texts)} texts, expected {expected}")
        bad = (self.answers < 0) | (self.answers >= count)
        if self.unanswered is not None:
            bad &= ~(self.unanswered & (self.answers == -1))
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"answers, row {row}: found {self.answers[row]}, expected 0 to {count - 1}")

    @staticmethod
    def asked(video: str, question: str, candidates: Sequence[str]) -> Questions:
        """Return a question that was typed: without an answer, a type and facts of the video."""
        return Questions(
            videos=(video,),
            qids=("0",),
            types=("",),
            questions=(question,),
            candidates=(tuple(candidates),),
            answers=np.array([-1], np.int64),
            source="the question",
            unanswered=np.array([True]),
        )

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def num_candidates(self) -> int:
        """Number C of candidates of each question; `NUM_CANDIDATES` if there are no questions."""
        return len(self.candidates[0]) if self.candidates else NUM_CANDIDATES

    def video_facts(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return number of frames, width and height of the video of each question.

        Raises
        ------
        ValueError
            If they are not known. The message names the column.
        """
        if self.frame_counts is None or self.widths is None or self.heights is None:
            missing = next(name for name in _FACTS if getattr(self, name) is None)
            raise ValueError(f"{missing}: found None, expected those of the videos of {len(self)} questions")
        return self.frame_counts, self.widths, self.heights

    @property
    def keys(self) -> tuple[str, ...]:
        """``video_qid`` of each question, as in NExT-QA's result files."""
        return tuple(f"{video}_{qid}" for video, qid in zip(self.videos, self.qids, strict=True))

    def answered(self) -> Questions:
        """Return the questions whose answer is known."""
        return self if self.unanswered is None else replace(self.select(~self.unanswered), unanswered=None)

    def select(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Questions:
        """Return the questions at some rows, in their order, or those for which a mask is True."""
        chosen = np.arange(len(self))[rows]
        indices = chosen.tolist()
        return Questions(
            videos=tuple(self.videos[row] for row in indices),
            qids=tuple(self.qids[row] for row in indices),
            types=tuple(self.types[row] for row in indices),
            questions=tuple(self.questions[row] for row in indices),
            candidates=tuple(self.candidates[row] for row in indices),
            answers=self.answers[chosen],
            source=self.source,
            **{name: column[chosen] for name in _OPTIONAL if (column := getattr(self, name)) is not None},
        )


@dataclass(frozen=True, eq=False)
class OpenEnded:
    """Q questions about videos, each with one short answer.

    Raises
    ------
    ValueError
        If a column has wrong values. The message names it.
    """

    videos: tuple[str, ...]
    """Video ID of each question."""
    qids: tuple[str, ...]
    """ID of each question among those of its video; three are repeated in NExT-OE's train.csv."""
    types: tuple[str, ...]
    """Type of each question, one of `OPEN_ENDED_TYPES`."""
    questions: tuple[str, ...]
    """Text of each question."""
    answers: tuple[str, ...]
    """Short answer of each question."""
    frame_counts: NDArray[np.int64]
    """(Q,) number of frames of the video."""
    widths: NDArray[np.int64]
    """(Q,) width of the video in pixels."""
    heights: NDArray[np.int64]
    """(Q,) height of the video in pixels."""
    source: str = ""
    """File of the questions, for messages."""

    def __post_init__(self) -> None:
        _check_lengths(self, ("qids", "types", "questions", "answers", "frame_counts", "widths", "heights"))

    def __len__(self) -> int:
        return len(self.videos)


def _check_lengths(columns: Questions | OpenEnded, names: tuple[str, ...]) -> None:
    for name in names:
        length = len(getattr(columns, name))
        if length != len(columns.videos):
            raise ValueError(f"{name}: found {length} rows, expected {len(columns.videos)}, as many as videos")
