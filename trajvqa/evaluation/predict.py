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
from trajvqa.processes import ALONE, Processes

__all__ = ["autocast", "device_of", "device_of_model", "predict", "predict_scores", "read_batches"]

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


def device_of_model(model: torch.nn.Module) -> torch.device:
    """Return the device that a model is on; the CPU if it has no weights."""
    return next((each.device for each in (*model.parameters(), *model.buffers())), torch.device("cpu"))


def autocast(config: TrainingConfig, device: torch.device) -> torch.autocast:
    """Return the context in which the model runs: bfloat16 if the settings ask for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16")


def read_batches(data: QuestionBatches, rows: Sequence[NDArray[np.int64]], config: TrainingConfig) -> Iterable[Batch]:
    """Read the batches of the given rows in order, with ``config.workers`` processes."""
    sampler: Any = list(rows)
    return torch.utils.data.DataLoader(data, batch_size=None, sampler=sampler, num_workers=config.workers)


def predict_scores(
    model: torch.nn.Module, data: QuestionBatches, config: TrainingConfig, processes: Processes = ALONE
) -> NDArray[np.float32]:
    """Return scores (Q, C) of the questions' own candidates, computed on the model's device.

    Neither the data nor the model's training mode changes. Several processes share the batches of one and all have the
    scores of all: the same numbers as of one process that computes in the same way.

    Raises
    ------
    ValueError
        If a score is not finite.
    FailedElsewhere
        The same in other processes than the first; also if another process has ended.
    """
    data = data.without_negatives()
    device = device_of_model(model)
    rows = [np.arange(begin, min(begin + _BATCH_SIZE, len(data))) for begin in range(0, len(data), _BATCH_SIZE)]
    rows = rows[processes.rank :: processes.size]
    scores = np.zeros((len(data), data.questions.num_candidates), np.float32)
    with _evaluation_mode(model), torch.inference_mode(), autocast(config, device):
        for each, batch in zip(rows, read_batches(data, rows, config), strict=True):
            scores[each] = model(batch.to(device)).float().cpu().numpy()
    # Each question has a score in one process, and zeros in the others.
    scores = processes.sum(torch.from_numpy(scores)).numpy()
    bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(bad):
        key = data.questions.keys[bad[0]]
        raise processes.shared(
            ValueError(f"scores: found {scores[bad[0]].tolist()} for question {key}, expected finite numbers")
        )
    return scores


def predict(
    model: torch.nn.Module, data: QuestionBatches, config: TrainingConfig, processes: Processes = ALONE
) -> NDArray[np.int64]:
    """Return the index (Q,) of the candidate with the highest score of each question; the first of equal scores.

    Raises
    ------
    ValueError, FailedElsewhere
        As `predict_scores`.
    """
    chosen: NDArray[np.int64] = predict_scores(model, data, config, processes).argmax(axis=1).astype(np.int64)
    return chosen


@contextmanager
def _evaluation_mode(model: torch.nn.Module) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
