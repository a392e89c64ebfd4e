"""Link per-frame object detections into trajectories: offline, class-aware, exact and deterministic."""

from __future__ import annotations

# isort: off

# Input: the detections of a video
from trajtrack.detections import Detections, concat

# Linking: a whole video, many videos, a stream
from trajtrack.arguments import TrajtrackWarning
from trajtrack.options import LinkOptions
from trajtrack.flow_options import FlowOptions
from trajtrack.linking import DeviceLinkGraph, LinkGraph, link, link_graph
from trajtrack.many_videos import LinkedVideo, link_many
from trajtrack.table_linking import link_table
from trajtrack.streaming import Linker, StreamOutput

# Output: trajectories, and their IDs in the detector's own containers
from trajtrack.trajectories import Reason, Trajectories, Trajectory
from trajtrack.attach import attach_ids

# Video: a detector over its frames, and the trajectories of what it finds. This names the function `detect`, not the
# package, whose other names are imported by `from trajtrack.detect import ...`.
from trajtrack.detect import detect, track

# Files: readers and writers of dataset formats
from trajtrack.io import FORMATS, read, write

# Metrics: evaluation against ground truth
from trajtrack.metrics import GroundTruth, Metrics, evaluate, evaluate_many
from trajtrack.metrics import kitti_ground_truth, mot_ground_truth, visdrone_ground_truth

# Synthetic scenes with known ground truth
from trajtrack.scenes import Scene, SceneOptions, make_scene

# Viewing: images, pages and videos
from trajtrack.viewer import ViewSummary, write_page, write_video
from trajtrack.viewer.drawing import draw

# Exports to other tools; the rest are in trajtrack.exports
from trajtrack.exports import to_supervision

from trajtrack.version import __version__

# isort: on

__all__ = [
    "FORMATS",
    "Detections",
    "DeviceLinkGraph",
    "FlowOptions",
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
    "TrajtrackWarning",
    "ViewSummary",
    "__version__",
    "attach_ids",
    "concat",
    "detect",
    "draw",
    "evaluate",
    "evaluate_many",
    "kitti_ground_truth",
    "link",
    "link_graph",
    "link_many",
    "link_table",
    "make_scene",
    "mot_ground_truth",
    "read",
    "to_supervision",
    "track",
    "visdrone_ground_truth",
    "write",
    "write_page",
    "write_video",
]
