"""Questions about a film, whose answers are the same whatever the question says: only the video decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trajvqa.datasets.questions import Questions
from trajvqa.datasets.shapes.film import COLOURS, HEIGHT, MOTIONS, NUM_FRAMES, WIDTH, Film

__all__ = ["ask"]


def ask(films: Sequence[Film], rng: np.random.Generator) -> Questions:
    """Return the questions that have one answer; the candidates are all colours or all motions."""
    rows: list[tuple[str, str, str, str, tuple[str, ...], int]] = []
    for film in films:
        for number, (kind, text, answer, candidates) in enumerate(_drafts(film)):
            order = tuple(candidates[index] for index in rng.permutation(len(candidates)))
            rows.append((film.name, str(number), kind, text, order, order.index(answer)))
    videos, qids, kinds, texts, orders, answers = zip(*rows, strict=True)
    return Questions(
        videos=videos,
        qids=qids,
        types=kinds,
        questions=texts,
        candidates=orders,
        answers=np.array(answers, np.int64),
        frame_counts=np.full(len(rows), NUM_FRAMES, np.int64),
        widths=np.full(len(rows), WIDTH, np.int64),
        heights=np.full(len(rows), HEIGHT, np.int64),
    )


def _drafts(film: Film) -> list[tuple[str, str, str, Sequence[str]]]:
    """Return type, text, answer and candidates of each question."""
    drafts: list[tuple[str, str, str, Sequence[str]]] = []
    for thing in film.things:
        others = [other for other in film.things if other is not thing]
        drafts.append(("CH", f"where does the {thing.colour} {thing.shape} go", thing.motion, tuple(MOTIONS)))
        if all(other.shape != thing.shape for other in others):
            drafts.append(("DO", f"what colour is the {thing.shape}", thing.colour, tuple(COLOURS)))
        if all(other.motion != thing.motion for other in others):
            drafts.append(("DO", f"what colour is the shape that goes {thing.motion}", thing.colour, tuple(COLOURS)))
    return drafts
