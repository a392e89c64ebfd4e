"""Multiple-choice questions about videos, answered from frames and trajectories."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from trajvqa._requirements import explained

if TYPE_CHECKING:
    from trajvqa.answering import Answer, answer
    from trajvqa.config import Experiment, ModelConfig, NegativesConfig, TrainingConfig
    from trajvqa.data.batches import Inputs
    from trajvqa.experiments.files import list_experiments, list_tables, read_experiment, read_table
    from trajvqa.extract import ExtractedVideo, ExtractOptions, Extractor, Recipe
    from trajvqa.models import create_model, list_models
    from trajvqa.training.checkpoints import load_model
    from trajvqa.training.trainer import train

__all__ = [
    "Answer",
    "Experiment",
    "ExtractOptions",
    "ExtractedVideo",
    "Extractor",
    "Inputs",
    "ModelConfig",
    "NegativesConfig",
    "Recipe",
    "TrainingConfig",
    "answer",
    "create_model",
    "list_experiments",
    "list_models",
    "list_tables",
    "load_model",
    "read_experiment",
    "read_table",
    "train",
]

_MODULES = {
    "trajvqa.answering": ("Answer", "answer"),
    "trajvqa.config": ("Experiment", "ModelConfig", "NegativesConfig", "TrainingConfig"),
    "trajvqa.data.batches": ("Inputs",),
    "trajvqa.experiments.files": ("list_experiments", "list_tables", "read_experiment", "read_table"),
    "trajvqa.extract": ("ExtractOptions", "ExtractedVideo", "Extractor", "Recipe"),
    "trajvqa.models": ("create_model", "list_models"),
    "trajvqa.training.checkpoints": ("load_model",),
    "trajvqa.training.trainer": ("train",),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is used: the program's help needs no packages, and a missing one is explained."""
    for module, names in _MODULES.items():
        if name in names:
            try:
                return getattr(importlib.import_module(module), name)
            except ModuleNotFoundError as error:
                raise explained(error) from error
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
