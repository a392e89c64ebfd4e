"""Questions that are typed, about videos that no store holds: pixels and text in, scores out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from trajtrack import Trajectories
from trajtrack.decoding import open_frames
from trajtrack.viewer import QuestionTrajectory
from trajvqa.answering.explained import Answer, explain_question
from trajvqa.answering.pages import ShownVideo, shown_video
from trajvqa.config import Experiment
from trajvqa.data.batches import QueryText, QuestionBatches
from trajvqa.data.queries import EncodedQueries, WordQueries
from trajvqa.data.splits import Schema
from trajvqa.datasets.questions import Questions
from trajvqa.stores import ClipsInMemory, TrajectoriesInMemory, VideoTrajectories
from trajvqa.text import Vocabulary
from trajvqa.text.encoders import TextEncoder

__all__ = ["Answerer", "ReadVideo", "SeenVideo", "remembering"]


class SeenVideo(Protocol):
    """A video whose features were extracted."""

    @property
    def video(self) -> str:
        """ID of the video."""
        ...

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        ...

    @property
    def width(self) -> int:
        """Width in pixels."""
        ...

    @property
    def height(self) -> int:
        """Height in pixels."""
        ...

    @property
    def clips(self) -> NDArray[np.float32] | None:
        """(N, D) features of clips; None if they were not asked for."""
        ...

    @property
    def trajectories(self) -> Trajectories | None:
        """The linked detections; None if they were not asked for."""
        ...

    def as_trajectories(self, classes: Sequence[str]) -> VideoTrajectories:
        """Return the trajectories with features; labels are indices of `classes`."""
        ...


ReadVideo = Callable[[str | os.PathLike[str]], SeenVideo]
"""Extracts the features of a video file."""


@dataclass(frozen=True, eq=False)
class Answerer:
    """A model that answers typed questions about video files.

    Several questions about the same video in a row extract its features once.
    """

    model: torch.nn.Module
    """The model, in evaluation mode."""
    experiment: Experiment
    """How it was built."""
    schema: Schema
    """Sizes, words and classes of the data that it was built for."""
    read_video: ReadVideo | None
    """What extracts the features that the model reads; None if it reads nothing of the video."""
    encoder: TextEncoder | None
    """What encodes text; None if the text is given as words."""

    def ask(self, video: str | os.PathLike[str], question: str, candidates: Sequence[str]) -> tuple[Answer, ShownVideo]:
        """Answer a question about a video.

        Parameters
        ----------
        video
            Video file.
        question
            The question.
        candidates
            At least two possible answers; the number in training does not matter.

        Returns
        -------
        The answer, and what a page shows of the video.

        Raises
        ------
        ValueError
            If question or candidates are unfit, or the video cannot be read.
        OSError
            If the video cannot be opened.
        """
        asked = _checked(video, self._known_form(question), [self._known_form(each) for each in candidates])
        seen = None if self.read_video is None else self.read_video(video)
        clips = trajectories = None
        if seen is not None and self.schema.frame_size is not None:
            clips = self._clips(asked.videos[0], seen)
        if seen is not None and self.schema.classes is not None:
            if self.schema.segment_clips is not None:
                raise ValueError(
                    f"{os.fspath(video)}: found a model of segments of trajectories, expected one of whole "
                    "trajectories, which are what is extracted for typed questions"
                )
            found = replace(seen.as_trajectories(self.schema.classes), video=asked.videos[0])
            trajectories = TrajectoriesInMemory([found], self.schema.classes)
            if trajectories.feature_size != self.schema.trajectory_size:
                raise ValueError(
                    f"{os.fspath(video)}: found trajectories of {trajectories.feature_size} numbers, expected "
                    f"{self.schema.trajectory_size} as in the training data"
                )
        settings = self.experiment.settings
        data = QuestionBatches(asked, self._text(asked), clips, trajectories, settings.max_trajectories)
        answer = explain_question(self.model, data, 0, self.experiment.training)
        answer = replace(answer, question=question, candidates=tuple(candidates))
        return answer, _unseen(video) if seen is None else _shown(asked.videos[0], seen, trajectories)

    def _known_form(self, text: str) -> str:
        """Return a text without a question mark or period at its end that the vocabulary lacks."""
        words = self.schema.vocabulary
        end = text.rstrip()[-1:]
        if words is None or end not in _ENDS or end in words:
            return text
        return text.rstrip().rstrip(end).rstrip()

    def _text(self, asked: Questions) -> QueryText:
        settings = self.experiment.settings
        if self.schema.vocabulary is not None:
            return WordQueries(asked, Vocabulary(self.schema.vocabulary), settings.max_words)
        assert self.encoder is not None
        if self.encoder.size != self.schema.text_size:
            raise ValueError(
                f"text encoder: found features of {self.encoder.size} numbers, expected {self.schema.text_size} as in "
                "the training data"
            )
        return EncodedQueries(asked, self.encoder, settings.max_words, settings.mean_question)

    def _clips(self, video: str, seen: SeenVideo) -> ClipsInMemory:
        if seen.clips is None or seen.clips.shape[1] != self.schema.frame_size:
            found = "no clips" if seen.clips is None else f"clips of {seen.clips.shape[1]} numbers"
            raise ValueError(
                f"{video}: found {found}, expected clips of {self.schema.frame_size} numbers as in the training data"
            )
        return ClipsInMemory({video: seen.clips}, self.schema.appearance_size)


_ENDS = ("?", ".")


def _checked(video: str | os.PathLike[str], question: str, candidates: Sequence[str]) -> Questions:
    if not question.strip():
        raise ValueError("question: found no words, expected a question")
    for row, text in enumerate(candidates):
        if not text.strip():
            raise ValueError(f"candidates, row {row}: found no words, expected a possible answer")
    if len(set(candidates)) < len(candidates):
        raise ValueError("candidates: found the same text twice, expected different ones")
    return Questions.asked(Path(video).stem, question, candidates)


def _unseen(path: str | os.PathLike[str]) -> ShownVideo:
    """Return what a page shows of a video that was not decoded."""
    source = open_frames(path)
    empty = shown_video("", None, source.expected_frames, source.size)
    return replace(empty, notes=("The model reads nothing of the video.",))


def _shown(video: str, seen: SeenVideo, trajectories: TrajectoriesInMemory | None) -> ShownVideo:
    size = (float(seen.width), float(seen.height))
    if trajectories is None or seen.trajectories is None:
        empty = shown_video(video, None, seen.num_frames, size)
        return replace(empty, notes=("The model reads no trajectories.",))
    found = trajectories.trajectories(video)
    columns = zip(found.labels.tolist(), found.spans.tolist(), strict=True)
    listed = [
        QuestionTrajectory(index, trajectories.classes[label], (start, end))
        for index, (label, (start, end)) in enumerate(columns)
    ]
    return ShownVideo(seen.trajectories, listed, size)


def remembering(read_video: ReadVideo) -> ReadVideo:
    """Return a function that keeps the video that was read last."""
    kept: dict[str, SeenVideo] = {}

    def read(video: str | os.PathLike[str]) -> SeenVideo:
        path = os.path.realpath(video)
        if path not in kept:
            found = read_video(video)
            kept.clear()
            kept[path] = found
        return kept[path]

    return read
