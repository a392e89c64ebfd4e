"""Settings of the libraries, which must be made before any of them is imported."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile

_SETTINGS = tempfile.TemporaryDirectory(prefix="ultralytics")

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["YOLO_OFFLINE"] = "true"
os.environ["YOLO_CONFIG_DIR"] = _SETTINGS.name

if importlib.util.find_spec("torchvision") is not None:
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        # A torchvision for GPUs beside a torch for CPUs: Ultralytics needs only its version, and Transformers works
        # without it.
        sys.modules["torchvision"] = None


def pytest_unconfigure() -> None:
    _SETTINGS.cleanup()
