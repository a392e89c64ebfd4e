"""The libraries that these tests are about."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType

import pytest

__all__ = ["library"]


def library(name: str) -> ModuleType:
    """Import a library; where it is missing skip the module, or fail where TRAJ_REQUIRE_INTEROP=1."""
    with warnings.catch_warnings():
        # What libraries say of one another when they are imported is no fault of ours.
        warnings.simplefilter("ignore")
        if os.environ.get("TRAJ_REQUIRE_INTEROP") == "1":
            return importlib.import_module(name)
        return pytest.importorskip(name)
