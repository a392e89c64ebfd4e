"""Examine a data folder: its files, whether they are consistent, and what can be run with them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
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
    check_regions,
    check_trajectories,
    check_vocabulary,
    check_word_vectors,
)
from trajvqa.data.folder import BERT, FRAME_FEATURES, QUESTIONS, REGIONS, SPLITS, TRAJECTORIES, FileKind, find_files
from trajvqa.datasets.questions import Questions
from trajvqa.models import list_models, streams_of, texts_of
from trajvqa.stores.many_files import Clips, TrajectoriesInFiles

__all__ = ["Report", "Run", "SplitReport", "examine"]

_EMBEDDINGS = "image-text"
_TEXTS: dict[str, tuple[str, tuple[FileKind, ...]]] = {
    "glove": ("GloVe", ()),
    "bert": ("BERT", (BERT,)),
    _EMBEDDINGS: ("embeddings of one image-text model", (BERT,)),
}
"""Kinds of text: how reports call them, and the files that they need."""
_STREAMS: dict[tuple[str, ...], tuple[str, tuple[FileKind, ...]]] = {
    (): ("text alone", ()),
    ("frame",): ("clips", (FRAME_FEATURES,)),
    ("trajectory",): ("trajectories", (TRAJECTORIES,)),
    ("region",): ("regions and clips", (REGIONS, FRAME_FEATURES)),
    STREAMS: ("clips and trajectories", (FRAME_FEATURES, TRAJECTORIES)),
}
"""Streams of a model: how reports call them, and the files that they need."""
_TRAINING_SPLITS = ("train", "val")
_LARGE = 10_000
"""Number of questions from which on models of the paper's size are worth their time; NExT-QA has 34,132."""


@dataclass(frozen=True)
class SplitReport:
    """Reports about the files of one split."""

    split: str
    """Name of the split."""
    files: tuple[FileReport, ...]
    """Reports about questions, frame features, trajectories, regions and BERT features."""

    @property
    def empty(self) -> bool:
        """Whether the split has no files."""
        return all(file.state == "absent" for file in self.files)

    def with_problem(self, path: Path, problem: str) -> SplitReport:
        """Return the report with a problem added to the file at `path`."""
        files = (
            replace(file, problems=(*file.problems, problem)) if file.path == path else file for file in self.files
        )
        return SplitReport(self.split, tuple(files))


@dataclass(frozen=True)
class Run:
    """Something to run on the data, such as training a model."""

    name: str
    """Name of the run: models and what they read."""
    missing: tuple[str, ...]
    """Required files that are absent or broken."""

    @property
    def possible(self) -> bool:
        """Whether no required file is missing."""
        return not self.missing


@dataclass(frozen=True)
class Report:
    """Report about a data folder."""

    folder: Path
    """Path of the folder."""
    splits: tuple[SplitReport, ...]
    """Reports about train, val and test."""
    shared: tuple[FileReport, ...]
    """Reports about the vocabulary and the word vectors, which all splits share."""
    runs: tuple[Run, ...]
    """All runs, possible or not."""
    training_questions: int = 0
    """Number of questions of the training split."""
    embedded: bool = False
    """Whether the text features of the training split are one embedding of each candidate, not of its words."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Problems of all files; an absent file is not a problem."""
        files = [*(file for split in self.splits for file in split.files), *self.shared]
        return tuple(problem for file in files for problem in file.problems)

    @property
    def next_command(self) -> str:
        """The command to type next; capitals stand for what only the user knows."""
        again = f"trajvqa doctor {self.folder}"
        if self.problems:
            return f"replace the broken files, then {again}"
        present = {
            split.split: {file.name for file in split.files if file.state == "ok"}
            for split in self.splits
            if split.split in _TRAINING_SPLITS
        }
        for split, names in present.items():
            if QUESTIONS.name not in names:
                return f"put NExT-QA's {QUESTIONS.expected(split)} into {self.folder}, then {again}"
        for split, names in present.items():
            models = ["--detector FOLDER"] * (TRAJECTORIES.name not in names)
            if FRAME_FEATURES.name not in names:
                models = ["--detector FOLDER", "--appearance FOLDER", "--motion FOLDER"]
            if models:
                questions = self.folder / QUESTIONS.expected(split)
                return (
                    f"trajvqa extract VIDEOS -o {self.folder} --split {split} --questions {questions} "
                    f"{' '.join(models)}"
                )
        if all(BERT.name in names for names in present.values()):
            experiment = "nextqa/zero-shot" if self.embedded else "nextqa/bert-qa"
        else:
            experiment = "nextqa/glove-both" if self.training_questions >= _LARGE else "small/both"
        return f"trajvqa train {experiment} --data {self.folder} -o run"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {
            "folder": str(self.folder),
            "splits": {split.split: [_plain(file) for file in split.files] for split in self.splits},
            "shared": [_plain(file) for file in self.shared],
            "problems": list(self.problems),
            "runs": [{"name": run.name, "possible": run.possible, "missing": list(run.missing)} for run in self.runs],
            "next": self.next_command,
        }


def examine(folder: str | os.PathLike[str]) -> Report:
    """Examine every file of a data folder.

    All frame and trajectory features, and a sample of the BERT features, are read once to find NaN and infinity.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If the folder does not exist or is not a folder. Problems of its files go into the report.
    """
    splits: list[SplitReport] = []
    questions: dict[str, Questions] = {}
    frames: dict[str, Clips] = {}
    stores: dict[str, TrajectoriesInFiles] = {}
    with_levels: set[str] = set()
    embedded: set[str] = set()
    for split in SPLITS:
        files = find_files(folder, split)
        if files.frame_appearance is not None and files.motion is not None:
            with_levels.add(split)
        split_questions, questions_report = check_questions(files.questions, split)
        features, frames_report = check_frames(files.frame_features, split, split_questions)
        store, store_report = check_trajectories(files.trajectories, split, split_questions)
        regions_report = check_regions(files.regions, split, split_questions)
        text, text_report = check_bert(files.bert, split, split_questions)
        if text is not None and text.words == 1:
            embedded.add(split)
        splits.append(SplitReport(split, (questions_report, frames_report, store_report, regions_report, text_report)))
        questions |= {} if split_questions is None else {split: split_questions}
        frames |= {} if features is None else {split: features}
        stores |= {} if store is None else {split: store}
    for path, problem in _inconsistencies(frames, stores):
        splits = [split.with_problem(path, problem) for split in splits]
    files = find_files(folder, SPLITS[0])
    vocabulary, vocabulary_report = check_vocabulary(files.vocabulary, questions.values())
    classes = {name for store in stores.values() for name in store.classes}
    vectors_report = check_word_vectors(files.word_vectors, vocabulary, questions.values(), sorted(classes))
    return Report(
        folder=Path(folder),
        splits=tuple(splits),
        shared=(vocabulary_report, vectors_report),
        runs=tuple(_runs(splits, with_levels, embedded)),
        training_questions=len(questions[SPLITS[0]]) if SPLITS[0] in questions else 0,
        embedded=SPLITS[0] in embedded,
    )


def _inconsistencies(
    frames: Mapping[str, Clips], stores: Mapping[str, TrajectoriesInFiles]
) -> Iterator[tuple[Path, str]]:
    """Yield differences between splits that would keep a model trained on one from reading another."""
    yield from _differences({each.path: f"{each.clips} clips of {each.size} numbers" for each in frames.values()})
    yield from _differences({each.path: f"features of {each.feature_size} numbers" for each in stores.values()})
    yield from _differences({each.path: _cut(each) for each in stores.values()})
    opened = list(stores.values())
    for store in opened[1:]:
        pairs = enumerate(zip_longest(store.classes, opened[0].classes, fillvalue="no class"))
        different = next(((index, *names) for index, names in pairs if names[0] != names[1]), None)
        if different is not None:
            index, found, expected = different
            yield store.path, f"{store.path}: class {index}: found {found}, expected {expected} as in {opened[0].path}"


def _cut(store: TrajectoriesInFiles) -> str:
    if store.clips is None:
        return "whole trajectories"
    return f"{'segments' if store.segmented else 'pieces'} of trajectories cut at the borders of {store.clips} clips"


def _differences(descriptions: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    for path, description in list(descriptions.items())[1:]:
        first, expected = next(iter(descriptions.items()))
        if description != expected:
            yield path, f"{path}: found {description}, expected {expected} as in {first}"


def _runs(splits: Iterable[SplitReport], with_levels: Collection[str], embedded: Collection[str]) -> Iterator[Run]:
    """Yield what can be run.

    Regions of splits `with_levels` need no clips, having HQGA's appearance and motion; the text features of splits
    `embedded` are one embedding of each candidate.
    """
    by_split = {split.split: {file.name: file for file in split.files} for split in splits}
    has_questions = any(files[QUESTIONS.name].state == "ok" for files in by_split.values())
    yield Run("scoring of predictions", () if has_questions else ("questions of any split",))
    for name, text, kinds in _trainings():
        missing = []
        for kind in kinds:
            for split in _TRAINING_SPLITS:
                file = by_split[split][kind.name]
                if kind is FRAME_FEATURES and REGIONS in kinds and split in with_levels:
                    continue
                if file.path is None:
                    missing.append(file.expected)
                elif file.state == "broken":
                    missing.append(f"{file.path} (broken)")
                elif kind is BERT and text == _EMBEDDINGS and split not in embedded:
                    missing.append(f"{file.path} (of words; needs one embedding of each candidate)")
        yield Run(name, tuple(missing))


def _trainings() -> Iterator[tuple[str, str, tuple[FileKind, ...]]]:
    """Yield groups of models that read the same streams, their kind of text, and the kinds of files that they need."""
    for streams, (description, kinds) in _STREAMS.items():
        settings = ModelConfig(streams=tuple(name for name in streams if name in STREAMS) or STREAMS)
        models = [name for name in list_models() if streams_of(name, settings) == streams]
        for text, (text_name, text_kinds) in _TEXTS.items():
            readers = [name for name in models if text in texts_of(name)]
            if readers:
                yield f"{description} ({text_name}): {', '.join(readers)}", text, (QUESTIONS, *kinds, *text_kinds)


def _plain(file: FileReport) -> dict[str, Any]:
    return {**asdict(file), "path": None if file.path is None else str(file.path), "state": file.state}
