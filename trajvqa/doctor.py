"""What is in a data folder, whether it fits together, and what can be run with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from trajvqa.config import STREAMS, ModelConfig
from trajvqa.data.file_reports import (
    FileReport,
    check_bert,
    check_frames,
    check_questions,
    check_trajectories,
    check_vocabulary,
    check_word_vectors,
)
from trajvqa.data.folder import SPLITS, find_files
from trajvqa.datasets.questions import Questions
from trajvqa.models import list_models, streams_of
from trajvqa.stores.frame_features import FrameFeatures
from trajvqa.stores.trajectories import TrajectoryStore

__all__ = ["Report", "Run", "SplitReport", "examine"]

_TEXTS: dict[str, tuple[str, ...]] = {"GloVe": (), "BERT": ("BERT features",)}
_SEEN: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {
    (): ("text alone", ()),
    ("frame",): ("clips", ("frame features",)),
    ("trajectory",): ("trajectories", ("trajectories",)),
    STREAMS: ("clips and trajectories", ("frame features", "trajectories")),
}
"""What a model may see: its name, and the files."""
_TRAINING_SPLITS = ("train", "val")


@dataclass(frozen=True)
class SplitReport:
    """The files of one split."""

    split: str
    """Its name."""
    files: tuple[FileReport, ...]
    """Questions, frame features, trajectories and BERT features."""

    @property
    def empty(self) -> bool:
        """Whether none of them is there."""
        return all(file.state == "absent" for file in self.files)

    def with_problem(self, path: Path, problem: str) -> SplitReport:
        """Return the report with one more problem of one of its files."""
        files = (
            replace(file, problems=(*file.problems, problem)) if file.path == path else file for file in self.files
        )
        return SplitReport(self.split, tuple(files))


@dataclass(frozen=True)
class Run:
    """Something that one may want to do with the data."""

    name: str
    """What it is: a model and what it reads."""
    missing: tuple[str, ...]
    """Files that it lacks, absent or broken ones."""

    @property
    def possible(self) -> bool:
        """Whether all is there."""
        return not self.missing


@dataclass(frozen=True)
class Report:
    """What was found out about a data folder."""

    folder: Path
    """The folder."""
    splits: tuple[SplitReport, ...]
    """Train, val and test."""
    shared: tuple[FileReport, ...]
    """Vocabulary and word vectors, which all splits share."""
    runs: tuple[Run, ...]
    """What can be run and what can not."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong; what is merely absent is not."""
        files = [*(file for split in self.splits for file in split.files), *self.shared]
        return tuple(problem for file in files for problem in file.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "folder": str(self.folder),
            "splits": {split.split: [_plain(file) for file in split.files] for split in self.splits},
            "shared": [_plain(file) for file in self.shared],
            "problems": list(self.problems),
            "runs": [{"name": run.name, "possible": run.possible, "missing": list(run.missing)} for run in self.runs],
        }


def examine(folder: str | os.PathLike[str]) -> Report:
    """Look at every file of a data folder.

    All frame and trajectory features are read once, to find numbers that are not finite; of BERT features some rows.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        When the folder is not there or is none. What is wrong within it goes into the report.
    """
    splits: list[SplitReport] = []
    questions: dict[str, Questions] = {}
    frames: dict[str, FrameFeatures] = {}
    stores: dict[str, TrajectoryStore] = {}
    for split in SPLITS:
        files = find_files(folder, split)
        asked, questions_report = check_questions(files.questions, split)
        features, frames_report = check_frames(files.frame_features, split, asked)
        store, store_report = check_trajectories(files.trajectories, split, asked)
        reports = (questions_report, frames_report, store_report, check_bert(files.bert, split, asked))
        splits.append(SplitReport(split, reports))
        questions |= {} if asked is None else {split: asked}
        frames |= {} if features is None else {split: features}
        stores |= {} if store is None else {split: store}
    for path, misfit in _misfits(frames, stores):
        splits = [split.with_problem(path, misfit) for split in splits]
    files = find_files(folder, SPLITS[0])
    vocabulary, vocabulary_report = check_vocabulary(files.vocabulary, questions.values())
    classes = {name for store in stores.values() for name in store.classes}
    vectors_report = check_word_vectors(files.word_vectors, vocabulary, questions.values(), sorted(classes))
    return Report(
        folder=Path(folder),
        splits=tuple(splits),
        shared=(vocabulary_report, vectors_report),
        runs=tuple(_runs(splits)),
    )


def _misfits(frames: Mapping[str, FrameFeatures], stores: Mapping[str, TrajectoryStore]) -> Iterator[tuple[Path, str]]:
    """Compare the files of the splits: a model that is trained on one must be able to read the others."""
    yield from _differences({each.path: f"{each.clips} clips of {each.size} numbers" for each in frames.values()})
    yield from _differences({each.path: f"features of {each.feature_size} numbers" for each in stores.values()})
    opened = list(stores.values())
    for store in opened[1:]:
        places = zip_longest(store.classes, opened[0].classes, fillvalue="no class")
        different = next(((place, *names) for place, names in enumerate(places) if names[0] != names[1]), None)
        if different is not None:
            place, found, expected = different
            yield store.path, f"{store.path}: class {place}: found {found}, expected {expected} as in {opened[0].path}"


def _differences(facts: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    for path, fact in list(facts.items())[1:]:
        first, expected = next(iter(facts.items()))
        if fact != expected:
            yield path, f"{path}: found {fact}, expected {expected} as in {first}"


def _runs(splits: Iterable[SplitReport]) -> Iterator[Run]:
    by_split = {split.split: {file.name: file for file in split.files} for split in splits}
    scored = [split for split, files in by_split.items() if files["questions"].state == "ok"]
    yield Run("scoring of predictions", () if scored else ("questions of any split",))
    for name, needed in _trainings():
        files = [by_split[split][each] for each in needed for split in _TRAINING_SPLITS]
        yield Run(
            name,
            tuple(
                file.expected if file.path is None else f"{file.path} (broken)" for file in files if file.state != "ok"
            ),
        )


def _trainings() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the models that see the same, and the files that they need."""
    for streams, (seen, files) in _SEEN.items():
        settings = ModelConfig(streams=streams or STREAMS)
        models = [name for name in list_models() if streams_of(name, settings) == streams]
        for text, text_files in _TEXTS.items():
            yield f"{seen} ({text}): {', '.join(models)}", ("questions", *files, *text_files)


def _plain(file: FileReport) -> dict[str, Any]:
    return {**asdict(file), "path": None if file.path is None else str(file.path), "state": file.state}
