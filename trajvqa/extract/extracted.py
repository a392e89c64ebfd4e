"""What is extracted from one video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections, FlowOptions, LinkOptions, Trajectories
from trajtrack.detect.found_boxes import DetectedVideo
from trajtrack.detect.tracking import link_detected
from trajvqa.ingest.tracks import ClassNames, TrackedVideo, from_linking
from trajvqa.stores import VideoTrajectories

__all__ = ["ExtractedVideo"]


@dataclass(frozen=True, eq=False)
class ExtractedVideo:
    """Facts, detections and features of a video."""

    video: str
    """ID: the name of the file without its suffix."""
    num_frames: int
    """Number of frames."""
    width: int
    """Width of the upright frames in pixels."""
    height: int
    """Height of the upright frames in pixels."""
    frame_rate: float
    """Average number of frames per second."""
    duration: float
    """Seconds from the first frame to the end of the last."""
    clips: NDArray[np.float32] | None
    """(N, D) features of clips, appearance before motion; None without a model."""
    appearance_size: int
    """Width of the part of the features of clips that shows appearance."""
    detected: DetectedVideo
    """Detections, and the frames that the detector has seen."""
    region_features: NDArray[np.float32] | None
    """(n, R) features of the detections; None if trajectories are described by geometry."""
    link: LinkOptions | FlowOptions
    """Options of linking."""

    @property
    def detections(self) -> Detections:
        """The n detections."""
        return self.detected.detections

    @cached_property
    def trajectories(self) -> Trajectories:
        """The linked detections."""
        return link_detected(self.detected, self.link)

    def as_trajectories(self, classes: Sequence[str]) -> VideoTrajectories:
        """Return the trajectories with features for a store.

        Features are averaged over the detections of each trajectory; its boxes are kept.

        Parameters
        ----------
        classes
            Class names in the order of the labels.

        Raises
        ------
        ValueError
            If the detector has found another class.
        """
        return self.tracked().as_video(ClassNames(classes), keep_boxes=True)

    def tracked(self) -> TrackedVideo:
        """Return the trajectories with labels as the detector numbers them."""
        return from_linking(self.video, self.trajectories, self.region_features, (self.width, self.height))
