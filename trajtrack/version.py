"""The version, read from here by the build, both packages and their command lines."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
