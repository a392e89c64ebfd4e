"""A few questions, for tests."""

from __future__ import annotations

import numpy as np

from trajvqa.datasets.questions import Questions


def make_questions(videos: int = 4, each: int = 3, seed: int = 0) -> Questions:
    """Return questions, some of which have the same text in several videos."""
    rng = np.random.Generator(np.random.PCG64(seed))
    names = [f"video{number}" for number in range(videos) for _ in range(each)]
    count = len(names)
    words = ["run", "jump", "sleep", "eat grass", "sing", "fall down"]
    candidates = tuple(tuple(words[k] for k in rng.permutation(len(words))[:5]) for _ in range(count))
    return Questions(
        videos=tuple(names),
        qids=tuple(str(place % each) for place in range(count)),
        types=tuple(("CW", "TN", "DO", "CH", "TC", "DC")[place % 6] for place in range(count)),
        questions=tuple(f"what does the {('dog', 'cat')[place % 2]} do" for place in range(count)),
        candidates=candidates,
        answers=rng.integers(5, size=count),
        frame_counts=np.full(count, 100),
        widths=np.full(count, 640),
        heights=np.full(count, 480),
        source="made.csv",
    )


def partly_right(questions: Questions, share: float, seed: int = 0) -> dict[str, int]:
    """Return predictions, about the given share of which are correct."""
    wrong = np.random.Generator(np.random.PCG64(seed)).random(len(questions)) >= share
    chosen = (questions.answers + wrong) % questions.num_candidates
    return dict(zip(questions.keys, chosen.tolist(), strict=True))
