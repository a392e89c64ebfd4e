"""Per-frame object detections in, trajectories out: offline, class-aware, exact and deterministic."""

from __future__ import annotations

from trajtrack._core import __version__
from trajtrack.detections import Detections, concat
from trajtrack.io import FORMATS, read, write
from trajtrack.linking import LinkGraph, LinkOptions, link, link_graph
from trajtrack.trajectories import Reason, Trajectories, Trajectory

__all__ = [
    "FORMATS",
    "Detections",
    "LinkGraph",
    "LinkOptions",
    "Reason",
    "Trajectories",
    "Trajectory",
    "__version__",
    "concat",
    "link",
    "link_graph",
    "read",
    "write",
]
