"""The span of time that a model attends to when it answers, for each question of a split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from trajvqa.config import Experiment
from trajvqa.data.batches import Batch, QuestionBatches
from trajvqa.datasets.nextgqa import Span
from trajvqa.evaluation.attended_spans import Moments, attended_span, spread_over_time
from trajvqa.evaluation.predict import autocast, device_of_model, read_batches
from trajvqa.models.explanation import Explaining, Explanation

__all__ = ["ATTENDED", "ground"]

ATTENDED = ("clips", "trajectories")
"""What a model may attend to."""

_BATCH_SIZE = 32


def ground(
    model: torch.nn.Module,
    data: QuestionBatches,
    experiment: Experiment,
    moments: Mapping[str, Moments],
    attended: str | None = None,
) -> dict[str, Span]:
    """Return the span of time behind the chosen answer of each question.

    The attention to a clip is spread over its part of the video, that to a trajectory over its lifetime. With both,
    their mean counts. `trajvqa.evaluation.attended_spans.attended_span` makes it a span. A model that attends to
    nothing of a video, such as to its trajectories if it has none, is given the whole video.

    Parameters
    ----------
    model
        A model in evaluation mode.
    data
        Questions, and what the model reads of their videos.
    experiment
        How the model was built, and how it runs.
    moments
        The moments of each video, by its ID. Questions about other videos are left out.
    attended
        One of `ATTENDED`; None for all that the model attends to.

    Returns
    -------
    Spans in seconds, by ``{video}_{qid}``.

    Raises
    ------
    ValueError
        If the model has no such attention. The message names it.
    """
    if attended not in (None, *ATTENDED):
        raise ValueError(f"attended: found {attended!r}, expected one of {', '.join(ATTENDED)}, or None")
    questions = data.questions
    spans = {}
    for batch, found in _explanations(model, data, experiment, moments):
        sources = _sources(found, batch)
        kinds = [kind for kind in sources if attended in (None, kind)]
        if not kinds:
            raise ValueError(_without(experiment.model, list(sources), attended))
        chosen = found.scores.argmax(dim=1).tolist()
        for place, (row, candidate) in enumerate(zip(batch.rows.tolist(), chosen, strict=True)):
            at = moments[questions.videos[row]]
            parts = [
                spread_over_time(weights[place, candidate], times[place], len(at))
                for weights, times in (sources[kind] for kind in kinds)
            ]
            spans[questions.keys[row]] = attended_span(_mean_of_shares(parts), at)
    return spans


def _explanations(
    model: torch.nn.Module, data: QuestionBatches, experiment: Experiment, videos: Mapping[str, object]
) -> Iterator[tuple[Batch, Explanation]]:
    """Yield batches of the questions about some videos, with what the model says about them."""
    if not isinstance(model, Explaining):
        raise ValueError(_without(experiment.model, [], None))
    rows = np.flatnonzero([video in videos for video in data.questions.videos])
    batches = [rows[begin : begin + _BATCH_SIZE] for begin in range(0, len(rows), _BATCH_SIZE)]
    device = device_of_model(model)
    with torch.inference_mode(), autocast(experiment.training, device):
        for batch in read_batches(data.without_negatives(), batches, experiment.training):
            yield batch, model.explain(batch.to(device))


def _sources(found: Explanation, batch: Batch) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return weights (B, C, K) and times (B, K, 2), as shares of the video, of each kind that is attended to."""
    sources = {}
    if found.clip_weights is not None:
        weights = found.clip_weights.double().cpu().numpy()
        edges = np.arange(weights.shape[-1] + 1) / weights.shape[-1]
        times = np.broadcast_to(np.stack([edges[:-1], edges[1:]], axis=1), (len(weights), weights.shape[-1], 2))
        sources["clips"] = (weights, times)
    if found.weights is not None:
        assert batch.trajectory_spans is not None
        sources["trajectories"] = (found.weights.double().cpu().numpy(), batch.trajectory_spans.double().numpy())
    return sources


def _mean_of_shares(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean of several distributions over time, each scaled to a sum of 1; zeros count as none at all."""
    shares = [part / part.sum() for part in parts if part.sum() > 0]
    mean: NDArray[np.float64] = np.mean(shares, axis=0) if shares else np.zeros_like(parts[0])
    return mean


def _without(model: str, kinds: list[str], attended: str | None) -> str:
    found = f"attention to {' and '.join(kinds)} alone" if kinds else "no attention to parts of the video"
    expected = attended or " or ".join(ATTENDED)
    return f"model {model!r}: found {found}, expected a model with attention to {expected}"
