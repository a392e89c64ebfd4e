"""The frames of a video file or of a folder of images, with their times."""

from __future__ import annotations

from trajtrack.decoding.frames import Frame, FrameSource
from trajtrack.decoding.opening import open_frames
from trajtrack.decoding.sampling import Sampling

__all__ = ["Frame", "FrameSource", "Sampling", "open_frames"]
