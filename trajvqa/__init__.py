"""Multiple-choice questions about a video, answered from its frames and its trajectories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trajvqa._requirements import explained as _explained

try:
    from trajvqa.config import Experiment, ModelConfig, NegativesConfig, TrainingConfig
    from trajvqa.data.inputs import Inputs
    from trajvqa.experiments.files import list_experiments, list_tables, read_experiment, read_table
    from trajvqa.models import create_model, list_models
    from trajvqa.training.checkpoints import load_model
    from trajvqa.training.trainer import train
except ModuleNotFoundError as error:
    # The program has to start all the same, to say what is missing in a line without a traceback.
    _problem = _explained(error)

    if not TYPE_CHECKING:

        def __getattr__(name: str) -> Any:
            if name in __all__:
                raise _problem
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Experiment",
    "Inputs",
    "ModelConfig",
    "NegativesConfig",
    "TrainingConfig",
    "create_model",
    "list_experiments",
    "list_models",
    "list_tables",
    "load_model",
    "read_experiment",
    "read_table",
    "train",
]
