"""Multiple-choice questions about a video, answered from its frames and its trajectories."""

from __future__ import annotations

try:
    import torch as _torch
except ImportError as error:
    raise ImportError("trajvqa needs torch; install it with: pip install 'trajtrack[vqa]'") from error

from trajvqa.checkpoints import load_model
from trajvqa.config import Experiment, ModelConfig, NegativesConfig, TrainingConfig
from trajvqa.experiment_files import list_experiments, list_tables, read_experiment, read_table
from trajvqa.models import Inputs, create_model, list_models
from trajvqa.training import train

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

del _torch
