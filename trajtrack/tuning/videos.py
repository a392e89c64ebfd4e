"""Videos with ground truth, linked and measured once for each set of options."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from trajtrack.arguments import TrajtrackWarning, warnings_about
from trajtrack.detections import Detections
from trajtrack.linking import count_threads, link
from trajtrack.many_videos import in_threads
from trajtrack.metrics import GroundTruth
from trajtrack.metrics.matching import Origin, Video
from trajtrack.metrics.scoring import Measured, Metric, Scorer
from trajtrack.tuning.searching import Options

__all__ = ["Linkings", "TuningVideo"]


@dataclass(frozen=True, eq=False)
class TuningVideo:
    """A video with ground truth."""

    detections: Detections
    """What is linked."""
    truth: Detections | GroundTruth
    """What is to be found."""
    origins: tuple[Origin, Origin]
    """Where the ground truth and the detections come from, for messages."""


class Linkings:
    """Links videos with many options, each video once with each.

    Parameters
    ----------
    videos
        The videos.
    defaults
        Options with which the videos are linked first, to check them.
    metric
        Metric of the scores.
    class_agnostic, classes
        As in `trajtrack.evaluate`.
    num_threads
        Number of linkings at a time; default: the number of cores. Results do not depend on it.
    on_progress
        Called after each linking.

    Raises
    ------
    ImportError, ValueError
        As `trajtrack.evaluate`.

    Warns
    -----
    TrajtrackWarning
        As `trajtrack.link` and `trajtrack.evaluate` about the videos linked with `defaults`; not about what is tried.
    """

    def __init__(
        self,
        videos: Sequence[TuningVideo],
        defaults: Options,
        metric: Metric = "hota",
        *,
        class_agnostic: bool = False,
        classes: Sequence[int | str] | None = None,
        num_threads: int | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.videos = tuple(videos)
        self._class_agnostic = class_agnostic
        self._threads = count_threads(num_threads)
        self._on_progress = on_progress
        self._measured: dict[tuple[Options, int], Measured] = {}
        self._scorer = Scorer(metric, [self._linked(defaults, number) for number in range(len(self.videos))], classes)

    def __len__(self) -> int:
        return len(self._measured)

    def score(self, options: Sequence[Options], numbers: Sequence[int]) -> list[float]:
        """Return the score of each of these options on the videos of these numbers together."""
        self._measure({(each, number): None for each in options for number in numbers})
        return [self.score_each([(each, number) for number in numbers]) for each in options]

    def score_each(self, pairs: Sequence[tuple[Options, int]]) -> float:
        """Return the score of videos together, each with its own options."""
        self._measure(dict.fromkeys(pairs))
        return self._scorer.score([self._measured[pair] for pair in pairs])

    def _measure(self, pairs: dict[tuple[Options, int], None]) -> None:
        missing = [pair for pair in pairs if pair not in self._measured]
        with warnings.catch_warnings():
            # Options that link nothing are among those that are tried.
            warnings.simplefilter("ignore", TrajtrackWarning)
            results = in_threads((partial(self._measure_one, *pair) for pair in missing), self._threads)
            for pair, measured in zip(missing, results, strict=True):
                self._measured[pair] = measured
                self._on_progress()

    def _measure_one(self, options: Options, number: int) -> Measured:
        return self._scorer.measure(self._linked(options, number))

    def _linked(self, options: Options, number: int) -> Video:
        video = self.videos[number]
        with warnings_about(video.origins[1].name):
            tracks = link(video.detections, options, num_threads=1)
        return Video.of(video.truth, tracks, self._class_agnostic, video.origins)
