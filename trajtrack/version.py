"""The one place of the version: the build, both packages and their command lines read it here."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
