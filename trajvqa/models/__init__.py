"""Registry of the models by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import nn

from trajvqa.config import STREAMS, ModelConfig
from trajvqa.data.batches import Inputs
from trajvqa.models.co_mem import CoMem
from trajvqa.models.evqa import Evqa
from trajvqa.models.hcrn import Hcrn
from trajvqa.models.hga import Hga
from trajvqa.models.hme import Hme
from trajvqa.models.hqgau import HqGau
from trajvqa.models.l_gcn import LGcn
from trajvqa.models.psac import Psac
from trajvqa.models.random_choice import RandomChoice
from trajvqa.models.st_vqa import StVqa
from trajvqa.models.text_only import TextOnly
from trajvqa.models.trajectory import TrajectoryModel
from trajvqa.models.zero_shot import ZeroShot

__all__ = ["create_model", "list_models", "streams_of", "texts_of"]


@dataclass(frozen=True)
class _Model:
    build: Callable[[ModelConfig, Inputs], nn.Module]
    streams: Callable[[ModelConfig], tuple[str, ...]]
    """Streams that the model reads with these settings."""
    texts: tuple[str, ...] = ("glove", "bert")
    """Kinds of text that the model reads."""


def _nothing(config: ModelConfig) -> tuple[str, ...]:
    return ()


def _clips(config: ModelConfig) -> tuple[str, ...]:
    return ("frame",)


def _chosen(config: ModelConfig) -> tuple[str, ...]:
    return tuple(stream for stream in STREAMS if stream in config.used_streams)


def _clips_and_trajectories(config: ModelConfig) -> tuple[str, ...]:
    return STREAMS


def _regions(config: ModelConfig) -> tuple[str, ...]:
    return ("region",)


_MODELS = {
    "co-mem": _Model(CoMem, _clips),
    "evqa": _Model(Evqa, _clips),
    "hcrn": _Model(Hcrn, _clips),
    "hga": _Model(Hga, _clips),
    "hme": _Model(Hme, _clips),
    "hq-gau": _Model(HqGau, _regions),
    "l-gcn": _Model(LGcn, _clips_and_trajectories),
    "psac": _Model(Psac, _clips),
    "random": _Model(RandomChoice, _nothing),
    "st-vqa": _Model(StVqa, _clips),
    "text-only": _Model(TextOnly, _nothing),
    "trajectory": _Model(TrajectoryModel, _chosen),
    "zero-shot": _Model(ZeroShot, _chosen, texts=("image-text",)),
}


def list_models() -> list[str]:
    """Return the names of all models."""
    return sorted(_MODELS)


def create_model(name: str, config: ModelConfig, inputs: Inputs) -> nn.Module:
    """Build a model.

    Parameters
    ----------
    name
        One of `list_models`.
    config
        How it is built.
    inputs
        Sizes and word vectors of the data.

    Returns
    -------
    A module that returns scores (B, C) for a `trajvqa.data.batches.Batch`.

    Raises
    ------
    ValueError
        If there is no model of that name, or if the data lack what it needs.
    """
    if inputs.appearance_size is not None:
        config = replace(config, appearance_size=inputs.appearance_size)
    return _model(name).build(config, inputs)


def streams_of(name: str, config: ModelConfig) -> tuple[str, ...]:
    """Return the streams of the video that a model reads.

    Raises
    ------
    ValueError
        If there is no model of that name.
    """
    return _model(name).streams(config)


def texts_of(name: str) -> tuple[str, ...]:
    """Return the kinds of text that a model reads.

    "glove" and "bert" are those of `ModelConfig.text`; "image-text" are embeddings in place of BERT features.

    Raises
    ------
    ValueError
        If there is no model of that name.
    """
    return _model(name).texts


def _model(name: str) -> _Model:
    if name not in _MODELS:
        raise ValueError(f"model: found {name!r}, expected one of {', '.join(list_models())}")
    return _MODELS[name]
