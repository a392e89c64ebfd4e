"""The models, by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from trajvqa.config import STREAMS, ModelConfig
from trajvqa.models.inputs import Inputs
from trajvqa.models.random_choice import RandomChoice
from trajvqa.models.text_only import TextOnly
from trajvqa.models.trajectory import TrajectoryModel

__all__ = ["Inputs", "create_model", "list_models", "streams_of"]

_MODELS: dict[str, Callable[[ModelConfig, Inputs], nn.Module]] = {
    "random": RandomChoice,
    "text-only": TextOnly,
    "trajectory": TrajectoryModel,
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
        What the data look like.

    Returns
    -------
    A module that gives scores (B, C) for a `trajvqa.batches.Batch`.

    Raises
    ------
    ValueError
        When there is no model of that name, or when the data lack what it needs.
    """
    _check(name)
    return _MODELS[name](config, inputs)


def streams_of(name: str, config: ModelConfig) -> tuple[str, ...]:
    """Return what a model sees of the video.

    Raises
    ------
    ValueError
        When there is no model of that name.
    """
    _check(name)
    return tuple(stream for stream in STREAMS if name == "trajectory" and stream in config.used_streams)


def _check(name: str) -> None:
    if name not in _MODELS:
        raise ValueError(f"model: found {name!r}, expected one of {', '.join(list_models())}")
