"""Answering typed questions without a checkpoint, by the similarity of image and text."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trajtrack.arguments import TrajtrackWarning
from trajtrack.detect import Detector
from trajvqa.answering.asking import Answerer, SeenVideo, remembering
from trajvqa.config import Experiment, ModelConfig
from trajvqa.data.batches import Inputs
from trajvqa.data.splits import Schema
from trajvqa.extract import ExtractOptions, Extractor
from trajvqa.models import create_model
from trajvqa.text.encoders import open_text_encoder

__all__ = ["open_zero_shot"]


def open_zero_shot(
    image_text: str | os.PathLike[str],
    detector: Detector | str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    threads: int | None = None,
) -> Answerer:
    """Load an image-text model that answers by similarity, without training.

    Parameters
    ----------
    image_text
        Folder of the model, such as CLIP or SigLIP.
    detector
        Detector whose trajectories are compared too, with class names; None compares the clips alone.
    device, threads
        As for `trajvqa.answering.open_answerer`.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        If a model is missing or broken, or is not of that kind.
    """
    folder = Path(image_text)
    encoder = open_text_encoder(folder, device)
    regions = "geometry" if detector is None else str(folder)
    extractor = Extractor(
        ExtractOptions(detector or _nothing, appearance=folder, regions=regions, device=device, threads=threads)
    )
    classes = extractor.recipe.classes
    if detector is not None and classes is None:
        raise ValueError("detector: found one without class names, expected a model, or a function with `names`")
    streams = ("frame",) if detector is None else ("frame", "trajectory")
    settings = ModelConfig(text="bert", streams=streams, appearance_size=encoder.size)
    schema = Schema(
        text_size=encoder.size,
        frame_size=encoder.size,
        trajectory_size=None if detector is None else encoder.size,
        classes=None if detector is None else classes,
    )
    sizes = Inputs(text_size=schema.text_size, frame_size=schema.frame_size, trajectory_size=schema.trajectory_size)
    model = create_model("zero-shot", settings, sizes).eval()

    def read_video(path: str | os.PathLike[str]) -> SeenVideo:
        with warnings.catch_warnings():
            if detector is None:
                warnings.simplefilter("ignore", TrajtrackWarning)  # that nothing is detected
            return extractor.extract(path)

    experiment = Experiment(model="zero-shot", settings=settings)
    return Answerer(model, experiment, schema, remembering(read_video), encoder)


def _nothing(frames: list[NDArray[np.uint8]], /) -> list[None]:
    return [None] * len(frames)
