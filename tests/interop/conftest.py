"""Settings of the libraries, which have to stand before any of them is imported."""

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
        # A build for GPUs beside a torch without: Ultralytics asks for its version only, and Transformers goes without
        # where there is none.
        sys.modules["torchvision"] = None


def pytest_unconfigure() -> None:
    _SETTINGS.cleanup()
