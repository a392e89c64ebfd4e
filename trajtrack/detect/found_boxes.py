"""The boxes of a video, frame after frame, in columns that grow."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from trajtrack.containers.label_naming import LabelNaming
from trajtrack.detect.detector import FrameBoxes
from trajtrack.detections import Detections

__all__ = ["DetectedVideo", "FoundBoxes"]


@dataclass(frozen=True, eq=False)
class DetectedVideo:
    """The detections of a video, and the frames that the detector has seen."""

    detections: Detections
    """Detections; frames are numbered as in the video."""
    frames: NDArray[np.int32]
    """(S,) frames that the detector has seen, ascending, also those without a box."""
    times: NDArray[np.float64]
    """(S,) their times in seconds since the first frame of the video."""


class FoundBoxes:
    """The boxes of the frames seen so far.

    A few columns, rather than arrays per frame, because small pieces of memory that live long, between images that come
    and go, would keep the memory of the images from being used again.
    """

    def __init__(self, names: Mapping[int, str] | None) -> None:
        self.names = names
        self.frames = array("i")
        self._times: list[Fraction] = []
        self._counts = array("i")
        self._boxes, self._scores, self._labels = array("f"), array("f"), array("i")
        self._naming = LabelNaming(names)

    def add(self, found: FrameBoxes) -> None:
        """Add the boxes of the next frame.

        Raises
        ------
        ValueError
            If classes are given in another way than before, or have other names.
        """
        count = len(found.scores)
        try:
            self._naming.learn(found.names.items())
            labels = self._naming.number(found.labels, count)
        except ValueError as error:
            raise ValueError(f"detector, frame {found.frame}: {error}") from error
        self.frames.append(found.frame)
        self._times.append(found.time)
        self._counts.append(count)
        self._boxes.frombytes(found.boxes.astype(np.float32).tobytes())
        self._scores.frombytes(found.scores.astype(np.float32).tobytes())
        numbers = np.zeros(count, np.intc) if labels is None else np.asarray(labels, np.intc)
        self._labels.frombytes(numbers.tobytes())

    def finish(self, num_frames: int) -> DetectedVideo:
        """Return the detections of a video of so many frames."""
        labels, label_names = self._naming.finish(np.array(self._labels, np.int32))
        frames = np.array(self.frames, np.int32)
        detections = Detections(
            np.array(self._boxes, np.float32).reshape(-1, 4),
            np.array(self._scores, np.float32),
            np.repeat(frames, np.array(self._counts, np.int64)),
            labels,
            num_frames,
            label_names=label_names,
        )
        return DetectedVideo(detections, frames, np.array([float(time) for time in self._times]))
