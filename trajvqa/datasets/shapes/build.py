"""The benchmark *shapes*: films as video files, and all that is seen of them as a data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trajtrack.files.folders import make_folder
from trajtrack.option_fields import check_options, count
from trajvqa.data.folder import FRAME_FEATURES, QUESTIONS, SMALL_WORD_VECTORS, SPLITS, TRAJECTORIES
from trajvqa.datasets.nextqa import write_questions
from trajvqa.datasets.random_words import write_random_words
from trajvqa.datasets.shapes.film import SHAPES, make_film
from trajvqa.datasets.shapes.questions import ask
from trajvqa.datasets.shapes.seen import see
from trajvqa.stores import write_frame_features, write_trajectories
from trajvqa.text import tokenize

__all__ = ["ShapesOptions", "make_shapes"]


@dataclass(frozen=True)
class ShapesOptions:
    """Size of the benchmark.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    train: int = count(120, 1, 10**6, "Number of training videos.")
    val: int = count(30, 1, 10**6, "Number of validation videos.")
    test: int = count(40, 1, 10**6, "Number of test videos.")
    seed: int = count(0, 0, 2**31 - 1, "Seed of the random number generators.")

    def __post_init__(self) -> None:
        check_options(self)


def make_shapes(folder: str | os.PathLike[str], options: ShapesOptions | None = None) -> dict[str, int]:
    """Render the videos, and write what is seen of them as a data folder.

    Parameters
    ----------
    folder
        The folder to write; the videos are in ``videos/`` in it.
    options
        Options; default: `ShapesOptions()`.

    Returns
    -------
    Number of questions by split.

    Raises
    ------
    OSError
        If the folder cannot be written.
    ImportError
        If PyAV is not installed.
    """
    options = options or ShapesOptions()
    folder = Path(folder)
    make_folder(folder / "videos")
    rng = np.random.Generator(np.random.PCG64(options.seed))
    words = set(SHAPES)
    counts = {}
    first = 0
    for split in SPLITS:
        numbers = range(first, first + getattr(options, split))
        films = [make_film(f"film{number:04}", options.seed * 1_000_003 + number) for number in numbers]
        first = numbers.stop
        questions = ask(films, rng)
        seen = []
        for film in films:
            path = folder / "videos" / f"{film.name}.mp4"
            film.write(path)
            seen.append(see(path))
        write_questions(QUESTIONS.output(folder, split), questions)
        write_frame_features(
            FRAME_FEATURES.output(folder, split),
            [each.video for each in seen],
            [each.clips for each in seen if each.clips is not None],
        )
        write_trajectories(
            TRAJECTORIES.output(folder, split),
            (each.as_trajectories(SHAPES) for each in seen),
            SHAPES,
            tracker="trajtrack",
            detector="shapes",
        )
        for text in (*questions.questions, *(each for texts in questions.candidates for each in texts)):
            words.update(tokenize(text))
        counts[split] = len(questions)
    write_random_words(folder / SMALL_WORD_VECTORS, words)
    return counts
