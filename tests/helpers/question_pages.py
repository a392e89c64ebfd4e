"""Questions for the viewer's page."""

from __future__ import annotations

from typing import Any

import numpy as np

from trajtrack.viewer import Question, QuestionTrajectory, ScoredAnswer

WORDS = (("is", "it", "a", "dog"), ("is", "it", "a", "cat"))
ATTENTION = (
    np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.1, 0.9]]),
    np.array([[0.2, 0.8], [0.2, 0.8], [0.2, 0.8], [0.2, 0.8]]),
)
WEIGHTS = np.array([[0.5, 0.5], [0.2, 0.8]])


def scored(model: str = "full", scores: tuple[float, ...] = (0.25, 1.25), **changes: Any) -> ScoredAnswer:
    return ScoredAnswer(model, scores, **({"weights": WEIGHTS, "words": WORDS, "attention": ATTENTION} | changes))


def make_question(*answers: ScoredAnswer, **changes: Any) -> Question:
    """Return a question with two candidates about two trajectories, whose identities are 0 and 1."""
    columns = {
        "text": "is it",
        "candidates": ("a dog", "a cat"),
        "answers": answers or (scored(),),
        "trajectories": (QuestionTrajectory(0, "dog", (0.0, 0.8)), QuestionTrajectory(1, "cat", (0.2, 1.0))),
        "correct": 0,
    }
    return Question(**(columns | changes))
