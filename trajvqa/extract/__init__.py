"""From video files to the features and trajectories that models read."""

from __future__ import annotations
