"""Settings that must be in place before any of the libraries is imported."""

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
        # A GPU build of torchvision fails beside a CPU build of torch. Ultralytics needs only its version, and
        # Transformers works without it.
        sys.modules["torchvision"] = None


def pytest_unconfigure() -> None:
    _SETTINGS.cleanup()
