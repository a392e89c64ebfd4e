"""Run a detector over the frames of a video."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from trajtrack.arguments import as_path_name, warn
from trajtrack.columns import as_count, as_reals
from trajtrack.decoding import Frame, FrameSource, Sampling, open_frames
from trajtrack.detect.detector import Detector, DetectorSource, detect_in, names_of
from trajtrack.detect.found_boxes import DetectedVideo
from trajtrack.detect.journal import Journal
from trajtrack.detect.recipe import Recipe, recipe_of
from trajtrack.detect.sources import source_of
from trajtrack.detections import Detections
from trajtrack.printable import shown

__all__ = ["BATCH_SIZE", "DetectionRun", "Progress", "detect"]

BATCH_SIZE = 4
"""Default number of frames that a detector gets at a time."""

Progress = Callable[[int, int | None], None]
"""Called with the number of frames done and about how many there are, if known."""


@dataclass(frozen=True, eq=False)
class DetectionRun:
    """A detector and the frames to detect in, checked but not yet loaded."""

    video: FrameSource
    """The video."""
    source: DetectorSource
    """The detector."""
    sampling: Sampling
    """Which frames it sees."""
    min_score: float | None
    """Score from which on boxes are kept; None for all."""
    batch_size: int
    """Number of frames that it gets at a time."""
    device: str | None
    """Device that runs it; None for the best."""
    threads: int | None
    """Number of threads; None for the choice of the libraries."""

    @cached_property
    def recipe(self) -> Recipe:
        """What the detections depend on; the video and the model are read for it."""
        return recipe_of(self.video, self.source, self.sampling, self.min_score)

    def detect(self, journal: Journal, progress: Progress | None = None) -> DetectedVideo:
        """Detect in the frames that are not in the journal yet, and return the boxes of all."""
        reading = _Reading(self.video, self.sampling)
        chosen = iter(reading)
        for expected in list(journal.frames):
            frame = next(chosen, None)
            if frame is None or frame.index != expected:
                raise ValueError(
                    f"{journal.path}: found frame {expected}, which {self.video.path} does not have there, expected "
                    "unfinished detections of this video; remove the file"
                )
        total = self.sampling.count(self.video)
        # A model need not be loaded for a run that had only to be written.
        detector: Detector | None = None
        for batch in _batches(chosen, self.batch_size):
            if detector is None:
                detector = self.source.loaded(self.device, self.threads)
                journal.begin(names_of(detector))
            journal.add(detect_in(batch, detector, journal.names, self.min_score))
            if progress is not None:
                done = len(journal.frames)
                progress(done, None if total is None else max(total, done))
        reading.check()
        found = journal.finish(reading.num_frames)
        if len(found.detections) == 0:
            limit = "" if self.min_score is None else f" with a score of at least {self.min_score:g}"
            warn(f"{self.video.path}: found no box{limit} in {len(found.frames)} frames, expected some")
        return found


class _Reading(Iterable[Frame]):
    """The chosen frames of a video, and what is known after the last."""

    def __init__(self, video: FrameSource, sampling: Sampling) -> None:
        self.num_frames = 0
        self._video, self._sampling = video, sampling
        self._last = Fraction(0)
        self._is_at_end = self._is_empty = False

    def __iter__(self) -> Iterator[Frame]:
        self._is_empty = True
        for frame in self._sampling.choose(self._counted()):
            self._is_empty = False
            yield frame

    def _counted(self) -> Iterator[Frame]:
        end = self._sampling.end
        for frame in self._video.frames():
            if end is None or frame.time < end:
                self.num_frames = frame.index + 1
            self._last = frame.time
            yield frame
        self._is_at_end = True

    def check(self) -> None:
        """Warn of what was wrong with the video; raise ValueError if no frame was chosen."""
        if self._is_at_end:
            for problem in self._video.problems():
                warn(problem)
        if self._is_empty:
            raise ValueError(
                f"start: found {self._sampling.start or 0:g} s, expected the time of a frame of {self._video.path}, "
                f"whose last frame is at {float(self._last):.2f} s"
            )


def detect(
    video: str | os.PathLike[str],
    detector: Detector | str | os.PathLike[str],
    *,
    fps: float | None = None,
    start: float | None = None,
    end: float | None = None,
    frame_rate: float | None = None,
    min_score: float | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    threads: int | None = None,
    unfinished: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Detections:
    """Detect objects in the frames of a video.

    Memory holds the boxes of the video and one batch of frames.

    Parameters
    ----------
    video
        A video file of any container, whose frames are turned upright, or a folder of numbered ``.jpg`` and ``.png``
        images, the lowest of which is frame 0.
    detector
        A function from a list of (height, width, 3) RGB images to an entry per image, as `Detections.from_frames`
        takes them; its name, ``"module:function"`` or ``"file.py:function"``; a folder of Hugging Face Transformers
        with a model for object detection; or an ONNX file with a declaration beside it, ``model.json`` with the fields
        of `trajtrack.detect.OnnxConfig`. The network is never reached.
    fps
        Frames per second: of the instants ``1 / fps`` apart, the frame nearest to each. Default: every frame.
    start, end
        Seconds since the first frame: the first instant, and the time before which frames are taken.
    frame_rate
        Frames per second of a folder of images; default: 25.
    min_score
        Score below which boxes are dropped; default: 0.05 for models, none for functions.
    batch_size
        Number of images that the detector gets at a time.
    device
        Device of a model, such as ``"cpu"`` or ``"cuda:1"``; default: a GPU if there is one.
    threads
        Number of threads that decode and, if a model runs on the CPU, that run it, in the whole process; default: the
        choice of FFmpeg and torch. More than there are free cores are slow.
    unfinished
        File that keeps the boxes found so far. If a call is stopped, the next one with the same arguments goes on from
        it; in the end it is removed. Default: none.
    progress
        Called after each batch with the number of frames done and about how many there are, None if unknown.

    Returns
    -------
    Detections
        Frames are numbered as in the video, whether or not all of them were looked at; `trajtrack.detect.open_frames`
        tells their times. `trajtrack.track` links the frames that were looked at as successive ones.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid, the video or the detector cannot be read, or the detector returns something else.
    RuntimeError
        If the detector raises an exception.
    OSError
        If a file cannot be opened or written.
    ImportError
        If a library is not installed; the message says how to install it.

    Warns
    -----
    TrajtrackWarning
        If the video ends earlier than its container says, frames are damaged, or nothing is detected.
    """
    run = prepare(
        video,
        detector,
        fps=fps,
        start=start,
        end=end,
        frame_rate=frame_rate,
        min_score=min_score,
        batch_size=batch_size,
        device=device,
        threads=threads,
    )
    with open_journal(run, unfinished) as journal:
        found = run.detect(journal, progress)
        journal.remove()
    return found.detections


def prepare(
    video: str | os.PathLike[str],
    detector: Detector | DetectorSource | str | os.PathLike[str],
    *,
    fps: float | None = None,
    start: float | None = None,
    end: float | None = None,
    frame_rate: float | None = None,
    min_score: float | None = None,
    batch_size: int = BATCH_SIZE,
    device: str | None = None,
    threads: int | None = None,
) -> DetectionRun:
    """Check the arguments of `detect`, and open the video."""
    sampling = Sampling(fps, start, end)
    batch_size = as_count("batch_size", batch_size, minimum=1)
    if threads is not None:
        threads = as_count("threads", threads, minimum=1, maximum=1024)
    if min_score is not None and not np.isfinite(as_reals("min_score", [min_score], ndim=1)).all():
        raise ValueError(f"min_score: found {shown(min_score)}, expected a finite number")
    source = detector if isinstance(detector, DetectorSource) else source_of(detector)
    return DetectionRun(
        open_frames(video, frame_rate=frame_rate, threads=threads),
        source,
        sampling,
        source.min_score if min_score is None else min_score,
        batch_size,
        device,
        threads,
    )


def open_journal(run: DetectionRun, path: str | os.PathLike[str] | None) -> Journal:
    """Open the journal of a run, or one in memory."""
    if path is None:
        return Journal(None, None)
    return Journal(Path(as_path_name(path)), run.recipe)


def _batches(frames: Iterator[Frame], size: int) -> Iterator[list[Frame]]:
    while batch := list(islice(frames, size)):
        yield batch
