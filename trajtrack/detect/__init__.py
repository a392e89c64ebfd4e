"""Boxes and trajectories from the frames of a video: the protocol of detectors, and adapters for models.

``trajtrack.detect`` is the function, as ``import trajtrack`` has it; what is in this package is imported by
``from trajtrack.detect import Detector``.
"""

from __future__ import annotations

from trajtrack.decoding import Frame, FrameSource, Sampling, open_frames
from trajtrack.detect.detecting import detect
from trajtrack.detect.detector import Detector
from trajtrack.detect.onnx_config import OnnxConfig
from trajtrack.detect.onnx_models import OnnxDetector
from trajtrack.detect.tracking import track
from trajtrack.detect.transformers_models import TransformersDetector

__all__ = [
    "Detector",
    "Frame",
    "FrameSource",
    "OnnxConfig",
    "OnnxDetector",
    "Sampling",
    "TransformersDetector",
    "detect",
    "open_frames",
    "track",
]
