"""Spans of time from attention: spread over moments of the video, then cut as in NExT-GQA's post-hoc grounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trajvqa.datasets.nextgqa import Span

__all__ = ["NUM_MOMENTS", "Moments", "attended_span", "equal_parts", "sampled_frames", "spread_over_time"]

NUM_MOMENTS = 32
"""Number of moments of a video unless their times are given; NExT-GQA samples as many frames."""

_EXCESS = 0.3
"""A moment belongs to the span if its attention exceeds the mean by at least this share of the mean."""
_DECAY = 10.0
"""Seconds from the peak at which attention counts half; past them, the first weak moment ends the search."""
_SHORTEST = 1e-6
"""Shortest share of the video that attention is spread over: something seen at one instant falls in one moment."""


@dataclass(frozen=True, eq=False)
class Moments:
    """T moments of a video, in seconds."""

    times: NDArray[np.float64]
    """(T,) times, ascending."""
    starts: NDArray[np.float64]
    """(T,) starts of what they stand for."""
    ends: NDArray[np.float64]
    """(T,) ends of what they stand for."""

    def __len__(self) -> int:
        return len(self.times)


def equal_parts(duration: float, count: int = NUM_MOMENTS) -> Moments:
    """Return equal parts of a video; the time of each is its middle."""
    edges = np.arange(count + 1) * duration / count
    return Moments((edges[:-1] + edges[1:]) / 2, edges[:-1], edges[1:])


def sampled_frames(times: NDArray[np.float64]) -> Moments:
    """Return the moments of frames at known times (T,), which stand for no more than their instant."""
    return Moments(times, times, times)


def spread_over_time(weights: NDArray[np.floating], spans: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """Spread weights evenly over the time in which each holds.

    Parameters
    ----------
    weights
        (K,) weights.
    spans
        (K, 2) start and end of each, as shares of the video.
    count
        Number T of equal parts of the video.

    Returns
    -------
    (T,) weight in each part; the sum is that of `weights`.
    """
    spans = spans.astype(np.float64)
    lengths = np.maximum(spans[:, 1] - spans[:, 0], _SHORTEST)
    starts = np.minimum(spans[:, 0], 1 - lengths)
    # Share of each span that is over at each edge of the parts.
    over = ((np.arange(count + 1)[:, None] / count - starts) / lengths).clip(0, 1)
    parts: NDArray[np.float64] = np.diff(over, axis=0) @ weights.astype(np.float64)
    return parts


def attended_span(attention: NDArray[np.float64], moments: Moments) -> Span:
    """Return the span of time that is attended to, by the rule of NExT-GQA's post-hoc grounding.

    Attention is scaled from its minimum and maximum to 0 and 1. The moment with the most is the peak. On either side,
    a moment belongs to the span if its attention, divided by ``1 + seconds from the peak / 10``, is at least 1.3 times
    the mean; beyond 10 seconds, the first moment that does not belong ends the search. The span goes from the first to
    the last moment that belongs, and may hold weaker ones. As in the published script, the first moment of the video
    never belongs unless it is the peak.

    Parameters
    ----------
    attention
        (T,) attention.
    moments
        T moments.

    Returns
    -------
    Start of the first and end of the last moment that belongs, in seconds.
    """
    low, high = attention.min(), attention.max()
    scaled = (attention - low) / (high - low + 1e-12)
    peak = int(scaled.argmax())
    distances = np.abs(moments.times - moments.times[peak])
    mean = scaled.mean()
    belongs = scaled / (1 + distances / _DECAY) >= mean + _EXCESS * mean
    ends = ~belongs & (distances > _DECAY)
    first = min(_until(range(peak - 1, 0, -1), belongs, ends), default=peak)
    last = max(_until(range(peak + 1, len(moments)), belongs, ends), default=peak)
    return float(moments.starts[first]), float(moments.ends[last])


def _until(indices: range, belongs: NDArray[np.bool_], ends: NDArray[np.bool_]) -> list[int]:
    """Return the indices that belong, before the first that ends the search."""
    found = []
    for index in indices:
        if ends[index]:
            break
        if belongs[index]:
            found.append(index)
    return found
