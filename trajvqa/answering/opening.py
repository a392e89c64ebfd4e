"""Opening a checkpoint to answer typed questions about video files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from trajtrack.arguments import TrajtrackWarning
from trajvqa.answering.asking import Answerer, ReadVideo, SeenVideo, remembering
from trajvqa.answering.explained import Answer
from trajvqa.extract.extracting import Extractor, text_record
from trajvqa.extract.recipe import ModelRecord, Recipe
from trajvqa.text.encoders import TextEncoder, open_text_encoder
from trajvqa.training.checkpoints import load_model
from trajvqa.training.recipes import kinds_read

__all__ = ["answer", "open_answerer"]


def open_answerer(
    checkpoint: str | os.PathLike[str],
    *,
    folders: Mapping[str, str] | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> Answerer:
    """Load a trained model, and what extracts the features that it reads from video files and text.

    Parameters
    ----------
    checkpoint
        ``best.pt`` of a run on data that `trajvqa extract` has made.
    folders
        Where models of the recipe lie now, by their name in it: ``detector``, ``appearance``, ``motion``, ``regions``
        and ``text``. Default: where they were.
    device
        Device of torch for these models, such as ``"cuda"``; default: a GPU if there is one.
    threads
        Number of threads of torch, in the whole process; default: torch's own choice.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        If the checkpoint or a model is missing or broken, if a model is another one than that of the training data, or
        if the training data do not say how they were made.
    """
    model, found = load_model(checkpoint)
    kinds = kinds_read(found.experiment)
    if "region" in kinds:
        raise ValueError(
            f"{os.fspath(checkpoint)}: found model {found.experiment.model}, expected one that reads no regions: they "
            "cannot be extracted from a video here"
        )
    if kinds and found.recipe is None:
        raise ValueError(
            f"{os.fspath(checkpoint)}: found no recipe of its training data, such as published features, expected one, "
            "because a new video must be seen as they were; make data with 'trajvqa extract' and train on them"
        )
    given = dict(folders or {})
    read_video = encoder = None
    if found.recipe is not None:
        if found.experiment.settings.text == "bert":
            encoder = _text_encoder(found.recipe, given.pop("text", None), checkpoint, device)
        if "frame" in kinds or "trajectory" in kinds:
            read_video = remembering(_extraction(found.recipe, kinds, given, checkpoint, device, threads))
    return Answerer(model, found.experiment, found.schema, read_video, encoder)


def answer(
    video: str | os.PathLike[str],
    question: str,
    candidates: Sequence[str],
    checkpoint: str | os.PathLike[str],
    *,
    folders: Mapping[str, str] | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> Answer:
    """Answer a typed question about a video file.

    Parameters
    ----------
    video
        Video file.
    question
        The question.
    candidates
        At least two possible answers; the number in training does not matter.
    checkpoint, folders, device, threads
        As for `trajvqa.answering.open_answerer`.

    Returns
    -------
    Answer
        Scores of the candidates, and the trajectories and words that decided.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        As `trajvqa.answering.open_answerer`, and if the question is unfit or the video cannot be read.
    """
    opened = open_answerer(checkpoint, folders=folders, device=device, threads=threads)
    found, _ = opened.ask(video, question, candidates)
    return found


def _text_encoder(
    recipe: Recipe, folder: str | None, checkpoint: str | os.PathLike[str], device: str | None
) -> TextEncoder:
    """Return the encoder of text that made the text features of the training data."""
    if recipe.text is None:
        raise ValueError(
            f"{os.fspath(checkpoint)}: found text features of an unknown model, expected those of 'trajvqa extract "
            "--text FOLDER'"
        )
    path = Path(folder or recipe.text.path)
    if not text_record(path).is_same(recipe.text):
        raise ValueError(
            f"{path}: found another text model than {recipe.text.path}, which encoded the training data of "
            f"{os.fspath(checkpoint)}, expected the same files"
        )
    return open_text_encoder(path, device)


def _extraction(
    recipe: Recipe,
    kinds: Collection[str],
    folders: Mapping[str, str],
    checkpoint: str | os.PathLike[str],
    device: str | None,
    threads: int | None,
) -> ReadVideo:
    """Return what extracts the kinds of data that a model reads, as those of the recipe were."""
    folders = _places(recipe, folders, kinds, checkpoint)
    only = [name for name, kind in (("clips", "frame"), ("trajectories", "trajectory")) if kind in kinds]
    try:
        extractor = Extractor.from_recipe(recipe, folders=folders, device=device, threads=threads, only=only)
    except ValueError as error:
        raise ValueError(f"{os.fspath(checkpoint)}: recipe of the training data: {error}") from error

    def read_video(path: str | os.PathLike[str]) -> SeenVideo:
        with warnings.catch_warnings():
            if "trajectories" not in only:
                warnings.simplefilter("ignore", TrajtrackWarning)  # that nothing is detected
            return extractor.extract(path)

    return read_video


def _places(
    recipe: Recipe, given: Mapping[str, str], kinds: Collection[str], checkpoint: str | os.PathLike[str]
) -> dict[str, str]:
    """Return the given folders, and that of the appearance model for regions if it describes them.

    Raises
    ------
    ValueError
        If the folder of a model that is needed is not there.
    """
    places = dict(given)
    same = isinstance(recipe.regions, ModelRecord) and recipe.regions.is_same(recipe.appearance)
    if same and "appearance" in places:
        places.setdefault("regions", places["appearance"])
    needed = {"frame": ("appearance", "motion"), "trajectory": ("detector", "regions")}
    for name in (name for kind, names in needed.items() if kind in kinds for name in names):
        record = getattr(recipe, name)
        if not isinstance(record, ModelRecord) or record.identity.get("kind") != "transformers":
            continue
        folder = places.get(name, record.path)
        if not os.path.isdir(folder):
            raise ValueError(
                f"{name}: found no folder {folder}, expected the model of the training data of "
                f"{os.fspath(checkpoint)}; --{name} FOLDER, or folders={{{name!r}: FOLDER}}, says where it lies now"
            )
    return places
