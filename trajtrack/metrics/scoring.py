"""One metric of any set of videos, each of which is measured once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from trajtrack.metrics.evaluate import choose_labels, combine, import_trackeval
from trajtrack.metrics.matching import Video

__all__ = ["METRICS", "Measured", "Metric", "Scorer"]

Metric = Literal["hota", "mota", "idf1"]

_CLASSES = {"hota": ("HOTA", "HOTA"), "mota": ("CLEAR", "MOTA"), "idf1": ("Identity", "IDF1")}
"""Class of TrackEval and field of its result for each metric."""

METRICS: tuple[str, ...] = tuple(_CLASSES)

Measured = Mapping[int, Any]
"""What TrackEval's metric counts in a video, by label."""


class Scorer:
    """Measures videos by one metric, with the values of `trajtrack.evaluate_many`.

    Parameters
    ----------
    metric
        The metric.
    videos
        The videos with some tracks, which tell the classes.
    classes
        Classes to evaluate, as in `trajtrack.evaluate`.

    Raises
    ------
    ImportError, ValueError
        As `trajtrack.evaluate`.

    Warns
    -----
    TrajtrackWarning
        As `trajtrack.evaluate_many`.
    """

    def __init__(self, metric: Metric, videos: Sequence[Video], classes: Iterable[int | str] | None = None) -> None:
        kind, self._field = _CLASSES[metric]
        config = () if metric == "hota" else ({"PRINT_CONFIG": False},)
        self._measure = getattr(import_trackeval(), kind)(*config)
        labels = choose_labels(videos, classes)
        self._labels = None if classes is None else labels

    def measure(self, video: Video) -> Measured:
        """Return what counts in a video."""
        labels = sorted(video.labels) if self._labels is None else self._labels
        return {label: self._measure.eval_sequence(video.data(label)) for label in labels}

    def score(self, measured: Sequence[Measured]) -> float:
        """Return the metric of one or more videos together."""
        labels = sorted({label for own in measured for label in own})
        if not labels:
            return 0.0
        _, total = combine(self._measure, {label: [own[label] for own in measured if label in own] for label in labels})
        return float(np.mean(total[self._field]))
