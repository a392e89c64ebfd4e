"""Trajectories to look at: a page for the browser, or a video with the boxes drawn in."""

from __future__ import annotations

from trajtrack.viewer.annotation import write_video
from trajtrack.viewer.page import write_page
from trajtrack.viewer.written import Written

__all__ = ["Written", "write_page", "write_video"]
