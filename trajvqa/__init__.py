"""Multiple-choice questions about videos, answered from frames and trajectories."""

from __future__ import annotations

from trajvqa._requirements import raising_on_use as _raising_on_use

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

try:
    from trajvqa.config import Experiment, ModelConfig, NegativesConfig, TrainingConfig
    from trajvqa.data.batches import Inputs
    from trajvqa.experiments.files import list_experiments, list_tables, read_experiment, read_table
    from trajvqa.models import create_model, list_models
    from trajvqa.training.checkpoints import load_model
    from trajvqa.training.trainer import train
except ModuleNotFoundError as error:
    # Importing must not fail: the program reports a missing package in one line without a traceback.
    __getattr__ = _raising_on_use(error, __name__, __all__)
