from __future__ import annotations

import numpy as np

from trajvqa.datasets.shapes.film import COLOURS, MOTIONS, make_film
from trajvqa.datasets.shapes.questions import ask


def test_candidates_are_all_colours_or_all_motions():
    questions = ask([make_film("a", 0), make_film("b", 1)], np.random.default_rng(0))
    assert {tuple(sorted(each)) for each in questions.candidates} == {tuple(sorted(COLOURS)), tuple(sorted(MOTIONS))}
    assert set(questions.videos) == {"a", "b"}
    assert len(set(questions.keys)) == len(questions)


def test_answers_are_true_of_the_one_thing_that_is_meant():
    film = make_film("a", 5)
    questions = ask([film], np.random.default_rng(0))
    for text, candidates, answer in zip(questions.questions, questions.candidates, questions.answers, strict=True):
        right = candidates[answer]
        words = text.split()
        meant = [
            each
            for each in film.things
            if (each.shape in words or "shape" in words)
            and (each.colour in words or each.colour == right)
            and (each.motion in words or each.motion == right or text == f"what colour is the {each.shape}")
        ]
        assert len(meant) == 1, text
