"""The options of linking by minimum-cost flow, and the constants of the method."""

from __future__ import annotations

from dataclasses import dataclass

from trajtrack.option_fields import check_options, count, flag
from trajtrack.options import LARGEST_COUNT, Rescore, min_score_option, rescore_option

__all__ = ["FlowConstants", "FlowOptions"]


@dataclass(frozen=True)
class FlowOptions:
    """Options of linking by minimum-cost flow. None has to be set.

    Raises
    ------
    ValueError, TypeError
        If an option is invalid; the message names it, what was found and what was expected.
    """

    min_score: float = min_score_option()
    calibrate: bool = flag(
        True,
        "Whether the confidence of a detection is estimated from how long detections of its score persist; if not, "
        "scores are taken as probabilities.",
    )
    class_agnostic: bool = flag(False, "Whether boxes of different labels may be linked.")
    smooth: bool = flag(True, "Whether the boxes of a trajectory are smoothed; if not, they are the detector's.")
    min_length: int = count(1, 1, LARGEST_COUNT, "Minimum number of detections of a trajectory.")
    rescore: Rescore = rescore_option()

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True)
class FlowConstants:
    """The constants of the method. They were chosen once, on all data sets of docs/results/raw-detections.md together.

    Lengths are in units of a box's size, the square root of its area; times are in frames.
    """

    # Proposals: detections before non-maximum suppression.
    proposal_overlap: float = 0.7
    """Overlap with a better box of its frame and label above which a detection is redundant."""
    proposal_share: float = 0.15
    """Share of redundant detections above which the detections are proposals."""
    proposal_weight: float = 100.0
    """Number of detections added to them that are not redundant, so that a few do not decide."""
    suppression_overlap: float = 0.5
    """Overlap with a better box above which a proposal is suppressed."""

    # Calibration of scores.
    chain_overlap: float = 0.15
    """Minimum overlap of boxes that are chained to measure how long detections persist."""
    chain_distance: int = 5
    """Maximum number of frames between two successive boxes of a chain."""
    chain_motion: int = 3
    """Number of past links from which a chain's motion is measured."""
    window: int = 12
    """Half width of the window in which the boxes of a detection's chain are counted; a fifteenth of shorter videos."""
    least_window: int = 4
    """Minimum half width, except in videos of fewer than three times as many frames."""
    top_share: float = 0.1
    """Share of the detections, those with the highest scores, that are assumed to be correct."""
    top_count: float = 100.0
    """Minimum number of these detections."""
    top_failures: float = 0.07
    """Share of these detections that may persist for less than the required number of boxes."""
    top_score: float = 0.8
    """Scores of a label are raised in proportion if the typical one of this share is lower."""
    top_score_least: float = 0.7
    top_score_most: float = 0.9
    """Bounds of the same where scores cannot be calibrated: it is then the share of these detections that persist, as a
    part of `plateau`, and at most so in videos too short to tell."""
    occupied: float = 0.4
    """Minimum share of the window's frames in which the chain must have boxes."""
    plateau: float = 0.9
    """Minimum share of persistent detections that counts as certainty."""
    label_weight: float = 200.0
    """Number of detections of a label that count as much as all labels together."""
    score_share: float = 0.7
    """Weight of the detector's score in the confidence, if all scores are in [0, 1] and there are many detections."""
    score_weight: float = 100.0
    """Number of detections at which that weight is halfway to 1, and the typical score of a label counts half."""

    # Confidence.
    high: float = 0.6
    """Minimum confidence of a node of the flow."""
    low: float = 0.3
    """Minimum confidence of a detection that fills a gap or extends a trajectory."""
    value_cap: float = 3.0
    """Maximum absolute value of a node: its log odds."""
    end_cost: float = 2.0
    """Cost of the start and of the end of a trajectory."""
    evidence: float = 10.0
    """Minimum sum of the values of a trajectory's nodes."""
    evidence_share: float = 0.1
    """Minimum sum per frame of the video, if that is less."""

    # Motion: standard deviations before anything has been measured, and factors on what is measured.
    position_noise: float = 0.03
    acceleration: float = 0.02
    speed: float = 0.15
    size_noise: float = 0.06
    size_drift: float = 0.04
    position_factor: float = 9.0
    acceleration_factor: float = 3.0
    speed_factor: float = 8.0
    size_factor: float = 9.0
    size_drift_factor: float = 3.0
    scale_step: float = 4.0
    """Factor between the standard deviations of motion that are tried before anything has been measured."""
    lag: int = 5
    """Frames over which slow changes are measured."""
    prior_weight: float = 30.0
    """Number of measurements that count as much as the standard deviations above."""

    # Links.
    tail: float = 5.0
    """Degrees of freedom of Student's t."""
    chance: float = -1.0
    """Log density of a detection that is there by chance."""
    gate: float = 4.0
    """Maximum deviation of a linked position, in standard deviations."""
    skip_cost: float = 0.1
    """Cost of each skipped frame of a link by likelihood."""
    overlap_gain: float = 10.0
    """Gain per overlap above `min_overlap` of a link by overlap."""
    min_overlap: float = 0.3
    overlap_skip_cost: float = 0.5
    """Cost of each skipped frame of a link by overlap."""
    buffer: float = 2.0
    """Standard deviations of the predicted position by which boxes of neighbouring frames are enlarged on each side."""
    distance: int = 5
    """Maximum number of frames of a link by overlap."""
    long_deviation: float = 0.08
    """Standard deviation of an interpolated position at which a gap is half as long as the longest long link."""
    candidates: int = 8
    """Maximum number of links from a node to the nodes of one frame, those of the greatest gains."""
    longest: int = 60
    """Maximum number of frames of a long link."""

    # Camera.
    camera_links: int = 8
    """Minimum number of links from which the camera's shift is measured."""
    camera_spread: float = 0.12
    """Maximum interquartile range of their displacements, in median heights."""

    # Output.
    fill_overlap: float = 0.5
    """Minimum overlap of a detection that fills a gap or extends a trajectory."""
    size_memory: float = 0.7
    """Share of the old size when a trajectory is extended by a box."""
    bandwidth: float = 1.0
    """Factor on the standard deviation of the smoothing window."""
