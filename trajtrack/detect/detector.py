"""What a detector is, and how its output for a frame is read."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trajtrack.containers import container_of
from trajtrack.containers.label_naming import label_words
from trajtrack.decoding import Frame
from trajtrack.detections import Detections
from trajtrack.printable import shown

__all__ = ["Detector", "DetectorSource", "FrameBoxes", "detect_in"]


class Detector(Protocol):
    """A function from frames to the boxes in each.

    It may have the attribute `names`: class names by label, or in the order of the labels.
    """

    def __call__(self, frames: list[NDArray[np.uint8]], /) -> Sequence[Any]:
        """Return an entry for each frame.

        Parameters
        ----------
        frames
            (height, width, 3) red, green and blue values of successive frames of one video.

        Returns
        -------
        Entries as `Detections.from_frames` takes them: mappings with ``boxes`` (corners in pixels), ``scores`` and
        optionally ``labels`` (numbers or names), arrays of 5 or 6 columns, None, or the objects of many libraries.
        """


class DetectorSource(ABC):
    """Where a detector comes from, known before it is loaded."""

    name: str
    """How the user calls it."""
    min_score: float | None
    """Score below which its boxes are dropped if the user says nothing; None keeps all."""

    _loaded: Detector | None = None

    @abstractmethod
    def recipe(self) -> dict[str, Any]:
        """Return what tells this detector from others, without loading it."""

    @abstractmethod
    def load(self, device: str | None, threads: int | None) -> Detector:
        """Load the detector.

        Parameters
        ----------
        device
            Device that runs it; None for the best.
        threads
            Number of threads; None for the library's own choice.
        """

    def loaded(self, device: str | None, threads: int | None) -> Detector:
        """Return the detector, loaded at the first call."""
        if self._loaded is None:
            self._loaded = self.load(device, threads)
        return self._loaded


@dataclass(frozen=True, eq=False)
class FrameBoxes:
    """The boxes that a detector has found in one frame."""

    frame: int
    """Number of the frame in the video."""
    time: Fraction
    """Seconds since the first frame."""
    boxes: NDArray[np.float32]
    """(n, 4) corners in pixels."""
    scores: NDArray[np.float32]
    """(n,) scores."""
    labels: list[int] | list[str] | None
    """Class numbers or names; None if the detector has no classes."""
    names: Mapping[int, str]
    """Class names that came with the boxes."""


def detect_in(
    frames: Sequence[Frame], detector: Detector, names: Mapping[int, str] | None, min_score: float | None
) -> list[FrameBoxes]:
    """Run a detector on successive frames, and check what it returns.

    Raises
    ------
    RuntimeError
        If the detector raises an exception.
    ValueError, TypeError
        If its output is invalid, naming the frame.
    """
    place = f"frame {frames[0].index}" if len(frames) == 1 else f"frames {frames[0].index} to {frames[-1].index}"
    images = [frame.pixels() for frame in frames]
    try:
        entries: Any = detector(images)
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        raise RuntimeError(
            f"detector, {place}: found {type(error).__name__}: {error} ({Path(line.filename).name}, line {line.lineno})"
        ) from error
    if not isinstance(entries, Sequence) or isinstance(entries, str | bytes):
        raise TypeError(f"detector, {place}: found {type(entries).__name__}, expected a list with an entry per frame")
    if len(entries) != len(frames):
        raise ValueError(f"detector, {place}: found {len(entries)} entries, expected one for each of {len(frames)}")
    return [_read(frame, entry, names, min_score) for frame, entry in zip(frames, entries, strict=True)]


def names_of(detector: Detector) -> Mapping[int, str] | None:
    """Return the class names of a detector by label; None if it does not have them.

    Raises
    ------
    TypeError
        If they are neither a mapping nor a list of names.
    """
    names = getattr(detector, "names", None)
    if names is None or isinstance(names, Mapping):
        return names
    if isinstance(names, Sequence) and not isinstance(names, str):
        return dict(enumerate(names))
    raise TypeError(f"detector.names: found {shown(names)}, expected names by label or a list of names")


def _read(frame: Frame, entry: Any, names: Mapping[int, str] | None, min_score: float | None) -> FrameBoxes:
    try:
        found = Detections.from_frames([entry], label_names=names)
        given = container_of(entry).columns(entry).labels
    except (ValueError, TypeError) as error:
        message = str(error).removeprefix("frames, entry 0: ")
        raise type(error)(f"detector, frame {frame.index}: {message}") from error
    words = label_words(given) if names is None else None
    labels: Any = None if given is None else found.labels.tolist() if words is None else words
    kept = np.full(len(found), True) if min_score is None else found.scores >= min_score
    if labels is not None:
        labels = [label for label, keep in zip(labels, kept.tolist(), strict=True) if keep]
    return FrameBoxes(
        frame=frame.index,
        time=frame.time,
        boxes=found.boxes[kept],
        scores=found.scores[kept],
        labels=labels,
        names={} if words is not None or names is not None else dict(found.label_names),
    )
