"""Answers of a trained model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trajvqa.config import TrainingConfig
from trajvqa.data.batches import Batch, QuestionBatches

__all__ = ["autocast", "choices", "device_of", "read_batches", "scores_of"]


def device_of(config: TrainingConfig) -> torch.device:
    """Return the device that the settings ask for.

    Raises
    ------
    ValueError
        When it is CUDA and torch finds no device.
    """
    available = torch.cuda.is_available()
    if config.device == "cuda" and not available:
        raise ValueError("training.device: found 'cuda', but torch finds no CUDA device, expected 'cpu' or 'auto'")
    return torch.device("cuda" if available and config.device != "cpu" else "cpu")


def autocast(config: TrainingConfig, device: torch.device) -> torch.autocast:
    """Return the context in which the model runs: bfloat16 where the settings ask for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16")


def read_batches(data: QuestionBatches, rows: Sequence[NDArray[np.int64]], config: TrainingConfig) -> Iterable[Batch]:
    """Read the batches of the given rows, in their order, in as many processes as the settings say."""
    sampler: Any = list(rows)
    return torch.utils.data.DataLoader(data, batch_size=None, sampler=sampler, num_workers=config.workers)


def scores_of(model: torch.nn.Module, data: QuestionBatches, config: TrainingConfig) -> NDArray[np.float32]:
    """Return scores (Q, C) of the questions' own candidates, on the device on which the model is.

    Raises
    ------
    ValueError
        When a score is no finite number.
    """
    negatives, data.negatives = data.negatives, None
    device = next((each.device for each in (*model.parameters(), *model.buffers())), torch.device("cpu"))
    rows = [np.arange(begin, min(begin + _BATCH, len(data))) for begin in range(0, len(data), _BATCH)]
    found = []
    was_training = model.training
    model.eval()
    with torch.inference_mode(), autocast(config, device):
        for batch in read_batches(data, rows, config):
            found.append(model(batch.to(device)).float().cpu().numpy())
    model.train(was_training)
    data.negatives = negatives
    scores = np.concatenate(found)
    bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(bad):
        key = data.questions.keys[bad[0]]
        raise ValueError(f"scores: found {scores[bad[0]].tolist()} for question {key}, expected finite numbers")
    return scores


def choices(model: torch.nn.Module, data: QuestionBatches, config: TrainingConfig) -> NDArray[np.int64]:
    """Return the best candidate (Q,) of each question; the first where scores are equal."""
    chosen: NDArray[np.int64] = scores_of(model, data, config).argmax(axis=1).astype(np.int64)
    return chosen


_BATCH = 128
