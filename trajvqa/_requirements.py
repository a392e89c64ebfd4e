"""Errors about missing packages of the extra ``vqa``."""

from __future__ import annotations

__all__ = ["explained"]

_PACKAGES = {"torch": "torch", "h5py": "h5py", "yaml": "PyYAML"}
"""Distribution names of the packages of the extra, by the name under which each is imported."""


def explained(error: ModuleNotFoundError) -> ImportError:
    """Return an error that says how to install the missing package; other packages leave the error as it is."""
    if error.name not in _PACKAGES:
        return error
    return ImportError(f"trajvqa needs {_PACKAGES[error.name]}; install it with: pip install 'trajtrack[vqa]'")
