"""Predictions of a trained model, and the device and precision that it runs with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trajvqa.config import TrainingConfig
from trajvqa.data.batches import Batch, QuestionBatches

__all__ = ["autocast", "device_of", "predict", "predict_scores", "read_batches"]

_BATCH_SIZE = 128


def device_of(config: TrainingConfig) -> torch.device:
    """Return the device that the settings ask for.

    Raises
    ------
    ValueError
        If it is CUDA and torch finds no device.
    """
    available = torch.cuda.is_available()
    if config.device == "cuda" and not available:
        raise ValueError("training.device: found 'cuda', but torch finds no CUDA device, expected 'cpu' or 'auto'")
    return torch.device("cuda" if available and config.device != "cpu" else "cpu")


def autocast(config: TrainingConfig, device: torch.device) -> torch.autocast:
    """Return the context in which the model runs: bfloat16 if the settings ask for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16")


def read_batches(data: QuestionBatches, rows: Sequence[NDArray[np.int64]], config: TrainingConfig) -> Iterable[Batch]:
    """Read the batches of the given rows in order, with ``config.workers`` processes."""
    sampler: Any = list(rows)
    return torch.utils.data.DataLoader(data, batch_size=None, sampler=sampler, num_workers=config.workers)


def predict_scores(model: torch.nn.Module, data: QuestionBatches, config: TrainingConfig) -> NDArray[np.float32]:
    """Return scores (Q, C) of the questions' own candidates, computed on the model's device.

    Neither the data nor the model's training mode changes.

    Raises
    ------
    ValueError
        If a score is not finite.
    """
    data = data.without_negatives()
    device = next((each.device for each in (*model.parameters(), *model.buffers())), torch.device("cpu"))
    rows = [np.arange(begin, min(begin + _BATCH_SIZE, len(data))) for begin in range(0, len(data), _BATCH_SIZE)]
    found = []
    with _evaluation_mode(model), torch.inference_mode(), autocast(config, device):
        for batch in read_batches(data, rows, config):
            found.append(model(batch.to(device)).float().cpu().numpy())
    scores = np.concatenate(found)
    bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(bad):
        key = data.questions.keys[bad[0]]
        raise ValueError(f"scores: found {scores[bad[0]].tolist()} for question {key}, expected finite numbers")
    return scores


def predict(model: torch.nn.Module, data: QuestionBatches, config: TrainingConfig) -> NDArray[np.int64]:
    """Return the index (Q,) of the candidate with the highest score of each question; the first of equal scores.

    Raises
    ------
    ValueError
        If a score is not finite.
    """
    chosen: NDArray[np.int64] = predict_scores(model, data, config).argmax(axis=1).astype(np.int64)
    return chosen


@contextmanager
def _evaluation_mode(model: torch.nn.Module) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
