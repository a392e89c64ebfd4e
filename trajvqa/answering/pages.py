"""A page with the answers of models to one question about a video."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from trajtrack import Detections, Trajectories
from trajtrack.viewer import Question, QuestionTrajectory, ScoredAnswer, ViewSummary, write_page
from trajvqa.answering.explained import Answer
from trajvqa.stores import TrajectoryFeatures

__all__ = ["ShownVideo", "shown_video", "write_answers_page"]


@dataclass(frozen=True, eq=False)
class ShownVideo:
    """What a page shows of a video."""

    tracks: Trajectories | Detections
    """Boxes; the identity of a trajectory is its index among those of the video."""
    trajectories: Sequence[QuestionTrajectory] = ()
    """All trajectories of the video, in their order."""
    size: tuple[float, float] | None = None
    """Width and height in pixels, if there are no images."""
    notes: Sequence[str] = ()
    """Sentences about what is missing."""


def shown_video(
    video: str,
    store: TrajectoryFeatures | None,
    num_frames: int | None = None,
    size: tuple[float, float] | None = None,
) -> ShownVideo:
    """Return what a store knows of a video.

    Parameters
    ----------
    video
        ID of the video.
    store
        Trajectories, or None if there are none.
    num_frames
        Number of frames of the video; default: up to the last box.
    size
        Width and height of the video in pixels; default: large enough for all boxes.
    """
    if store is None:
        return ShownVideo(_no_boxes(num_frames), (), size, ("There is no file of trajectories.",))
    found = store.trajectories(video)
    has_boxes = found.frames is not None and found.boxes is not None
    trajectories = [
        QuestionTrajectory(index if has_boxes else None, store.classes[label], (start, end))
        for index, (label, (start, end)) in enumerate(zip(found.labels.tolist(), found.spans.tolist(), strict=True))
    ]
    if found.frames is None or found.boxes is None:
        note = "The file of trajectories has no boxes, so that the scene is empty."
        return ShownVideo(_no_boxes(num_frames, store.classes), trajectories, size, (note,))
    identities = np.repeat(np.arange(len(found)), [len(frames) for frames in found.frames])
    boxes = np.concatenate([np.empty((0, 4), np.float32), *found.boxes])
    frames = np.concatenate([np.empty(0, np.int32), *found.frames])
    if num_frames is not None:
        num_frames = max(num_frames, int(frames.max(initial=-1)) + 1)
    tracks = Detections(
        boxes,
        found.scores[identities],
        frames,
        found.labels[identities],
        track_ids=identities,
        num_frames=num_frames,
        label_names=dict(enumerate(store.classes)),
    )
    return ShownVideo(tracks, trajectories, size)


def write_answers_page(
    path: str | os.PathLike[str],
    answers: Sequence[tuple[str, Answer]],
    video: ShownVideo,
    *,
    images: str | os.PathLike[str] | None = None,
    max_width: int | None = None,
    frame_rate: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ViewSummary:
    """Write a page that shows a question over its video: the viewer of trajtrack, with scores and attention beside it.

    Parameters
    ----------
    path
        File to create or replace.
    answers
        Name of each model and its answer, all to the same question.
    video
        The video.
    images, max_width, frame_rate, progress
        As for `trajtrack.write_page`.

    Raises
    ------
    ImportError, OSError, ValueError
        As `trajtrack.write_page`.
    """
    first = answers[0][1]
    notes = [*video.notes]
    if images is None:
        notes.append("There are no images; --video and --frames name them.")
    notes += [_unknown(name if len(answers) > 1 else None, answer) for name, answer in answers if answer.unknown_words]
    question = Question(
        text=first.question,
        candidates=first.candidates,
        answers=[_scored(name, answer, len(video.trajectories)) for name, answer in answers],
        trajectories=video.trajectories,
        correct=first.correct,
        notes=list(dict.fromkeys(notes)),
    )
    return write_page(
        video.tracks,
        path,
        images=images,
        max_width=max_width,
        size=None if images is not None else video.size,
        frame_rate=frame_rate,
        title=f"Video {first.video}",
        question=question,
        progress=progress,
    )


def _scored(name: str, answer: Answer, count: int) -> ScoredAnswer:
    """Return an answer with weights for all `count` trajectories of the video, 0 for those that were not read."""
    found = answer.attended
    if found is None:
        return ScoredAnswer(name, answer.scores)
    places = [each.index for each in found.trajectories]
    weights = np.zeros((len(answer.candidates), count))
    weights[:, places] = found.weights
    if found.words is None or found.attention is None:
        return ScoredAnswer(name, answer.scores, weights)
    attention = []
    for values in found.attention:
        spread = np.zeros((len(values), count))
        spread[:, places] = values
        attention.append(spread)
    return ScoredAnswer(name, answer.scores, weights, found.words, attention)


def _unknown(model: str | None, answer: Answer) -> str:
    words = ", ".join(f"“{word}”" for word in answer.unknown_words)
    return f"Outside the vocabulary{'' if model is None else f' of {model}'}: {words}."


def _no_boxes(num_frames: int | None, classes: Sequence[str] = ()) -> Detections:
    names = dict(enumerate(classes))
    return Detections([], [], [], track_ids=[], num_frames=num_frames, label_names=names)
