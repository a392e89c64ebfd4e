"""Import of optional libraries in tests."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType

import pytest

__all__ = ["library"]


def library(name: str) -> ModuleType:
    """Import a library; if it is missing, skip the test module, or fail if TRAJ_REQUIRE_INTEROP=1."""
    with warnings.catch_warnings():
        # Warnings of libraries about one another on import are not ours to fix.
        warnings.simplefilter("ignore")
        if os.environ.get("TRAJ_REQUIRE_INTEROP") == "1":
            return importlib.import_module(name)
        return pytest.importorskip(name)
