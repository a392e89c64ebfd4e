"""The benchmark *worlds*, second version, as a data folder in NExT-QA's layout."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trajtrack.option_fields import check_options, choice, count
from trajvqa.data.folder import SMALL_WORD_VECTORS
from trajvqa.datasets.events.beliefs import INPUTS
from trajvqa.datasets.events.oracles import expected_accuracy
from trajvqa.datasets.events.questions import TYPES, Asked, ask, draft_questions
from trajvqa.datasets.events.video import (
    CASTS,
    FRAME_RATE,
    FRAMES_PER_CLIP,
    IMAGE_SIZE,
    NUM_FRAMES,
    TRACKS,
    Linker,
    World,
    make_world,
)
from trajvqa.datasets.nextgqa import Annotations, Span, write_annotations
from trajvqa.datasets.questions import NUM_CANDIDATES, Questions
from trajvqa.datasets.random_words import write_random_words
from trajvqa.datasets.worlds.files import write_split, write_statistics
from trajvqa.datasets.worlds.video import CLASSES
from trajvqa.stores import LINKS
from trajvqa.text import tokenize

__all__ = ["EventsOptions", "make_events", "seed_of"]

_AskedVideo = tuple[World, list[Asked]]


@dataclass(frozen=True)
class EventsOptions:
    """Size of the benchmark, and what its trajectories are.

    Raises
    ------
    ValueError, TypeError
        The message names the option, what was found and what was expected.
    """

    train: int = count(1200, 1, 10**6, "Number of training videos.")
    val: int = count(200, 1, 10**6, "Number of validation videos.")
    test: int = count(600, 1, 10**6, "Number of test videos.")
    objects: str = choice(
        "many", tuple(CASTS), "How many objects act: ``many``, four to six, which look alike; ``few``, two to four."
    )
    tracks: str = choice("seq-nms", TRACKS, "Where trajectories come from, one of `TRACKS`.")
    links: str = choice("all", LINKS, "Links between a trajectory's detections that are kept, one of `LINKS`.")
    seed: int = count(0, 0, 2**31 - 1, "Seed of the training and validation videos.")
    test_seed: int = count(2027, 0, 2**31 - 1, "Seed of the test videos.")

    def __post_init__(self) -> None:
        check_options(self)


def make_events(
    folder: str | os.PathLike[str],
    options: EventsOptions | None = None,
    linkers: Mapping[str, Linker] | None = None,
) -> dict[str, Any]:
    """Write the benchmark as a data folder.

    Parameters
    ----------
    folder
        The folder to write, created if it does not exist.
    options
        Options; default: `EventsOptions()`.
    linkers
        Functions that link the detections of a scene, by name, in place of ``options.tracks``. The videos of a split
        have them in turn.

    Returns
    -------
    Statistics by split: ``videos``, ``questions``, their ``types``, ``trajectories_per_video``; ``oracles``, the share
    of questions that an oracle answers from each of `INPUTS`, by kind and for ``all``; and ``text``, the accuracy of
    the candidate that was correct most often in the training questions of the same kind, class and action. They are
    also written to ``worlds.json``.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    options = options or EventsOptions()
    tracks = list(linkers.values()) if linkers else [options.tracks]
    tracker = " and ".join(linkers) if linkers else options.tracks
    folder = Path(folder)
    statistics: dict[str, Any] = {}
    words = set(CLASSES)
    training: list[Asked] = []
    for split, size in (("train", options.train), ("val", options.val), ("test", options.test)):
        asked = _ask(split, size, options, tracks)
        questions = _as_questions(asked)
        words |= {word for text in questions.questions for word in tokenize(text)}
        words |= {word for texts in questions.candidates for text in texts for word in tokenize(text)}
        worlds = [world for world, _ in asked]
        write_split(folder, split, worlds, questions, tracker=tracker, links=options.links)
        write_annotations(folder / f"gsub_{split}.json", _as_annotations(asked, questions.keys))
        training = training or [each for _, own in asked for each in own]
        statistics[split] = {
            "videos": len(asked),
            "questions": len(questions),
            "types": dict(sorted(Counter(questions.types).items())),
            "trajectories_per_video": float(np.mean([len(world.trajectories) for world, _ in asked])),
            "oracles": _oracles(asked),
            "text": _text_accuracy([each for _, own in asked for each in own], training),
        }
    write_random_words(folder / SMALL_WORD_VECTORS, words)
    write_statistics(folder, asdict(options) | {"tracks": tracker}, statistics)
    return statistics


def seed_of(options: EventsOptions, split: str, index: int) -> list[int]:
    """Return the seed of a video, with which `make_world` makes it."""
    # The test videos have a seed of their own, so that they stay unseen whatever is tried on others.
    seed = options.test_seed if split == "test" else options.seed
    return [seed, ("train", "val", "test").index(split) + 3 * list(CASTS).index(options.objects), index]


def _ask(split: str, size: int, options: EventsOptions, tracks: Sequence[str | Linker]) -> list[_AskedVideo]:
    counts: Counter[int] = Counter()
    asked = []
    for index in range(size):
        seed = seed_of(options, split, index)
        world = make_world(f"{split}{index:05}", seed, tracks[index % len(tracks)], options.objects)
        rng = np.random.Generator(np.random.PCG64([*seed, 1]))
        asked.append((world, list(ask(draft_questions(world), counts, rng))))
    return asked


def _as_questions(asked: Sequence[_AskedVideo]) -> Questions:
    rows = [(world, index, each) for world, own in asked for index, each in enumerate(own)]
    return Questions(
        videos=tuple(world.name for world, *_ in rows),
        qids=tuple(str(index) for _, index, _ in rows),
        types=tuple(TYPES[each.draft.kind] for *_, each in rows),
        questions=tuple(each.draft.text for *_, each in rows),
        candidates=tuple(each.texts for *_, each in rows),
        answers=np.array([each.correct for *_, each in rows], np.int64),
        frame_counts=np.full(len(rows), NUM_FRAMES, np.int64),
        widths=np.full(len(rows), IMAGE_SIZE[0], np.int64),
        heights=np.full(len(rows), IMAGE_SIZE[1], np.int64),
    )


def _as_annotations(asked: Sequence[_AskedVideo], keys: Sequence[str]) -> Annotations:
    seconds = FRAMES_PER_CLIP / FRAME_RATE
    rows = [(world.name, each) for world, own in asked for each in own]
    spans: dict[str, tuple[Span, ...]] = {}
    for key, (_, each) in zip(keys, rows, strict=True):
        if each.draft.seen:
            spans[key] = tuple((first * seconds, (last + 1) * seconds) for first, last in each.draft.seen)
    return Annotations(
        spans=spans,
        durations={world.name: NUM_FRAMES / FRAME_RATE for world, _ in asked},
        videos={key: video for key, (video, _) in zip(keys, rows, strict=True) if key in spans},
    )


def _oracles(asked: Sequence[_AskedVideo]) -> dict[str, dict[str, float]]:
    found = {}
    for name, believe in INPUTS.items():
        rates: dict[str, list[float]] = {kind: [] for kind in TYPES}
        for world, own in asked:
            beliefs = believe(world)
            for each in own:
                rates[each.draft.kind].append(expected_accuracy(each, beliefs))
        found[name] = {kind: float(np.mean(values)) for kind, values in rates.items() if values}
        found[name]["all"] = float(np.mean([rate for values in rates.values() for rate in values]))
    return found


def _text_accuracy(asked: Sequence[Asked], training: Sequence[Asked]) -> float:
    correct: Counter[Hashable] = Counter()
    offered: Counter[Hashable] = Counter()
    for each in training:
        keys = _text_keys(each)
        correct[keys[each.correct]] += 1
        offered.update(keys)
    hits = []
    for each in asked:
        # A text that was never offered counts as correct in one of five cases.
        rates = np.array([(correct[key] + 1) / (offered[key] + NUM_CANDIDATES) for key in _text_keys(each)])
        best = np.isclose(rates, rates.max())
        hits.append(float(best[each.correct]) / int(best.sum()))
    return float(np.mean(hits))


def _text_keys(asked: Asked) -> list[Hashable]:
    draft = asked.draft
    # Without the colour of a coat, which is drawn independently of everything else.
    group = (draft.kind, draft.about[:1], draft.about[-1:])
    return [(*group, candidate) for candidate in asked.candidates]
