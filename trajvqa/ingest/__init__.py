"""Building trajectory stores from trajtrack's results and from published tracklets."""

from __future__ import annotations

from trajvqa.ingest.build import SOURCES, BrokenVideo, BuildOptions, BuildReport, build_trajectories

__all__ = ["SOURCES", "BrokenVideo", "BuildOptions", "BuildReport", "build_trajectories"]
