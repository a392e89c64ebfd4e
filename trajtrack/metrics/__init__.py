"""How good tracks are: HOTA, CLEAR and identity metrics against ground truth, under a benchmark's rules."""

from __future__ import annotations

from trajtrack.metrics.evaluate import Metrics, evaluate, evaluate_many
from trajtrack.metrics.ground_truth import GroundTruth, kitti_ground_truth, mot_ground_truth

__all__ = ["GroundTruth", "Metrics", "evaluate", "evaluate_many", "kitti_ground_truth", "mot_ground_truth"]
