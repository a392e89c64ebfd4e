"""The answer of a model to one question, with the trajectories and words that decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trajvqa.config import TrainingConfig
from trajvqa.data.batches import QuestionBatches
from trajvqa.data.queries import WordQueries
from trajvqa.evaluation.predict import autocast, device_of_model
from trajvqa.models.explanation import Explaining, Explanation

__all__ = ["Answer", "Attended", "SeenTrajectory", "explain_question"]


@dataclass(frozen=True)
class SeenTrajectory:
    """A trajectory that a model reads."""

    index: int
    """Index among the trajectories of the video."""
    name: str
    """Name of its class."""
    span: tuple[float, float]
    """Start and end, as shares of the video."""


@dataclass(frozen=True, eq=False)
class Attended:
    """Weights of K trajectories for each of C candidates."""

    trajectories: tuple[SeenTrajectory, ...]
    """The K trajectories, sorted by start."""
    weights: NDArray[np.float64]
    """(C, K) share of each trajectory in a candidate's score."""
    words: tuple[tuple[str, ...], ...] | None = None
    """Words of the question with each candidate; numbers of words if the text is given as features of a file."""
    attention: tuple[NDArray[np.float64], ...] | None = None
    """For each candidate, (L, K) attention of its L words to the trajectories; None for models without it."""

    def ranking(self, candidate: int) -> list[int]:
        """Return the indices 0 to K - 1 by descending weight for a candidate."""
        order: list[int] = np.argsort(-self.weights[candidate], kind="stable").tolist()
        return order


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer of a model to one question."""

    video: str
    """ID of the video."""
    qid: str
    """ID of the question among those of its video."""
    kind: str
    """Type of the question, empty if not known."""
    question: str
    """The question."""
    candidates: tuple[str, ...]
    """C candidates."""
    scores: tuple[float, ...]
    """(C,) scores of the candidates."""
    correct: int | None
    """Index of the correct candidate, or None if it is not known."""
    attended: Attended | None
    """The trajectories that decided; None for models that cannot say it."""
    unknown_words: tuple[str, ...]
    """Words outside the vocabulary, which the model cannot tell from one another."""

    @property
    def chosen(self) -> int:
        """Index of the candidate with the highest score; the first of equal scores."""
        return int(np.argmax(self.scores))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; attention is that of the chosen candidate, by descending weight."""
        values: dict[str, Any] = {
            "video": self.video,
            "qid": self.qid,
            "type": self.kind,
            "question": self.question,
            "candidates": list(self.candidates),
            "scores": list(self.scores),
            "answer": self.correct,
            "prediction": self.chosen,
            "unknown_words": list(self.unknown_words),
        }
        if self.attended is None:
            return values
        attended, chosen = self.attended, self.chosen
        ranking = attended.ranking(chosen)
        values |= {
            "trajectories": len(attended.trajectories),
            "attention": [
                {
                    "weight": float(attended.weights[chosen, place]),
                    "class": attended.trajectories[place].name,
                    "span": list(attended.trajectories[place].span),
                    "trajectory": attended.trajectories[place].index,
                }
                for place in ranking
            ],
        }
        if attended.words is not None and attended.attention is not None:
            values["words"] = list(attended.words[chosen])
            values["word_attention"] = attended.attention[chosen][:, ranking].tolist()
        return values


def explain_question(model: torch.nn.Module, data: QuestionBatches, row: int, config: TrainingConfig) -> Answer:
    """Answer one question of a split.

    Parameters
    ----------
    model
        A model in evaluation mode.
    data
        Questions, and what the model reads of their videos.
    row
        The question.
    config
        How the model runs.

    Raises
    ------
    ValueError
        If a score is not finite.
    """
    questions = data.questions
    device = device_of_model(model)
    batch = data.without_negatives()[np.array([row])].to(device)
    with torch.inference_mode(), autocast(config, device):
        found = model.explain(batch) if isinstance(model, Explaining) else Explanation(model(batch))
    scores = found.scores[0].float().tolist()
    if not np.isfinite(scores).all():
        raise ValueError(f"scores: found {scores} for question {questions.keys[row]}, expected finite numbers")
    correct = int(questions.answers[row])
    return Answer(
        video=questions.videos[row],
        qid=questions.qids[row],
        kind=questions.types[row],
        question=questions.questions[row],
        candidates=questions.candidates[row],
        scores=tuple(scores),
        correct=correct if correct >= 0 else None,
        attended=_attended(found, data, row),
        unknown_words=data.text.unknown_words(row) if isinstance(data.text, WordQueries) else (),
    )


def _attended(found: Explanation, data: QuestionBatches, row: int) -> Attended | None:
    if found.weights is None or data.trajectories is None:
        return None
    store, questions = data.trajectories, data.questions
    read = store.read([questions.videos[row]], data.max_trajectories)
    count = int(read.mask.sum())
    trajectories = tuple(
        SeenTrajectory(index, store.classes[label], (start, end))
        for index, label, (start, end) in zip(
            read.indices[0, :count].tolist(),
            read.labels[0, :count].tolist(),
            read.spans[0, :count].tolist(),
            strict=True,
        )
    )
    weights = _numbers(found.weights)[0, :, :count]
    if found.attention is None:
        return Attended(trajectories, weights)
    words, attention = [], []
    for candidate, values in enumerate(_numbers(found.attention)[0]):
        tokens = data.text.tokens(row, candidate)
        # Without trajectories, no word attends to any; features of a file do not say their words.
        length = int(values.any(axis=1).sum()) if tokens is None else len(tokens)
        words.append(tuple(str(number + 1) for number in range(length)) if tokens is None else tokens)
        attention.append(values[:length, :count])
    return Attended(trajectories, weights, tuple(words), tuple(attention))


def _numbers(values: torch.Tensor) -> NDArray[np.float64]:
    return values.double().cpu().numpy()
