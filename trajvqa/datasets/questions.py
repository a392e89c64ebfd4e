"""Multiple-choice questions, and questions with a short answer, as aligned columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NUM_CANDIDATES", "OPEN_ENDED_TYPES", "QUESTION_TYPES", "OpenEnded", "Questions"]

QUESTION_TYPES = ("CW", "CH", "TN", "TP", "TC", "DC", "DL", "DO")
"""NExT-QA's types: causal why and how; temporal next, previous and current; descriptive count, location and other."""
OPEN_ENDED_TYPES = (*QUESTION_TYPES, "DB")
"""NExT-OE has descriptive binary questions too: those with the answer yes or no, and the like."""
NUM_CANDIDATES = 5
"""Candidates of every question."""


@dataclass(frozen=True, eq=False)
class Questions:
    """Q questions about videos, each with five candidates of which one is right.

    Raises
    ------
    ValueError
        Naming the column that does not fit.
    """

    videos: tuple[str, ...]
    """The video of each question."""
    qids: tuple[str, ...]
    """Number of a question among those of its video."""
    types: tuple[str, ...]
    """One of `QUESTION_TYPES`."""
    questions: tuple[str, ...]
    """What is asked."""
    candidates: tuple[tuple[str, ...], ...]
    """Five texts for each question."""
    answers: NDArray[np.int64]
    """(Q,) place of the right candidate."""
    frame_counts: NDArray[np.int64]
    """(Q,) frames of the video."""
    widths: NDArray[np.int64]
    """(Q,) width of the video in pixels."""
    heights: NDArray[np.int64]
    """(Q,) height of the video in pixels."""
    source: str = ""
    """The file that they were read from, for messages."""

    def __post_init__(self) -> None:
        _check_lengths(self, ("qids", "types", "questions", "candidates", "answers"))
        _check_lengths(self, ("frame_counts", "widths", "heights"))
        for row, texts in enumerate(self.candidates):
            if len(texts) != NUM_CANDIDATES:
                raise ValueError(f"candidates, row {row}: found {len(texts)} texts, expected {NUM_CANDIDATES}")
        bad = (self.answers < 0) | (self.answers >= NUM_CANDIDATES)
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"answers, row {row}: found {self.answers[row]}, expected 0 to {NUM_CANDIDATES - 1}")

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def keys(self) -> tuple[str, ...]:
        """``video_qid`` of each question, as NExT-QA's result files name it."""
        return tuple(f"{video}_{qid}" for video, qid in zip(self.videos, self.qids, strict=True))

    def select(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Questions:
        """Return the questions of some rows, in the order of `rows`, or those where a mask is true."""
        chosen = np.arange(len(self))[rows]
        places = chosen.tolist()
        return Questions(
            videos=tuple(self.videos[row] for row in places),
            qids=tuple(self.qids[row] for row in places),
            types=tuple(self.types[row] for row in places),
            questions=tuple(self.questions[row] for row in places),
            candidates=tuple(self.candidates[row] for row in places),
            answers=self.answers[chosen],
            frame_counts=self.frame_counts[chosen],
            widths=self.widths[chosen],
            heights=self.heights[chosen],
            source=self.source,
        )


@dataclass(frozen=True, eq=False)
class OpenEnded:
    """Q questions about videos, each with one short answer.

    Raises
    ------
    ValueError
        Naming the column that does not fit.
    """

    videos: tuple[str, ...]
    """The video of each question."""
    qids: tuple[str, ...]
    """Number of a question among those of its video; NExT-OE's train.csv gives three of them twice."""
    types: tuple[str, ...]
    """One of `OPEN_ENDED_TYPES`."""
    questions: tuple[str, ...]
    """What is asked."""
    answers: tuple[str, ...]
    """The short answer."""
    frame_counts: NDArray[np.int64]
    """(Q,) frames of the video."""
    widths: NDArray[np.int64]
    """(Q,) width of the video in pixels."""
    heights: NDArray[np.int64]
    """(Q,) height of the video in pixels."""
    source: str = ""
    """The file that they were read from, for messages."""

    def __post_init__(self) -> None:
        _check_lengths(self, ("qids", "types", "questions", "answers", "frame_counts", "widths", "heights"))

    def __len__(self) -> int:
        return len(self.videos)


def _check_lengths(columns: Questions | OpenEnded, names: tuple[str, ...]) -> None:
    for name in names:
        length = len(getattr(columns, name))
        if length != len(columns.videos):
            raise ValueError(f"{name}: found {length} rows, expected {len(columns.videos)}, as many as videos")
