"""What is said where a package is missing that the base install does not have."""

from __future__ import annotations

__all__ = ["explained"]

_PACKAGES = {"torch": "torch", "h5py": "h5py", "yaml": "PyYAML"}
"""Of the extra ``vqa``, by the name under which each is imported."""


def explained(error: ModuleNotFoundError) -> ImportError:
    """Return an error that says how to install the package; the same error where it is none of trajvqa's."""
    if error.name not in _PACKAGES:
        return error
    return ImportError(f"trajvqa needs {_PACKAGES[error.name]}; install it with: pip install 'trajtrack[vqa]'")
