"""Per-frame object detections in, trajectories out: offline, class-aware, exact and deterministic."""

from __future__ import annotations

from trajtrack._core import __version__
from trajtrack.detections import Detections, concat
from trajtrack.exports import to_supervision
from trajtrack.ground_truth import GroundTruth, kitti_ground_truth, mot_ground_truth
from trajtrack.interop import attach_ids
from trajtrack.io import FORMATS, read, write
from trajtrack.linking import DeviceLinkGraph, LinkGraph, LinkOptions, link, link_graph
from trajtrack.many_videos import LinkedVideo, link_many
from trajtrack.metrics import Metrics, evaluate, evaluate_many
from trajtrack.scenes import Scene, SceneOptions, make_scene
from trajtrack.streaming import Linker, Settled
from trajtrack.trajectories import Reason, Trajectories, Trajectory
from trajtrack.view import draw
from trajtrack.viewer import Written, write_page, write_video

__all__ = [
    "FORMATS",
    "Detections",
    "DeviceLinkGraph",
    "GroundTruth",
    "LinkGraph",
    "LinkOptions",
    "LinkedVideo",
    "Linker",
    "Metrics",
    "Reason",
    "Scene",
    "SceneOptions",
    "Settled",
    "Trajectories",
    "Trajectory",
    "Written",
    "__version__",
    "attach_ids",
    "concat",
    "draw",
    "evaluate",
    "evaluate_many",
    "kitti_ground_truth",
    "link",
    "link_graph",
    "link_many",
    "make_scene",
    "mot_ground_truth",
    "read",
    "to_supervision",
    "write",
    "write_page",
    "write_video",
]
