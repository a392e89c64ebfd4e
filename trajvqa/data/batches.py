"""Batches of questions and the features of their videos."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trajvqa.data.negatives import Negatives
from trajvqa.data.queries import query_tokens
from trajvqa.data.regions import RegionStream, box_features
from trajvqa.datasets.questions import Questions
from trajvqa.stores import ClipFeatures, TrajectoryFeatures

__all__ = ["Batch", "Inputs", "QueryText", "QuestionBatches"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Properties of the data that a model is built from: sizes and initial word vectors."""

    word_vectors: Tensor | None = None
    """(words, word_size) initial vectors of the vocabulary, or None if the text is given as features."""
    text_size: int | None = None
    """Width of text features, or None if the text is given as words."""
    frame_size: int | None = None
    """Width of a clip's features, or None if they are not used."""
    appearance_size: int | None = None
    """Width of the part of a clip's features that shows appearance, or None to take that of the settings."""
    trajectory_size: int | None = None
    """Width of a trajectory's pooled features, or None if they are not used."""
    segment_clips: int | None = None
    """Number of clips at whose borders trajectories are cut into segments, or None if they are whole."""
    label_vectors: Tensor | None = None
    """(classes, word_size) word vectors of the class names of trajectories."""
    region_size: int | None = None
    """Width of a region's features, or None if regions are not used."""
    region_appearance_size: int | None = None
    """Width of the appearance of a frame with regions."""
    region_motion_size: int | None = None
    """Width of the motion of a clip with regions."""


@dataclass(frozen=True, eq=False)
class Batch:
    """B questions with C candidates each, and features of their videos; None for streams that are not read."""

    words: Tensor
    """(B, C, L) int64 word IDs, or (B, C, L, S) float32 features of words."""
    word_mask: Tensor
    """(B, C, L) bool, True for words, False for padding."""
    answers: Tensor
    """(B,) int64 index of the correct candidate."""
    rows: Tensor
    """(B,) int64 rows of the questions."""
    frames: Tensor | None = None
    """(B, N, D) float32 features of clips."""
    trajectories: Tensor | None = None
    """(B, K, D) float32 pooled features."""
    trajectory_labels: Tensor | None = None
    """(B, K) int64 classes."""
    trajectory_spans: Tensor | None = None
    """(B, K, 2) float32 start and end, as shares of the video."""
    trajectory_owners: Tensor | None = None
    """(B, K) int64 numbers that segments of one trajectory have in common; -1 in padding."""
    trajectory_mask: Tensor | None = None
    """(B, K) bool, True for trajectories, False for padding."""
    regions: Tensor | None = None
    """(B, C, F, R, D) float32 features of regions."""
    region_boxes: Tensor | None = None
    """(B, C, F, R, 5) float32 corners and area of regions, as shares of the image."""
    region_mask: Tensor | None = None
    """(B, C, F, R) bool, True for regions, False for padding."""
    region_appearance: Tensor | None = None
    """(B, C, F, A) float32 appearance of the frames of the regions."""
    region_motion: Tensor | None = None
    """(B, C, M) float32 motion of the clips of the regions."""

    def to(self, device: torch.device) -> Batch:
        """Return the batch with all its tensors on a device."""
        moved = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in moved.items() if value is not None})


class QueryText(Protocol):
    """Text of questions with candidates, as words or as features."""

    def queries(
        self, question_rows: NDArray[np.int64], answer_rows: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[Tensor, Tensor]:
        """Return the text of n pairs of a question and a candidate.

        Parameters
        ----------
        question_rows
            (n,) rows of the questions.
        answer_rows
            (n,) rows of the questions that the candidates belong to.
        candidates
            (n,) indices of the candidates in `answer_rows`.

        Returns
        -------
        words : (n, L) or (n, L, S)
            Word IDs or features.
        mask : (n, L)
            True for words, False for padding.
        """
        ...

    def tokens(self, row: int, candidate: int) -> tuple[str, ...] | None:
        """Return the words of a question with one of its candidates, as `queries` has them; None if not known."""
        ...


class QuestionBatches(torch.utils.data.Dataset[Batch]):
    """The batches of a split, indexed by arrays of question rows.

    Parameters
    ----------
    questions
        The questions of the split.
    text
        Text of the questions.
    frames, trajectories
        Features of their videos, or None if they are not used.
    max_trajectories
        Maximum number of trajectories of a video; the highest scores are kept.
    regions
        Regions of their videos, or None if they are not used.
    """

    def __init__(
        self,
        questions: Questions,
        text: QueryText,
        frames: ClipFeatures | None,
        trajectories: TrajectoryFeatures | None,
        max_trajectories: int,
        regions: RegionStream | None = None,
    ) -> None:
        self.questions = questions
        self.negatives: Negatives | None = None
        """Candidates drawn from other questions, added after a question's own."""
        self.text = text
        """Text of the questions."""
        self._frames = frames
        self._regions = regions
        self.trajectories = trajectories
        """Trajectories of the videos, or None if they are not used."""
        self.max_trajectories = max_trajectories
        """Maximum number of trajectories of a video that are read."""

    def without_negatives(self) -> QuestionBatches:
        """Return the same batches without negatives; the data are shared."""
        view = copy(self)
        view.negatives = None
        return view

    def __len__(self) -> int:
        return len(self.questions)

    def lengths(self) -> NDArray[np.int64]:
        """Return the number (Q,) of words of each question with its longest candidate; features may have a few more."""
        return np.array(
            [
                len(query_tokens(question)) + max(len(query_tokens(text)) for text in candidates)
                for question, candidates in zip(self.questions.questions, self.questions.candidates, strict=True)
            ],
            np.int64,
        )

    def __getitem__(self, rows: NDArray[np.int64]) -> Batch:
        own = self.questions.num_candidates
        question_rows = np.repeat(rows[:, None], own, axis=1)
        answer_rows, candidates = question_rows, np.broadcast_to(np.arange(own), question_rows.shape)
        if self.negatives is not None:
            drawn = self.negatives.answer_rows[rows]
            question_rows = np.concatenate([question_rows, self.negatives.question_rows[rows]], axis=1)
            answer_rows = np.concatenate([answer_rows, drawn], axis=1)
            candidates = np.concatenate([candidates, self.questions.answers[drawn]], axis=1)
        words, mask = self.text.queries(question_rows.ravel(), answer_rows.ravel(), candidates.ravel())
        batch = Batch(
            words=words.reshape(*question_rows.shape, *words.shape[1:]),
            word_mask=mask.reshape(*question_rows.shape, mask.shape[1]),
            answers=torch.from_numpy(self.questions.answers[rows]),
            rows=torch.from_numpy(rows),
        )
        videos = [self.questions.videos[row] for row in rows]
        if self._frames is not None:
            batch = replace(batch, frames=torch.from_numpy(self._frames.read(videos)))
        if self.trajectories is not None:
            read = self.trajectories.read(videos, self.max_trajectories)
            batch = replace(
                batch,
                trajectories=torch.from_numpy(read.features),
                trajectory_labels=torch.from_numpy(read.labels),
                trajectory_spans=torch.from_numpy(read.spans),
                trajectory_owners=torch.from_numpy(read.owners),
                trajectory_mask=torch.from_numpy(read.mask),
            )
        if self._regions is not None:
            levels = self._regions.read(videos)
            batch = replace(
                batch,
                regions=torch.from_numpy(levels.regions.features),
                region_boxes=torch.from_numpy(box_features(levels.regions.boxes, self.questions, rows)),
                region_mask=torch.from_numpy(levels.regions.mask),
                region_appearance=torch.from_numpy(levels.appearance),
                region_motion=torch.from_numpy(levels.motion),
            )
        return batch
