"""Opening the splits of a data folder for an experiment."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch

from trajtrack.arguments import TrajtrackWarning
from trajtrack.printable import shown
from trajvqa.config import Experiment
from trajvqa.data.batches import Inputs, QueryText, QuestionBatches
from trajvqa.data.folder import (
    BERT,
    FRAME_APPEARANCE,
    FRAME_FEATURES,
    MOTION,
    QUESTIONS,
    REGIONS,
    TRAJECTORIES,
    DataFiles,
    FileKind,
    find_files,
)
from trajvqa.data.queries import BertQueries, WordQueries, query_tokens
from trajvqa.data.regions import RegionStream
from trajvqa.datasets.nextqa import read_questions
from trajvqa.datasets.questions import NUM_CANDIDATES, Questions
from trajvqa.stores import BertFeatures, open_frame_features, open_region_features, open_trajectories
from trajvqa.stores.many_files import Clips, TrajectoriesInFiles
from trajvqa.text import (
    SPECIAL_WORDS,
    Vocabulary,
    initial_word_vectors,
    label_vectors,
    label_words,
    read_vocabulary,
    read_word_vectors,
)

__all__ = ["Schema", "inputs_of", "open_split", "schema_of"]


_REGION_SIZES = ("region_size", "region_appearance_size", "region_motion_size")
"""Fields of `Schema` and of `Inputs` that describe regions."""
_SIZES = ("text_size", "frame_size", "appearance_size", "trajectory_size", "segment_clips", *_REGION_SIZES)
_MAX_SIZE = 1 << 20


@dataclass(frozen=True)
class Schema:
    """Properties of the data that a model was built for; it can read any data with the same schema."""

    vocabulary: tuple[str, ...] | None = None
    """Words in the order of their IDs, or None if the text is given as features."""
    text_size: int | None = None
    """Width of text features, or None if the text is given as words."""
    frame_size: int | None = None
    """Width of a clip's features, or None if they are not used."""
    appearance_size: int | None = None
    """Width of the part of a clip's features that shows appearance, or None if the file does not say it."""
    trajectory_size: int | None = None
    """Width of a trajectory's features, or None if they are not used."""
    classes: tuple[str, ...] | None = None
    """Class names of trajectories, or None if they are not used."""
    segment_clips: int | None = None
    """Number of clips at whose borders trajectories are cut into segments, or None if they are whole."""
    region_size: int | None = None
    """Width of a region's features, or None if regions are not used."""
    region_appearance_size: int | None = None
    """Width of the appearance of a frame with regions, or None if regions are not used."""
    region_motion_size: int | None = None
    """Width of the motion of a clip with regions, or None if regions are not used."""

    @property
    def sizes(self) -> dict[str, int | None]:
        """The numbers among the fields, which `Inputs` has under the same names."""
        return {name: getattr(self, name) for name in _SIZES}

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as plain values, for checkpoints."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Schema:
        """Return the schema from the result of `to_dict`.

        Raises
        ------
        ValueError
            If it is none. The message names the field.
        """
        names = [field.name for field in fields(Schema)]
        if not isinstance(values, dict) or not values.keys() <= {*names}:
            raise ValueError(f"found {shown(values)}, expected the fields {', '.join(names)}")
        content: dict[str, Any] = {}
        for name, value in values.items():
            if name in _SIZES and not (value is None or (type(value) is int and 0 < value <= _MAX_SIZE)):
                raise ValueError(f"{name}: found {shown(value)}, expected a width of at most {_MAX_SIZE}, or None")
            is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
            if name not in _SIZES and not (value is None or is_list):
                raise ValueError(f"{name}: found {shown(value)}, expected a list of texts, or None")
            content[name] = tuple(value) if isinstance(value, list) else value
        return Schema(**content)


def schema_of(folder: str | os.PathLike[str], experiment: Experiment, streams: Collection[str]) -> Schema:
    """Return the schema of the training split of a folder.

    Parameters
    ----------
    folder
        The data folder.
    experiment
        The experiment to run.
    streams
        Streams of its model: any of "frame", "trajectory" and "region".

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing or broken, naming the file.
    """
    files = find_files(folder, "train")
    questions = _questions(files, folder, "train")
    frames = _frames(files, folder, "train") if "frame" in streams else None
    trajectories = _trajectories(files, folder, "train") if "trajectory" in streams else None
    regions = _regions(files, folder, "train", experiment) if "region" in streams else None
    vocabulary = text_size = None
    if experiment.settings.text == "glove":
        vocabulary = _vocabulary(files, questions).words
    else:
        text_size = _bert(files, folder, "train", questions).size
    return Schema(
        vocabulary=vocabulary,
        text_size=text_size,
        frame_size=None if frames is None else frames.size,
        appearance_size=None if frames is None else frames.appearance_size,
        trajectory_size=None if trajectories is None else trajectories.feature_size,
        classes=None if trajectories is None else trajectories.classes,
        segment_clips=None if trajectories is None else trajectories.clips,
        **({} if regions is None else _region_sizes(regions)),
    )


def inputs_of(folder: str | os.PathLike[str] | None, schema: Schema, experiment: Experiment) -> Inputs:
    """Return the sizes and initial word vectors that a model is built from.

    Words without a vector in the folder's file get random vectors that depend only on the word and the seed.

    Parameters
    ----------
    folder
        The data folder, or None if the vectors will be loaded from a checkpoint.
    schema
        Schema of the data.
    experiment
        The experiment to run.
    """
    path = None if folder is None else find_files(folder, "train").word_vectors
    size, seed = experiment.settings.word_size, experiment.training.seed
    words, classes = schema.vocabulary, schema.classes
    wanted = _known_words(words, classes)
    known = {} if path is None else read_word_vectors(path, wanted)
    if path is not None and wanted and not known:
        text = f"{path}: found a vector of none of the {len(wanted)} words; all start from random vectors"
        warnings.warn(text, TrajtrackWarning, stacklevel=2)
    for vector in known.values():
        if len(vector) != size:
            raise ValueError(f"{path}: found vectors of {len(vector)} numbers, expected {size} as settings.word_size")
    return Inputs(
        word_vectors=None if words is None else torch.from_numpy(initial_word_vectors(words, known, size, seed)),
        label_vectors=None if classes is None else torch.from_numpy(label_vectors(classes, known, size, seed)),
        **schema.sizes,
    )


def open_split(
    folder: str | os.PathLike[str], split: str, experiment: Experiment, schema: Schema, require_answers: bool = True
) -> QuestionBatches:
    """Open a split and check its files completely: shapes, IDs and numbers; `read_questions` explains the answers.

    Raises
    ------
    FileNotFoundError, ValueError
        The message names the file, the field, what was found and what was expected.
    """
    files = find_files(folder, split)
    questions = _questions(files, folder, split, require_answers)
    frames = trajectories = None
    if schema.frame_size is not None:
        frames = _frames(files, folder, split)
        _check_equal(files.frame_features, "feat: size of a clip", frames.size, schema.frame_size)
        if schema.appearance_size is not None and frames.appearance_size is not None:
            _check_equal(files.frame_features, "appearance_size", frames.appearance_size, schema.appearance_size)
        frames.require(questions.videos)
        frames.check_finite()
    if schema.trajectory_size is not None:
        trajectories = _trajectories(files, folder, split)
        _check_equal(files.trajectories, "feat: size", trajectories.feature_size, schema.trajectory_size)
        _check_classes(files.trajectories, trajectories.classes, schema.classes or ())
        _check_equal(files.trajectories, "attribute clips", trajectories.clips, schema.segment_clips)
        trajectories.require(questions.videos)
        trajectories.check_finite()
    regions = None
    if schema.region_size is not None:
        regions = _regions(files, folder, split, experiment)
        paths = (files.regions, files.frame_appearance or files.frame_features, files.motion or files.frame_features)
        for (name, found), path in zip(_region_sizes(regions).items(), paths, strict=True):
            _check_equal(path, name, found, getattr(schema, name))
        regions.require(questions.videos)
        regions.check_finite()
    text: QueryText
    if schema.vocabulary is not None:
        text = WordQueries(questions, Vocabulary(schema.vocabulary), experiment.settings.max_words)
    else:
        features = _bert(files, folder, split, questions)
        _check_equal(files.bert, "feat: size of a word", features.size, schema.text_size)
        features.check_finite()
        text = BertQueries(questions, features, experiment.settings.max_words, experiment.settings.mean_question)
    return QuestionBatches(questions, text, frames, trajectories, experiment.settings.max_trajectories, regions)


def _questions(files: DataFiles, folder: str | os.PathLike[str], split: str, require_answers: bool = True) -> Questions:
    return read_questions(_existing(files.questions, QUESTIONS, folder, split), require_answers)


def _frames(files: DataFiles, folder: str | os.PathLike[str], split: str) -> Clips:
    return open_frame_features(_existing(files.frame_features, FRAME_FEATURES, folder, split))


def _trajectories(files: DataFiles, folder: str | os.PathLike[str], split: str) -> TrajectoriesInFiles:
    return open_trajectories(_existing(files.trajectories, TRAJECTORIES, folder, split))


def _regions(files: DataFiles, folder: str | os.PathLike[str], split: str, experiment: Experiment) -> RegionStream:
    """Return the regions with appearance and motion: of HQGA's two files, or of the clips if both are missing."""
    regions = open_region_features(_existing(files.regions, REGIONS, folder, split))
    if files.frame_appearance is not None or files.motion is not None:
        appearance = open_frame_features(_existing(files.frame_appearance, FRAME_APPEARANCE, folder, split))
        return RegionStream(regions, appearance, open_frame_features(_existing(files.motion, MOTION, folder, split)), 0)
    clips = _frames(files, folder, split)
    return RegionStream(regions, clips, None, clips.appearance_size or experiment.settings.appearance_size)


def _region_sizes(regions: RegionStream) -> dict[str, int]:
    sizes = (regions.regions.size, regions.appearance_size, regions.motion_size)
    return dict(zip(_REGION_SIZES, sizes, strict=True))


def _bert(files: DataFiles, folder: str | os.PathLike[str], split: str, questions: Questions) -> BertFeatures:
    path = _existing(files.bert, BERT, folder, split)
    features = BertFeatures(path, len(questions), questions.source)
    if features.candidates != NUM_CANDIDATES:
        raise ValueError(f"{path}: feat: found {features.candidates} candidates a question, expected {NUM_CANDIDATES}")
    return features


def _existing(path: Path | None, kind: FileKind, folder: str | os.PathLike[str], split: str) -> Path:
    if path is None:
        raise FileNotFoundError(
            f"{os.fspath(folder)}: found no {kind.expected(split)}; 'trajvqa doctor' lists the files that are there"
        )
    return path


def _check_equal(path: Path | None, field: str, found: object, expected: object) -> None:
    if found != expected:
        raise ValueError(f"{path}: {field}: found {found}, expected {expected} as in the training data")


def _check_classes(path: Path | None, found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Raise ValueError about the first class that differs; there may be hundreds."""
    for row, (name, wanted) in enumerate(zip_longest(found, expected)):
        if name != wanted:
            texts = ["none" if each is None else shown(each) for each in (name, wanted)]
            raise ValueError(
                f"{path}: classes, row {row}: found {texts[0]}, expected {texts[1]} as in the training data"
            )


def _vocabulary(files: DataFiles, questions: Questions) -> Vocabulary:
    if files.vocabulary is not None:
        return read_vocabulary(files.vocabulary)
    texts = [*questions.questions, *(text for candidates in questions.candidates for text in candidates)]
    return Vocabulary.from_tokens(query_tokens(text) for text in texts)


def _known_words(words: tuple[str, ...] | None, classes: tuple[str, ...] | None) -> set[str]:
    wanted = set(words or ()) - set(SPECIAL_WORDS)
    for name in classes or ():
        wanted.update(label_words(name))
    return wanted
