"""Evaluation of tracks: HOTA, CLEAR and identity metrics against ground truth, with the rules of benchmarks."""

from __future__ import annotations

from trajtrack.metrics.curves import draw_hota
from trajtrack.metrics.evaluate import HotaCurves, Metrics, evaluate, evaluate_many
from trajtrack.metrics.ground_truth import GroundTruth, kitti_ground_truth, mot_ground_truth, visdrone_ground_truth

__all__ = [
    "GroundTruth",
    "HotaCurves",
    "Metrics",
    "draw_hota",
    "evaluate",
    "evaluate_many",
    "kitti_ground_truth",
    "mot_ground_truth",
    "visdrone_ground_truth",
]
