"""Per-frame object detections in, trajectories out: offline, class-aware, exact and deterministic."""

from __future__ import annotations

from trajtrack.attach import attach_ids
from trajtrack.detections import Detections, concat
from trajtrack.exports import to_supervision
from trajtrack.io import FORMATS, read, write
from trajtrack.linking import DeviceLinkGraph, LinkGraph, link, link_graph
from trajtrack.many_videos import LinkedVideo, link_many
from trajtrack.metrics import GroundTruth, Metrics, evaluate, evaluate_many, kitti_ground_truth, mot_ground_truth
from trajtrack.options import LinkOptions
from trajtrack.scenes import Scene, SceneOptions, make_scene
from trajtrack.streaming import Linker, StreamOutput
from trajtrack.trajectories import Reason, Trajectories, Trajectory
from trajtrack.version import __version__
from trajtrack.viewer import ViewSummary, write_page, write_video
from trajtrack.viewer.drawing import draw

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
    "StreamOutput",
    "Trajectories",
    "Trajectory",
    "ViewSummary",
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
